"""Hashtags and antibodies of a file that is said to hold them, and their names in the samplesheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.formats.counts import Counts
from sscite.formats.features import ENSEMBL, split_features
from sscite.formats.vocabulary import OTHER, modality
from sscite.names import FEATURE_TYPE, GENE_ID, HASHTAG, PROTEIN, RNA

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_TAG_SET = 1000  # features typed as genes that a file of tags or antibodies may hold


def tags_of(counts: Counts, hashtags: Sequence[str]) -> Counts:
    """Return the hashtags of a file that is said to hold them.

    Those named in the sheet, typed or named as hashtags, and untyped ones; antibodies beside them, and features that
    STARsolo types as genes, only where nothing else says what the tags are; genes with an Ensembl identifier never.
    """
    counts = replace(counts, features=rename_hashtags(counts.features, hashtags))
    types = counts.features[FEATURE_TYPE]
    gene = np.array([modality(kind) == RNA for kind in types], dtype=bool)
    other = np.array([bool(kind) and modality(kind) == OTHER for kind in types], dtype=bool)
    ensembl = _ensembl(counts.features)
    sure = (split_features(counts.features, hashtags) == HASHTAG) | (types == "").to_numpy()
    named = counts.features.index.isin(list(hashtags)) & ~(gene & ensembl) & ~other
    if sure.any() or named.any():
        return counts.select((sure | named) & (~gene | named))
    antibodies = ~gene & ~other
    return counts.select(antibodies if antibodies.any() else gene & ~ensembl & (len(gene) <= LARGEST_TAG_SET))


def antibodies_of(counts: Counts) -> Counts:
    """Return the antibodies of a file that is said to hold them.

    Those that the file types as such; of a file without types, or one in which STARsolo types all features as genes,
    all that are not hashtags by name or genes by their Ensembl identifier.
    """
    kinds = split_features(counts.features)
    typed = np.array([bool(kind) for kind in counts.features[FEATURE_TYPE]], dtype=bool)
    if typed.any() and (kinds == PROTEIN).any():
        return counts.select(kinds == PROTEIN)
    if typed.any() and len(kinds) > LARGEST_TAG_SET:
        return counts.select(np.zeros(len(kinds), dtype=bool))
    return counts.select(np.isin(kinds, [RNA, PROTEIN]) & ~_ensembl(counts.features))


def _ensembl(features: pd.DataFrame) -> NDArray[np.bool_]:
    """Find the features with an Ensembl identifier."""
    return np.array([bool(ENSEMBL.match(str(gene_id))) for gene_id in features[GENE_ID]], dtype=bool)


def rename_hashtags(features: pd.DataFrame, hashtags: Sequence[str]) -> pd.DataFrame:
    """Name a hashtag as the sheet does, which may give its identifier, its name with the sequence, or BD's column."""
    spellings = {}
    for name, gene_id, kind in zip(features.index, features[GENE_ID], features[FEATURE_TYPE], strict=True):
        if name in hashtags or (modality(kind) == RNA and ENSEMBL.match(str(gene_id))):
            continue
        for spelling in (gene_id, f"{name}-{gene_id}", f"{name}|stAbO"):
            if spelling and spelling in hashtags:
                spellings[(name, gene_id)] = spelling
    if not spellings:
        return features
    index = [spellings.get(key, key[0]) for key in zip(features.index, features[GENE_ID], strict=True)]
    return features.set_axis(pd.Index(index, name=features.index.name, dtype=object))
