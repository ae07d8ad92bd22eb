"""Put a library together: genes, antibodies and hashtags of its files, on the droplets of its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sscite.errors import UserError
from sscite.formats import Counts, match_barcodes, split_features
from sscite.formats.counts import take_rows
from sscite.formats.features import modality
from sscite.names import FEATURE_TYPE, GENE_ID, HASHTAG, PROTEIN, RNA
from sscite.samples.sheet import listing, suggest


@dataclass
class Library:
    """Counts of one library by modality (rna, prot, hto; only those present), all on the same droplets.

    Attributes
    ----------
    notes
        How it was read, for the report.
    doubts
        What may be wrong with it, for the report's warnings.
    """

    modalities: dict[str, Counts]
    notes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def barcodes(self) -> np.ndarray:
        """Barcodes as the counts have them."""
        return next(iter(self.modalities.values())).barcodes


def assemble(counts: Counts, hashtag_counts: Counts | None, hashtags: Sequence[str]) -> Library:
    """Split features into modalities and set hashtags that are kept apart beside them.

    Parameters
    ----------
    hashtags
        Names in the samplesheet; each must be a feature.

    Raises
    ------
    UserError
        No feature or droplet, hashtags that no feature bears, tables without a common barcode: all of them.
    """
    notes, doubts = list(counts.notes), []
    counts = replace(counts, features=rename_hashtags(counts.features, hashtags))
    kinds = split_features(counts.features, hashtags)
    parts = {kind: counts.select(kinds == kind) for kind in (RNA, PROTEIN, HASHTAG) if (kinds == kind).any()}
    others = sorted(set(counts.features[FEATURE_TYPE][kinds == ""]))
    if others:
        notes.append(f"features of other kinds were left out: {', '.join(others)}")
    problems = [] if len(counts.barcodes) else ["it holds no droplet; give the matrix of called cells"]
    if not parts:
        problems.append("no feature is a gene, antibody or hashtag; check the feature types")
    if hashtag_counts is not None:
        tags = tags_of(hashtag_counts, hashtags)
        rows = match_barcodes(counts.barcodes, tags.barcodes)
        problems += _overlap(counts.barcodes, tags.barcodes, rows, "hashtag_counts")
        notes += hashtag_counts.notes
        doubts += _absent(rows)
        parts[HASHTAG] = replace(tags, matrix=take_rows(tags.matrix, rows), barcodes=counts.barcodes, notes=())
    present = list(parts[HASHTAG].features.index) if HASHTAG in parts else []
    near = present or list(counts.features.index[kinds != RNA])
    problems += missing_hashtags(hashtags, present, near)
    if problems:
        raise UserError(problems)
    return Library(parts, notes, doubts)


def tags_of(counts: Counts, hashtags: Sequence[str]) -> Counts:
    """Take the hashtags of a file that is said to hold them.

    Those named in the sheet, typed or named as hashtags, and untyped ones; antibodies beside them only where nothing
    else tells what the tags are; genes never.
    """
    counts = replace(counts, features=rename_hashtags(counts.features, hashtags))
    types = counts.features[FEATURE_TYPE]
    gene = np.array([modality(kind) == RNA for kind in types])
    sure = (split_features(counts.features, hashtags) == HASHTAG) | (types == "").to_numpy()
    named = counts.features.index.isin(list(hashtags))
    return counts.select((sure | named) & (~gene | named) if (sure & ~gene).any() or named.any() else ~gene)


def rename_hashtags(features: pd.DataFrame, hashtags: Sequence[str]) -> pd.DataFrame:
    """Name a hashtag as the sheet does where the sheet gives its identifier or its name with the sequence."""
    spellings = {}
    for name, gene_id in zip(features.index, features[GENE_ID], strict=True):
        for spelling in (gene_id, f"{name}-{gene_id}"):
            if gene_id and spelling in hashtags and name not in hashtags:
                spellings[(name, gene_id)] = spelling
    if not spellings:
        return features
    index = [spellings.get(key, key[0]) for key in zip(features.index, features[GENE_ID], strict=True)]
    return features.set_axis(pd.Index(index, name=features.index.name, dtype=object))


def missing_hashtags(hashtags: Sequence[str], present: Sequence[str], near: Sequence[str]) -> list[str]:
    """Say which of the sheet's hashtags are no features, with what there is."""
    known = set(present)
    offered = f"the file has {listing(near)}" if len(near) else "the file has no hashtags or antibodies"
    return [
        f"hashtag '{tag}' is not among the features{suggest(tag, near)}; {offered}; correct the samplesheet's hashtag"
        for tag in dict.fromkeys(hashtags)
        if tag not in known
    ]


def check_raw(library: Library, raw: Counts) -> list[str]:
    """Check that all droplets include the called cells and the antibodies: a list of problems."""
    rows = match_barcodes(library.barcodes, raw.barcodes)
    problems = _overlap(library.barcodes, raw.barcodes, rows, "raw_counts")
    if PROTEIN in library.modalities:
        proteins = library.modalities[PROTEIN].features.index
        lacking = [name for name in proteins if name not in raw.features.index]
        if len(lacking) == len(proteins):
            problems.append(
                f"raw_counts has none of the {len(proteins)} antibodies of counts ({listing(lacking, 3)}); give all "
                "droplets of the same run, antibodies included, or leave raw_counts empty"
            )
    return problems


def _overlap(wanted: np.ndarray, given: np.ndarray, rows: np.ndarray, column: str) -> list[str]:
    """Say where no barcode of the counts is in another file."""
    if len(wanted) == 0 or (rows >= 0).any():
        return []
    example = f"'{given[0]}'" if len(given) else "no barcode"
    return [
        f"no barcode of counts ('{wanted[0]}', ...) is in {column} ({example}, ...); the files are of different "
        "libraries, or name barcodes differently: make them alike"
    ]


def _absent(rows: np.ndarray) -> list[str]:
    """Say how many droplets have no hashtag counts."""
    lacking = int((rows < 0).sum())
    return [f"{lacking:,} of {len(rows):,} cells are not in the hashtag counts and hold zeros there"] if lacking else []
