// Compare donors, groups and tissues: one process per question.

include { COMPARE_PSEUDOBULK } from './pseudobulk'
include { COMPARE_IDENTITY } from './identity'
include { COMPARE_DESIGN } from './design'
include { COMPARE_COMPOSITION } from './composition'
include { COMPARE_CALIBRATION } from './calibration'
include { COMPARE_ABUNDANCE } from './abundance'
include { COMPARE_EXPRESSION } from './expression'
include { COMPARE_ENRICHMENT } from './enrichment'
include { COMPARE_TISSUE_BLOOD } from './tissue_blood'
include { COMPARE_TRAJECTORY } from './trajectory'
include { COMPARE_LIGAND_RECEPTOR } from './ligand_receptor'
include { COMPARE_STAGE } from './stage'

workflow COMPARE {
    take:
    cohort // value: cohort.h5mu
    embedding // value: subset_embedding.parquet
    cells // value: cells.parquet
    samples // value: samples.csv
    profiles // value: list of ambient profiles, a file per library, or []
    contrasts // value: contrasts.csv
    each_contrast // channel: [ contrast_id, contrasts.csv of this row alone ]; [ 'cohort', contrasts.csv without rows ]
    definitions // value: subsets.yaml: lineages, subsets, questions
    gene_sets // list of paths: GMT files and TRRUST-like tables, or []
    gene_lists // list of paths: GMT files of sex, polymorphic and technical genes

    main:
    COMPARE_PSEUDOBULK(cohort, cells, profiles)
    pseudobulk = COMPARE_PSEUDOBULK.out.pseudobulk
    composition = COMPARE_PSEUDOBULK.out.composition
    ambient_genes = COMPARE_PSEUDOBULK.out.ambient_genes

    // sex, donor and genotype of each sample against the samplesheet
    COMPARE_IDENTITY(pseudobulk, cells, samples, gene_lists)

    // numbers of cells; long computations are one task per contrast
    COMPARE_DESIGN(composition, samples, contrasts)
    COMPARE_COMPOSITION(composition, samples, each_contrast)
    COMPARE_CALIBRATION(composition, pseudobulk, samples, each_contrast)
    COMPARE_ABUNDANCE(cohort, cells, samples, each_contrast)

    // genes and proteins
    COMPARE_EXPRESSION(pseudobulk, samples, each_contrast)
    // [ 'SRC_against_healthy', its row of contrasts.csv, its expression.csv ]; [ 'markers', [], [] ]
    ranked = each_contrast.join(COMPARE_EXPRESSION.out.tables).mix(channel.of(['markers', [], []]))
    COMPARE_ENRICHMENT(ranked, pseudobulk, samples, gene_sets, definitions)
    COMPARE_TISSUE_BLOOD(pseudobulk, composition, cells, samples)
    COMPARE_STAGE(composition, pseudobulk, cells, samples)

    // single cells
    COMPARE_TRAJECTORY(cohort, embedding, cells, definitions, ambient_genes)
    COMPARE_LIGAND_RECEPTOR(cohort, cells, definitions, ambient_genes)
    // [ SRC_against_healthy.compare_composition.json, ... ]
    summaries = COMPARE_COMPOSITION.out.summaries.toSortedList { a, b -> a.name <=> b.name }

    emit:
    summaries // value: list of step summaries of the composition
    composition // value: composition.csv
    pseudobulk // value: pseudobulk.h5ad
}
