"""Every obs, var, obsm and layer name, once."""

# identity of a cell: obs index is "<library>:<barcode>"
CELL = "cell"
LIBRARY = "library"
SAMPLE = "sample"
DONOR = "donor"
TISSUE = "tissue"
IDENTITY = [LIBRARY, SAMPLE, DONOR, TISSUE]

# quality, flagged by the samples room
N_GENES = "n_genes"
N_COUNTS = "n_counts"
PCT_MT = "pct_mt"
QC_PASS = "qc_pass"
QC_REASON = "qc_reason"
DOUBLET_SCORE = "doublet_score"
DOUBLET = "doublet"

# ambient RNA, estimated by the samples room
AMBIENT_COUNTS = "ambient_counts"  # var: counts in empty droplets
AMBIENT_FRACTION = "ambient_fraction"  # obs: share of a cell's counts

# hashtag demultiplexing
HTO_CALL = "hto_call"
HTO_CONFIDENCE = "hto_confidence"
GENOTYPE_CALL = "genotype_call"
CALL_DOUBLET = "Doublet"
CALL_NEGATIVE = "Negative"

# annotation
CELL_TYPE = "cell_type"
CELL_TYPE_FINE = "cell_type_fine"
CELL_TYPE_CONFIDENCE = "cell_type_confidence"
LINEAGE = "lineage"
LINEAGE_RNA = "lineage_rna"
LINEAGE_ANNOTATED = "lineage_annotated"
PROTEIN_SUPPORT = "protein_support"
PROTEIN_LINEAGE = "protein_lineage"
SET_ASIDE = "set_aside"
UNASSIGNED = "unassigned"
LINEAGES = (
    "monocyte/DC", "CD4 T", "CD8 T", "other T", "B", "plasma", "NK", "pDC", "progenitor", "platelet", "red cell",
    "macrophage", "mast", "neutrophil", "epithelial", "endothelial", "stromal", "other", UNASSIGNED,
)  # fmt: skip

# subsets
CLUSTER = "cluster"
SUBSET = "subset"
SUBSET_SCORE = "subset_score"

# modalities, layers, embeddings
RNA = "rna"
PROTEIN = "prot"
HASHTAG = "hto"
LAYER_COUNTS = "counts"
LAYER_DSB = "dsb"
LAYER_CLR = "clr"
X_PCA = "X_pca"
X_HARMONY = "X_harmony"
X_UMAP = "X_umap"
X_WNN_UMAP = "X_wnn_umap"

# var
GENE_ID = "gene_id"
FEATURE_TYPE = "feature_type"
