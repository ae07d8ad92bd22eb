// From a subset to antibodies that a flow cytometer can use.

include { BIOMARKERS_PANEL } from './panel'

workflow BIOMARKERS {
    take:
    cohort // value: cohort.h5mu
    cells // value: cells.parquet
    quality // value: list of adt_quality.csv, one per library
    summaries // value: list of step summaries of compare composition
    samples // value: samples.csv
    contrasts // value: contrasts.csv
    definitions // path: lineages, subsets, questions
    surface_genes // path: GMT file of genes of surface proteins

    main:
    BIOMARKERS_PANEL(cohort, cells, quality, summaries, samples, contrasts, definitions, surface_genes)
}
