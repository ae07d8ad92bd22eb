// Merge all libraries into one cohort on disk, embed it and correct batch effects.

include { COHORT_MERGE } from './merge'
include { COHORT_INTEGRATE } from './integrate'
include { COHORT_MAP } from './map'

workflow COHORT {
    take:
    libraries // channel: [ meta, h5mu, droplets ]
    doublets // channel: [ meta, parquet ]
    ambient // channel: [ meta, parquet ]
    assignments // channel: [ meta, parquet ]
    normalized // channel: [ meta, parquet, panel ]
    adt_cells // channel: [ meta, parquet ]
    labels // channel: [ meta, parquet ]

    main:
    // all files of all libraries, sorted by name, so that a resumed run finds its cache
    // [ L1.h5mu, L2.h5mu ]
    counts = libraries.map { _meta, h5mu, _droplets -> h5mu }.toSortedList { a, b -> a.name <=> b.name }
    // [ L1.adt_cells.parquet, L1.adt_normalize.parquet, L1.adt_panel.csv, ... ]
    fragments = doublets
        .mix(ambient, assignments, adt_cells, labels)
        .map { _meta, parquet -> parquet }
        .mix(normalized.flatMap { _meta, parquet, panel -> [parquet, panel] })
        .toSortedList { a, b -> a.name <=> b.name }

    COHORT_MERGE(counts, fragments)
    merged = COHORT_MERGE.out.merged

    COHORT_INTEGRATE(merged)
    // [ cohort.embedding.h5, cohort.clusters.parquet ]
    embedding = COHORT_INTEGRATE.out.embedding.combine(COHORT_INTEGRATE.out.clusters).first()

    // cohort.h5mu of a finished run to map the new cells onto; empty without --reference_cohort
    reference = params.reference_cohort ? channel.fromPath(params.reference_cohort, checkIfExists: true) : channel.empty()
    COHORT_MAP(merged, reference)

    emit:
    merged // value: merged.h5mu
    embedding // value: [ cohort.embedding.h5, cohort.clusters.parquet ]
}
