// One protein normalisation for the cohort, then each library by itself.

include { ADT_METHOD } from './method'
include { ADT_NORMALIZE } from './normalize'

workflow ADT {
    take:
    libraries // channel: [ meta, h5mu, droplets ]

    main:
    ADT_METHOD(libraries.map { _meta, h5mu, droplets -> [h5mu, droplets] }.flatten().toSortedList { a, b -> a.name <=> b.name })
    panel_map = params.panel_map ? file(params.panel_map, checkIfExists: true) : []
    ADT_NORMALIZE(libraries, ADT_METHOD.out.method, panel_map)
    normalized = ADT_NORMALIZE.out.normalized
    cells = ADT_NORMALIZE.out.cells
    quality = ADT_NORMALIZE.out.quality.toSortedList { a, b -> a.name <=> b.name }

    emit:
    normalized // channel: [ meta, parquet, panel ]
    cells // channel: [ meta, parquet ]
    quality // value: list of adt_quality.csv
}
