// Call hashtags, reconcile them with genotypes or a table of cells and samples, and assign each cell to a sample.

include { DEMUX_CALL } from './call'
include { DEMUX_GENOTYPES } from './genotypes'

workflow DEMUX {
    take:
    libraries // channel: [ meta, h5mu, droplets ]
    genotypes // channel: [ meta, genotype calls or [], table of cells and samples or [] ]
    rows // channel: [ meta, text of the library's rows of the samplesheet ]

    main:
    // [ meta, L1.h5mu ]
    counts = libraries.map { meta, h5mu, _droplets -> [meta, h5mu] }
    DEMUX_CALL(counts.join(rows, failOnDuplicate: true, failOnMismatch: true))
    // [ meta, L1.h5mu, L1.demux_call.parquet, genotype calls or [], table of cells or [], text of the library's rows ]
    to_assign = counts
        .join(DEMUX_CALL.out.calls, failOnDuplicate: true, failOnMismatch: true)
        .join(genotypes, failOnDuplicate: true, failOnMismatch: true)
        .join(rows, failOnDuplicate: true, failOnMismatch: true)
    DEMUX_GENOTYPES(to_assign)
    assignments = DEMUX_GENOTYPES.out.assignments

    emit:
    assignments // channel: [ meta, parquet ]
}
