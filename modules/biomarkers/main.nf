// Select antibody panels that gate a subset in flow cytometry; relate features of donors to clinical variables.

include { BIOMARKERS_PANEL } from './panel'
include { BIOMARKERS_DONORS } from './donors'

workflow BIOMARKERS {
    take:
    cohort // value: cohort.h5mu
    cells // value: cells.parquet
    quality // value: list of adt_quality.csv, one per library
    summaries // value: list of step summaries of compare composition
    composition // value: composition.csv
    pseudobulk // value: pseudobulk.h5ad
    samples // value: samples.csv
    contrasts // value: contrasts.csv
    definitions // path: lineages, subsets, questions
    surface_genes // path: GMT file of genes of surface proteins

    main:
    BIOMARKERS_PANEL(cohort, cells, quality, summaries, samples, contrasts, definitions, surface_genes)
    BIOMARKERS_DONORS(composition, pseudobulk, cells, quality, samples, contrasts, definitions)
}
