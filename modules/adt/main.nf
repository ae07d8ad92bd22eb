// One protein normalisation for the cohort, then each library by itself.

include { ADT_METHOD } from './method'
include { ADT_NORMALIZE } from './normalize'

workflow ADT {
    take:
    libraries // channel: [ meta, h5mu, droplets ]

    main:
    ADT_METHOD(libraries.map { _meta, h5mu, droplets -> [h5mu, droplets] }.flatten().toSortedList { a, b -> a.name <=> b.name })
    panel_map = params.panel_map ? file(params.panel_map, checkIfExists: true) : []
    // each library's own row as text, so that one more library does not repeat the others
    methods = ADT_METHOD.out.method
        .splitCsv(header: true)
        .map { row -> [row.library_id, "library_id,method\n${row.library_id},${row.method}\n".toString()] }
    to_normalize = libraries
        .map { meta, h5mu, droplets -> [meta.id, meta, h5mu, droplets] }
        .join(methods, failOnDuplicate: true, failOnMismatch: true)
        .map { _id, meta, h5mu, droplets, method -> [meta, h5mu, droplets, method] }
    ADT_NORMALIZE(to_normalize, panel_map)
    normalized = ADT_NORMALIZE.out.normalized
    cells = ADT_NORMALIZE.out.cells
    quality = ADT_NORMALIZE.out.quality.toSortedList { a, b -> a.name <=> b.name }

    emit:
    normalized // channel: [ meta, parquet, panel ]
    cells // channel: [ meta, parquet ]
    quality // value: list of adt_quality.csv
}
