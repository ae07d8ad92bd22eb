// Validate the sheets, inspect the count files, load each library, estimate ambient RNA, score doublets.

include { pathProblem } from '../parameters'
include { SAMPLES_VALIDATE } from './validate'
include { SAMPLES_CHECK } from './check'
include { SAMPLES_INSPECT } from './inspect'
include { SAMPLES_LOAD } from './load'
include { SAMPLES_AMBIENT } from './ambient'
include { SAMPLES_DOUBLETS } from './doublets'

// A path of the sheet (absolute, relative to the sheet, or a URI) as a file; [] if empty or absent.
def located(String path, sheet) {
    if (!path) {
        return []
    }
    def found = path.contains('://') ? file(path, glob: false) : sheet.resolveSibling(path)
    def problem = pathProblem(found)
    if (problem && !problem.startsWith('no such')) {
        error("${path} of the samplesheet: ${problem}")
    }
    return problem ? [] : found
}

// [ meta, counts, raw_counts, hashtag_counts, adt_counts, genotype_calls, cell_samples ]
def library(Map row, sheet) {
    def columns = ['counts', 'raw_counts', 'hashtag_counts', 'adt_counts', 'genotype_calls', 'cell_samples']
    return [[id: row.library_id, library: row.library]] + columns.collect { column -> located(row[column], sheet) }
}

workflow SAMPLES {
    take:
    sheet // path: the samplesheet, at its original place
    contrasts_given // path: the contrasts that the user wrote, or []
    definitions // path: lineages and subsets, or []

    main:
    SAMPLES_VALIDATE(sheet, contrasts_given, definitions)
    samples = SAMPLES_VALIDATE.out.samples
    contrasts = SAMPLES_VALIDATE.out.contrasts
    // [ 'SRC_against_healthy', SRC_against_healthy.csv ]
    each_contrast = SAMPLES_VALIDATE.out.each_contrast.flatten().map { table -> [table.name - ~/\.csv$/, table] }
    subsets = SAMPLES_VALIDATE.out.subsets
    lineages = SAMPLES_VALIDATE.out.lineages
    // [ meta, L1.h5, L1_raw.h5 or [], hashtags or [], antibodies or [], genotype calls or [], table of cells or [] ]
    libraries_given = SAMPLES_VALIDATE.out.libraries.splitJson().map { row -> library(row, sheet) }

    // [ meta, text of the library's rows of the samplesheet ]: as text its content counts for -resume, not its time stamp
    rows = libraries_given
        .map { entry -> [entry[0].id, entry[0]] }
        .join(SAMPLES_VALIDATE.out.rows.flatten().map { table -> [table.baseName, table.text] }, failOnDuplicate: true, failOnMismatch: true)
        .map { _id, meta, text -> [meta, text] }
    // [ 'L1', text of what the sheet gives for the library ]
    facts_of_each = SAMPLES_VALIDATE.out.each_library.flatten().map { given -> [given.baseName, given.text] }

    // every file of every library is read before any heavy task; SAMPLES_INSPECT ends the run with all problems at once
    // an element of libraries_given with that text at its end
    to_check = libraries_given
        .map { entry -> [entry[0].id, entry] }
        .join(facts_of_each, failOnDuplicate: true, failOnMismatch: true)
        .map { _id, entry, text -> entry + [text] }
    SAMPLES_CHECK(to_check)
    SAMPLES_INSPECT(SAMPLES_VALIDATE.out.files, SAMPLES_CHECK.out.check.toSortedList { a, b -> a.name <=> b.name })

    // [ meta, counts, raw_counts, hashtag_counts, adt_counts, text of the library's rows ]
    to_load = libraries_given
        .combine(SAMPLES_INSPECT.out.facts)
        .map { entry -> entry[0..4] }
        .join(rows, failOnDuplicate: true, failOnMismatch: true)
    SAMPLES_LOAD(to_load)
    loaded = SAMPLES_LOAD.out.library
    SAMPLES_AMBIENT(loaded)
    // [ meta, L1.h5mu, L1.droplets.h5mu ]; with 'correct' all later steps read the counts without ambient RNA
    libraries = params.ambient_rna == 'correct'
        ? SAMPLES_AMBIENT.out.corrected.join(loaded.map { meta, _h5mu, droplets -> [meta, droplets] })
        : loaded
    ambient = SAMPLES_AMBIENT.out.fractions
    // [ L1.ambient_profile.parquet, L2.ambient_profile.parquet ]
    profiles = params.ambient_rna == 'flag'
        ? SAMPLES_AMBIENT.out.profile.toSortedList { a, b -> a.name <=> b.name }
        : channel.value([])
    // [ 'L1', text of a table: library_id,capture_cells ]
    captures = SAMPLES_INSPECT.out.capture_cells
        .splitCsv(header: true)
        .map { row -> [row.library_id, "library_id,capture_cells\n${row.library_id},${row.capture_cells}\n".toString()] }
    // [ meta, L1.h5mu, L1.droplets.h5mu, text of the library's row of captures ]
    to_score = libraries
        .map { meta, h5mu, droplets -> [meta.id, meta, h5mu, droplets] }
        .join(captures, failOnDuplicate: true, failOnMismatch: true)
        .map { _id, meta, h5mu, droplets, cells -> [meta, h5mu, droplets, cells] }
    SAMPLES_DOUBLETS(to_score)
    doublets = SAMPLES_DOUBLETS.out.doublets
    // [ meta, vireo.tsv or [], cells.csv or [] ]
    genotypes = libraries_given.map { entry -> [entry[0], entry[5], entry[6]] }

    emit:
    libraries // channel: [ meta, h5mu, droplets ]
    doublets // channel: [ meta, parquet ]
    ambient // channel: [ meta, parquet ]
    profiles // value: list of <id>.ambient_profile.parquet; empty unless ambient RNA is to be flagged
    genotypes // channel: [ meta, genotype calls or [], table of cells and samples or [] ]
    rows // channel: [ meta, text of the library's rows, without covariates ]
    samples // value: samples.csv
    contrasts // value: contrasts.csv
    each_contrast // channel: [ contrast_id, contrasts.csv of this row alone ]; [ 'cohort', contrasts.csv without rows ]
    subsets // value: subsets.yaml, in one form
    lineages // value: the same without its questions
}
