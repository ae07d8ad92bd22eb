"""Kernels on arrays that cohort and subsets share: neighbours, PCA, graph, Harmony, UMAP, variable genes."""
