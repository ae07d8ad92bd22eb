"""Every obs, var, obsm and layer name, once; `COLUMNS` are those of obs, which a covariate of the user cannot have."""

# identity of a cell: obs index is "<library>:<barcode>"
CELL = "cell"
LIBRARY = "library"
LIBRARY_ID = "library_id"
CAPTURE = "capture"  # libraries cut from one capture (Cell Ranger multi) have the same
SAMPLE = "sample"
DONOR = "donor"
TISSUE = "tissue"
IDENTITY = [LIBRARY, SAMPLE, DONOR, TISSUE]
# columns of samples.csv that are not covariates
SAMPLE_COLUMNS = [LIBRARY_ID, LIBRARY, CAPTURE, SAMPLE, DONOR, TISSUE, "hashtag", "genotype_donor"]

# quality, flagged by the samples room
N_GENES = "n_genes"
N_COUNTS = "n_counts"
PCT_MT = "pct_mt"
QC_PASS = "qc_pass"
QC_REASON = "qc_reason"
DOUBLET_SCORE = "doublet_score"
DOUBLET = "doublet"
DOUBLET_RATE = "doublet_rate"  # expected in the library
DOUBLET_PROBABILITY = "doublet_probability"  # of all sources together

# ambient RNA, estimated by the samples room
AMBIENT_COUNTS = "ambient_counts"  # var: counts in empty droplets
AMBIENT_FRACTION = "ambient_fraction"  # obs: share of a cell's counts

# hashtag demultiplexing
HTO_CALL = "hto_call"
HTO_CONFIDENCE = "hto_confidence"
HTO_JOINT = "hto_joint"
HTO_HASHSOLO = "hto_hashsolo"
HTO_AMBIENT = "hto_ambient"
GENOTYPE_CALL = "genotype_call"
GENOTYPE_CONFIDENCE = "genotype_confidence"
DEMUX_DOUBLET = "demux_doublet"  # probability of cells of two samples
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
OTHER_SUBSET = "{lineage}, other"  # cells of a known lineage that no subset of it names
SUBSET_SCORE = "subset_score"
SUBSET_MARGIN = "subset_margin"
SUBSET_BY_CELL = "subset_by_cell"
EXCLUDED = "excluded"
COUNTERPART = "counterpart"
COUNTERPART_DISTANCE = "counterpart_distance"
COUNTERPART_SHARE = "counterpart_share"
RELATIVE_DISTANCE = "relative_distance"
SIGNATURE_PREFIX = "signature_"

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
IS_ISOTYPE = "is_isotype"
HIGHLY_VARIABLE = "highly_variable"
N_LIBRARIES = "n_libraries"

# obs of antibody counts and of the cohort
ADT_COLUMNS = ("adt_aggregate", "adt_background", "adt_isotype_level", "adt_n_counts", "adt_noise")
RNA_WEIGHT = "rna_weight"
COHORT_CLUSTER = "cohort_cluster"
# obs of pseudobulk sums
LEVEL, PARENT, N_CELLS = "level", "parent", "n_cells"

COLUMNS = frozenset(
    {
        CELL, *IDENTITY, LIBRARY_ID, CAPTURE, N_GENES, N_COUNTS, PCT_MT, QC_PASS, QC_REASON, DOUBLET_SCORE, DOUBLET,
        AMBIENT_FRACTION, HTO_CALL, HTO_CONFIDENCE, HTO_JOINT, HTO_HASHSOLO, HTO_AMBIENT, GENOTYPE_CALL,
        GENOTYPE_CONFIDENCE, DEMUX_DOUBLET, DOUBLET_RATE, DOUBLET_PROBABILITY,
        CELL_TYPE, CELL_TYPE_FINE, CELL_TYPE_CONFIDENCE, LINEAGE, LINEAGE_RNA, LINEAGE_ANNOTATED,
        PROTEIN_SUPPORT, PROTEIN_LINEAGE, SET_ASIDE, CLUSTER, COHORT_CLUSTER, SUBSET, SUBSET_SCORE, SUBSET_MARGIN,
        SUBSET_BY_CELL, EXCLUDED, COUNTERPART, COUNTERPART_DISTANCE, COUNTERPART_SHARE, RELATIVE_DISTANCE, *ADT_COLUMNS,
        RNA_WEIGHT, LEVEL, PARENT, N_CELLS,
    }
)  # fmt: skip
