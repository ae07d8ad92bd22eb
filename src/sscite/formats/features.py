"""Which features are genes, antibodies or hashtags."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from sscite.names import FEATURE_TYPE, GENE_ID, HASHTAG, PROTEIN, RNA

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

TYPES = {
    "gene expression": RNA, "rna": RNA, "gex": RNA, "gene": RNA, "genes": RNA,
    "antibody capture": PROTEIN, "antibody": PROTEIN, "prot": PROTEIN, "protein": PROTEIN, "adt": PROTEIN,
    "ab": PROTEIN, "abseq": PROTEIN, "cite": PROTEIN,
    "hashtag": HASHTAG, "hto": HASHTAG, "hashing": HASHTAG, "hashtags": HASHTAG, "multiplexing capture": HASHTAG,
    "sample tag": HASHTAG,
}  # fmt: skip
HASHTAG_NAME = re.compile(r"hash[-_ .]?tag|^hto|[-_ ]hto[-_ ]?\d*$|sample_?tag|stabo$|^cmo\d{3}", re.IGNORECASE)
ANTIBODY_NAME = re.compile(r"totalseq|\|pabo$|[-_. ](prot|adt)$|^(adt|prot|ab)[-_. ]|abseq|^AHS\d{4}", re.IGNORECASE)


def modality(feature_type: str) -> str | None:
    """Give the modality that a feature type or a modality's name stands for; None where it is another assay."""
    return TYPES.get(feature_type.strip().lower().replace("_", " "))


def split_features(features: pd.DataFrame, hashtags: Collection[str] = ()) -> NDArray[np.str_]:
    """Tell genes, antibodies and hashtags apart.

    A hashtag is what the samplesheet names (by feature name or identifier), what the file types as one, or an antibody
    named as one. The file's type goes before the name; without a type the name decides, and what no pattern knows
    is a gene.

    Parameters
    ----------
    features
        Indexed by name, columns `gene_id` and `feature_type`.
    hashtags
        Names in the samplesheet.

    Returns
    -------
    'rna', 'prot', 'hto', or '' for other assays (peaks, guides), one a feature.
    """
    named = set(hashtags)
    return np.array(
        [
            HASHTAG if name in named or (gene_id and gene_id in named) else _modality(name, kind)
            for name, gene_id, kind in zip(features.index, features[GENE_ID], features[FEATURE_TYPE], strict=True)
        ],
        dtype="<U4",
    )


def _modality(name: str, feature_type: str) -> str:
    """Decide on one feature by type, then by name."""
    if feature_type:
        found = modality(feature_type) or ""
        return HASHTAG if found == PROTEIN and HASHTAG_NAME.search(name) else found
    if HASHTAG_NAME.search(name):
        return HASHTAG
    return PROTEIN if ANTIBODY_NAME.search(name) else RNA
