"""The names that files of other tools use for identifiers, symbols, feature types and modalities: one table each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from sscite.names import HASHTAG, PROTEIN, RNA

OTHER = ""  # a known assay that this pipeline does not analyse

IDENTIFIERS = (
    "gene_ids", "gene_id", "ensembl", "ensembl_id", "ensembl_ids", "ensembl_gene_id", "gene_ensembl_id", "feature_id",
    "gene_stable_id", "ensg", "gene_ens", "accession", "entrez_id",
)  # fmt: skip
SYMBOLS = (
    "gene_symbols", "gene_symbol", "symbol", "symbols", "gene_name", "gene_names", "feature_name", "feature_names",
    "hgnc_symbol", "hgnc", "gene_short_name", "external_gene_name", "hugo_symbol", "original_gene_symbols",
)  # fmt: skip
TYPES = ("feature_types", "feature_type", "modality", "feature_modality", "library_type", "feature_class", "assay")
TYPE_OF = {RNA: "Gene Expression", PROTEIN: "Antibody Capture", HASHTAG: "Hashtag"}

_MODALITIES = {
    RNA: (
        "gene expression, expression, rna, mrna, scrna, snrna, gex, gene, genes, transcript, transcripts, "
        "transcriptome, cdna"
    ),
    PROTEIN: (
        "antibody capture, antibody, antibodies, antibody derived tag, antibody derived tags, prot, protein, proteins, "
        "protein expression, protein counts, surface protein, surface proteins, cell surface protein, adt, adts, ab, "
        "abs, abseq, abo, pabo, cite, cite seq, totalseq, feature barcode, feature barcoding"
    ),
    HASHTAG: (
        "hashtag, hashtags, hashtag oligo, hashtag oligos, hto, htos, hashing, cell hashing, multiplexing capture, "
        "multiplexing, cell multiplexing, cell multiplexing oligo, cellplex, cmo, lmo, multi seq, sample tag, "
        "sample tags, stabo, sample barcode"
    ),
    OTHER: (
        "crispr guide capture, crispr, guide, guides, guide rna, grna, sgrna, gdo, peaks, peak, atac, "
        "chromatin accessibility, custom, antigen capture, antigen, dextramer, vdj, vdj t, vdj b, tcr, bcr, airr, ir, "
        "rep, repertoire, spike in, ercc, spatial, velocity, velo, spliced, unspliced"
    ),
}
_BIOTYPE = re.compile(
    r"protein_?coding.*|.*pseudogene.*|.*rna|.*antisense.*|(ig|tr)_[a-z]+_gene|tec|ribozyme|.*_transcript|"
    r"retained_intron|nonsense_mediated_decay|non_stop_decay|sense_\w+|artifact|3prime_overlapping_\w+",
    re.IGNORECASE,
)


def key(name: str) -> str:
    """Return a name in lower case without anything but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "", name.casefold())


_KNOWN = {key(name): kind for kind, names in _MODALITIES.items() for name in names.split(",")}


@lru_cache(1024)  # 20,000 features have few types
def modality(name: str) -> str | None:
    """Return 'rna', 'prot' or 'hto' for a feature type or a modality's name, '' for another assay, None if unknown.

    A biotype of GENCODE (`protein_coding`, `lncRNA`, ...) is a kind of gene.
    """
    found = _KNOWN.get(key(name))
    if found is None and _BIOTYPE.fullmatch(name.strip()):
        return RNA
    return found


def column(present: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the columns that have a known name, in the order of the known names."""
    spelt = {key(name): name for name in present}
    return [spelt[key(name)] for name in known if key(name) in spelt]
