"""Put a library together: genes, antibodies and hashtags of its files, on the droplets of its counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.errors import UserError
from sscite.formats import Counts, match_barcodes, split_features
from sscite.formats.barcodes import overlap_problem
from sscite.formats.counts import take_rows
from sscite.formats.features import is_antibody_name, known_antibodies
from sscite.formats.tags import antibodies_of, rename_hashtags, tags_of
from sscite.formats.tenx import DENOISED
from sscite.formats.vocabulary import modality
from sscite.names import FEATURE_TYPE, HASHTAG, PROTEIN, RNA
from sscite.samples.cells import (
    denoised_protein_doubt,
    denoised_raw_problem,
    empty_droplet_problem,
    other_lane_problem,
)
from sscite.samples.sheet import listing, suggest

if TYPE_CHECKING:
    from numpy.typing import NDArray

HASHTAG_COLUMN, ANTIBODY_COLUMN, RAW_COLUMN = "hashtag_counts", "adt_counts", "raw_counts"


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
        """Return barcodes as the counts have them."""
        return next(iter(self.modalities.values())).barcodes


def assemble(
    counts: Counts, hashtag_counts: Counts | None, hashtags: Sequence[str], adt_counts: Counts | None = None
) -> Library:
    """Split features into modalities and set hashtags and antibodies of files of their own beside them.

    Parameters
    ----------
    hashtags
        Names in the samplesheet; each must be a feature.

    Raises
    ------
    UserError
        No feature or droplet, hashtags that no feature has, tables that share fewer
        than 10% of the barcodes: all of them.
    """
    notes, doubts = list(counts.notes), list(counts.doubts)
    counts = replace(counts, features=rename_hashtags(counts.features, hashtags))
    kinds = split_features(counts.features, hashtags)
    parts = {kind: counts.select(kinds == kind) for kind in (RNA, PROTEIN, HASHTAG) if (kinds == kind).any()}
    others = sorted(set(counts.features[FEATURE_TYPE][kinds == ""]))
    if others:
        notes.append(f"features of other assays were ignored: {', '.join(others)}")
    problems = [] if len(counts.barcodes) else ["it holds no droplet; give the matrix of called cells"]
    if not parts:
        problems.append("no feature is a gene, antibody or hashtag; check the feature types")
    doubts += [*empty_droplet_problem(counts), *_antibodies_by_name(counts.features, kinds)]
    beside = ((HASHTAG, hashtag_counts, HASHTAG_COLUMN), (PROTEIN, adt_counts, ANTIBODY_COLUMN))
    for kind, extra, column in beside:
        if extra is None:
            continue
        part, sentences, more = _beside(counts.barcodes, extra, kind, column, hashtags)
        parts[kind] = part
        notes += extra.notes
        doubts += [*extra.doubts, *sentences]
        problems += more
    present = list(parts[HASHTAG].features.index) if HASHTAG in parts else []
    near = present or list(counts.features.index[kinds != RNA])
    problems += missing_hashtags(hashtags, present, near, _genes_named(counts.features, hashtags))
    if problems:
        raise UserError(problems)
    return Library({kind: parts[kind] for kind in (RNA, PROTEIN, HASHTAG) if kind in parts}, notes, doubts)


def _antibodies_by_name(features: pd.DataFrame, kinds: NDArray) -> list[str]:
    """Return a warning if features were read as antibodies by the table of known antibodies alone."""
    named = features.index[(kinds == PROTEIN) & known_antibodies(features) & ~features.index.map(is_antibody_name)]
    if named.empty:
        return []
    return [
        f"{len(named):,} features have no feature type and the names of known antibodies ({listing(list(named), 5)}): "
        "they were read as antibodies; give antibodies in a file of their own (adt_counts) or a format with feature "
        "types"
    ]


def _beside(
    barcodes: NDArray, extra: Counts, kind: str, column: str, hashtags: Sequence[str]
) -> tuple[Counts, list[str], list[str]]:
    """Bring the counts of a file of its own onto the library's droplets.

    Returns
    -------
    The counts, what the report should warn of, and problems.
    """
    part = tags_of(extra, hashtags) if kind == HASHTAG else antibodies_of(extra)
    if not len(part.features):
        what = "hashtags" if kind == HASHTAG else "antibodies"
        return (
            part,
            [],
            [
                f"{column}: none of its {len(extra.features):,} features ({listing(extra.features.index, 3)}) is "
                "read as "
                f"{what}; type them as Antibody Capture, or give a table that holds nothing else"
            ],
        )
    rows = match_barcodes(barcodes, part.barcodes)
    problems = overlap_problem(barcodes, part.barcodes, rows, column)
    aligned = replace(part, matrix=take_rows(part.matrix, rows), barcodes=barcodes, notes=(), doubts=())
    return aligned, _absent(rows, column), problems


def _genes_named(features: pd.DataFrame, hashtags: Sequence[str]) -> set[str]:
    """Return the hashtags of the sheet that name a feature typed as a gene."""
    gene = np.array([modality(kind) == RNA for kind in features[FEATURE_TYPE]], dtype=bool)
    return set(features.index[gene]) & set(hashtags)


def missing_hashtags(
    hashtags: Sequence[str], present: Sequence[str], near: Sequence[str], genes: Collection[str] = ()
) -> list[str]:
    """Report which of the sheet's hashtags are not features, with what there is."""
    known = set(present)
    offered = f"the file has {listing(near)}" if len(near) else "the file has no hashtags or antibodies"
    return [
        f"hashtag '{tag}' is not among the {'hashtags: it is typed as a gene' if tag in genes else 'features'}"
        f"{suggest(tag, near)}; {offered}; correct the samplesheet's hashtag"
        for tag in dict.fromkeys(hashtags)
        if tag not in known
    ]


def check_raw(library: Library, raw: Counts) -> tuple[list[str], list[str]]:
    """Check that all droplets include the called cells, with the same counts, and the antibodies.

    Returns
    -------
    Problems, and what the report should warn of.
    """
    if problems := denoised_raw_problem(raw):
        return problems, []
    rows = match_barcodes(library.barcodes, raw.barcodes)
    problems = overlap_problem(library.barcodes, raw.barcodes, rows, RAW_COLUMN)
    doubts = [] if problems else _absent(rows, RAW_COLUMN)
    if not problems:
        problems, more = other_lane_problem(list(library.modalities.values()), raw, rows)
        doubts += more
    if PROTEIN in library.modalities:
        proteins = library.modalities[PROTEIN].features.index
        lacking = [name for name in proteins if name not in raw.features.index]
        if len(lacking) == len(proteins):
            problems.append(
                f"raw_counts has none of the {len(proteins)} antibodies of counts ({listing(lacking, 3)}); give all "
                "droplets of the same run, antibodies included, or leave raw_counts empty"
            )
        elif DENOISED in library.notes:
            doubts += denoised_protein_doubt(library.modalities[PROTEIN], raw)
    return problems, doubts


def _absent(rows: np.ndarray, column: str) -> list[str]:
    """Report how many droplets another file lacks."""
    lacking = int((rows < 0).sum())
    if not lacking:
        return []
    return [f"{lacking:,} of {len(rows):,} cells are missing from {column} and were set to zero there"]
