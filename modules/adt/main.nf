// Choose one protein normalisation for the cohort, then normalise each library.

include { ADT_METHOD } from './method'
include { ADT_NORMALIZE } from './normalize'

workflow ADT {
    take:
    libraries // channel: [ meta, h5mu, droplets ]

    main:
    ADT_METHOD(libraries.map { _meta, h5mu, droplets -> [h5mu, droplets] }.flatten().toSortedList { a, b -> a.name <=> b.name })
    panel_map = params.panel_map ? file(params.panel_map, checkIfExists: true) : []
    // [ 'L1', text of a table: library_id,method ]: as text, so that one more library does not repeat the others
    methods = ADT_METHOD.out.method
        .splitCsv(header: true)
        .map { row -> [row.library_id, "library_id,method\n${row.library_id},${row.method}\n".toString()] }
    // [ meta, L1.h5mu, L1.droplets.h5mu, text of the library's row of methods ]
    to_normalize = libraries
        .map { meta, h5mu, droplets -> [meta.id, meta, h5mu, droplets] }
        .join(methods, failOnDuplicate: true, failOnMismatch: true)
        .map { _id, meta, h5mu, droplets, method -> [meta, h5mu, droplets, method] }
    ADT_NORMALIZE(to_normalize, panel_map)
    normalized = ADT_NORMALIZE.out.normalized
    cells = ADT_NORMALIZE.out.cells
    // [ L1.adt_quality.csv, L2.adt_quality.csv ]
    quality = ADT_NORMALIZE.out.quality.toSortedList { a, b -> a.name <=> b.name }

    emit:
    normalized // channel: [ meta, parquet, panel ]
    cells // channel: [ meta, parquet ]
    quality // value: list of adt_quality.csv
}
