#!/usr/bin/env nextflow
/*
 * sscite: CITE-seq from samplesheet to report, one workflow per step group, in the order of the data flow.
 * Files between the step groups: docs/architecture.md
 */

include { checkParameters } from './modules/parameters'
include { claimOutdir     } from './modules/parameters'
include { helpText        } from './modules/parameters'
include { completionText  } from './modules/completion'
include { SAMPLES         } from './modules/samples'
include { DEMUX           } from './modules/demux'
include { ADT             } from './modules/adt'
include { ANNOTATE        } from './modules/annotate'
include { COHORT          } from './modules/cohort'
include { SUBSETS         } from './modules/subsets'
include { COMPARE         } from './modules/compare'
include { BIOMARKERS      } from './modules/biomarkers'
include { REPORT          } from './modules/report'

workflow {
    if (params.help) {
        log.info(helpText())
        exit(0)
    }
    checkParameters()
    claimOutdir()
    workflow.onComplete { log.info(completionText()) }

    // inputs of the user
    sheet     = file(params.input)
    contrasts = params.contrasts ? file(params.contrasts, checkIfExists: true) : []
    subsets   = file(params.subsets ?: "${projectDir}/assets/subsets.yaml", checkIfExists: true)
    // [ signatures.gmt, dissociation.gmt ]
    gene_sets = files("${projectDir}/assets/{gene_sets/*,genes/${params.species}/dissociation}.gmt")
    // [ dissociation.gmt, quality.gmt, sex.gmt, ... ] of the species
    gene_lists = files("${projectDir}/assets/genes/${params.species}/*.gmt")
    surface   = file("${projectDir}/assets/genes/${params.species}/surface_proteins.gmt")
    // [ own.gmt, trrust.tsv ], or [] without --gene_sets
    own_sets  = params.gene_sets ? params.gene_sets.tokenize(',').collect { name -> file(name, checkIfExists: true) } : []

    // libraries: [ [id: 'L1', library: 'L1'], L1.h5mu, L1.droplets.h5mu ]
    SAMPLES(sheet, contrasts, subsets)
    libraries = SAMPLES.out.libraries
    samples   = SAMPLES.out.samples

    // each emits the columns that it adds to a library's cells: [ [id: 'L1', library: 'L1'], L1.<step>.parquet ]
    DEMUX(libraries, SAMPLES.out.genotypes, SAMPLES.out.rows)
    ADT(libraries)
    ANNOTATE(libraries, ADT.out.normalized, SAMPLES.out.rows)

    // all libraries in one cohort: merged.h5mu, [ cohort.embedding.h5, cohort.clusters.parquet ]
    COHORT(
        libraries,
        SAMPLES.out.doublets,
        SAMPLES.out.ambient,
        DEMUX.out.assignments,
        ADT.out.normalized,
        ADT.out.cells,
        ANNOTATE.out.labels,
    )
    SUBSETS(COHORT.out.merged, COHORT.out.embedding, SAMPLES.out.lineages, gene_sets + own_sets, samples)

    // donors, groups, tissues: tables of each contrast, composition.csv, pseudobulk.h5ad
    COMPARE(
        SUBSETS.out.cohort,
        SUBSETS.out.axes,
        SUBSETS.out.cells,
        samples,
        SAMPLES.out.profiles,
        SAMPLES.out.contrasts,
        SAMPLES.out.each_contrast,
        SAMPLES.out.subsets,
        gene_sets + own_sets,
        gene_lists,
    )

    // antibodies that sort the subsets of interest on a cytometer, features of donors that follow a clinical variable
    BIOMARKERS(
        SUBSETS.out.cohort,
        SUBSETS.out.cells,
        ADT.out.quality,
        COMPARE.out.summaries,
        COMPARE.out.composition,
        COMPARE.out.pseudobulk,
        samples,
        SAMPLES.out.contrasts,
        SAMPLES.out.subsets,
        surface,
    )

    // step summaries and figures of every task arrive by topic: L1.samples_load.json, L1.samples_load.quality.png
    REPORT(SUBSETS.out.cells, SUBSETS.out.cohort, SAMPLES.out.lineages)
}
