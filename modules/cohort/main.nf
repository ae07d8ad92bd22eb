// The only join of libraries: one cohort on disk, embedded and corrected for what is technical.

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
    // all files of all libraries, in the order of their names so that a resumed run finds its cache
    counts = libraries.map { _meta, h5mu, _droplets -> h5mu }.toSortedList { a, b -> a.name <=> b.name }
    fragments = doublets
        .mix(ambient, assignments, adt_cells, labels)
        .map { _meta, parquet -> parquet }
        .mix(normalized.flatMap { _meta, parquet, panel -> [parquet, panel] })
        .toSortedList { a, b -> a.name <=> b.name }

    COHORT_MERGE(counts, fragments)
    merged = COHORT_MERGE.out.merged

    COHORT_INTEGRATE(merged)
    embedding = COHORT_INTEGRATE.out.embedding.combine(COHORT_INTEGRATE.out.clusters).first()

    // a finished cohort to map the new cells onto, where one is given
    reference = params.reference_cohort ? channel.fromPath(params.reference_cohort, checkIfExists: true) : channel.empty()
    COHORT_MAP(merged, reference)
    mapped = COHORT_MAP.out.mapped

    emit:
    merged // value: merged.h5mu
    embedding // value: [ cohort.embedding.h5, cohort.clusters.parquet ]
    mapped // channel: mapped.parquet, where a finished cohort was given
}
