// Subsets, signatures and tissue states of each lineage, then one object and one table of all cells.

include { SUBSETS_CLUSTER } from './cluster'
include { SUBSETS_SIGNATURES } from './signatures'
include { SUBSETS_TISSUE } from './tissue'
include { SUBSETS_COLLECT } from './collect'
include { SUBSETS_EXPORT } from './export'

workflow SUBSETS {
    take:
    merged // value: merged.h5mu
    embedded // value: [ cohort.embedding.h5, cohort.clusters.parquet ]
    definitions // value: lineages.yaml
    gene_sets // list of paths: GMT, YAML or tables of regulators
    samples // value: samples.csv, whose covariates are joined last

    main:
    // cohort.embedding.h5
    embedding = embedded.map { coordinates, _clusters -> coordinates }
    // cohort.clusters.parquet
    clusters = embedded.map { _coordinates, parquet -> parquet }

    SUBSETS_CLUSTER(merged, embedding, definitions)
    subsets = SUBSETS_CLUSTER.out.subsets
    scores = SUBSETS_CLUSTER.out.scores
    axes = SUBSETS_CLUSTER.out.embedding

    SUBSETS_SIGNATURES(merged, subsets, gene_sets)
    signatures = SUBSETS_SIGNATURES.out.signatures

    SUBSETS_TISSUE(merged, axes, subsets)
    states = SUBSETS_TISSUE.out.states

    SUBSETS_COLLECT(merged, embedding, clusters, subsets, scores, signatures, states, samples)
    cohort = SUBSETS_COLLECT.out.cohort
    cells = SUBSETS_COLLECT.out.cells
    SUBSETS_EXPORT(cohort)

    emit:
    cohort // value: cohort.h5mu
    axes // value: subset_embedding.parquet, each lineage's own
    cells // value: cells.parquet
}
