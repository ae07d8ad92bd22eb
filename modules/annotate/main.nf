// Annotate cell types by RNA in each library, and check them by marker genes and protein.

include { ANNOTATE_MODEL      } from './model'
include { ANNOTATE_CELLTYPIST } from './celltypist'
include { ANNOTATE_PROTEIN    } from './protein'

workflow ANNOTATE {
    take:
    libraries  // channel: [ meta, h5mu, droplets ]
    normalized // channel: [ meta, parquet, panel ]
    rows       // channel: [ meta, text of the library's rows of the samplesheet ]

    main:
    // [ 'Immune_All_Low.pkl' ]: models given by path are staged; those given by name are fetched once into the cache
    wanted = (params.celltypist_model ?: '').tokenize(',').collect { part -> part.tokenize('=').last().trim() }
    given  = wanted.findAll { name -> name && file(name).isFile() }.collect { name -> file(name) }
    cache  = params.celltypist_models_dir ? file(params.celltypist_models_dir) : []
    if (cache) {
        cache.mkdirs()
    }
    lineages = params.celltypist_lineages ? file(params.celltypist_lineages, checkIfExists: true) : []

    ANNOTATE_MODEL(given, cache)
    // [ meta, L1.h5mu, text of the library's rows ]
    counts = libraries.map { meta, h5mu, _droplets -> [meta, h5mu] }.join(rows, failOnDuplicate: true, failOnMismatch: true)
    ANNOTATE_CELLTYPIST(counts, ANNOTATE_MODEL.out.models, lineages)

    // [ meta, L1.annotate_celltypist.parquet, L1.adt_normalize.parquet, L1.adt_panel.csv ]
    labels_and_proteins = ANNOTATE_CELLTYPIST.out.labels.join(normalized, failOnDuplicate: true, failOnMismatch: true)
    ANNOTATE_PROTEIN(labels_and_proteins)
    labels = ANNOTATE_PROTEIN.out.labels

    emit:
    labels // channel: [ meta, parquet ]
}
