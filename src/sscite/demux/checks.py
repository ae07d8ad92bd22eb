"""Validate hashtag counts before calling and report what was dropped."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.errors import UserError

UNMAPPED = ("unmapped", "no_match", "nomatch", "bad_struct", "total_reads", "ambiguous")
DEPTHS = ("ngenes", "numgenes", "nfeaturerna", "nfeature", "ngenesbycounts", "ncountrna", "totalcounts", "ncounts")
MIN_DROPLETS = 50


@dataclass(frozen=True)
class Hashtags:
    """Counts fit to be called.

    Attributes
    ----------
    counts
        Whole counts, droplets × hashtags, indexed by droplet.
    depth
        Genes or RNA counts of each droplet, if given.
    notes
        What was dropped, joined or is unusual.
    """

    counts: pd.DataFrame
    depth: np.ndarray | None
    notes: list[str]


def plain(name: str) -> str:
    """Reduce a name to its lower-case letters and digits, to find the same name spelt otherwise."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def tidy(counts: pd.DataFrame, *, where: str) -> Hashtags:
    """Drop unmapped reads, separate a column of depth, and check that the rest can be called.

    Parameters
    ----------
    counts
        Droplets × features, whole non-negative numbers.
    where
        The file, for messages.

    Raises
    ------
    UserError
        Fewer than 50 droplets, no hashtag, or none that varies.
    """
    notes = []
    keys = [plain(str(column)) for column in counts.columns]
    unmapped = np.array([key in {plain(word) for word in UNMAPPED} for key in keys], dtype=bool)
    deep = np.array([key in DEPTHS for key in keys], dtype=bool) & ~unmapped
    if unmapped.any():
        reads = counts.loc[:, unmapped].to_numpy().sum() / max(1, counts.loc[:, ~deep].to_numpy().sum())
        notes.append(
            f"'{counts.columns[unmapped][0]}' is not a hashtag and was dropped: {reads:.0%} of all hashtag counts"
        )
    depth = counts.loc[:, deep].iloc[:, 0].to_numpy(dtype=float) if deep.any() else None
    if depth is not None:
        notes.append(f"column '{counts.columns[deep][0]}' was taken as the depth of each droplet, not as a hashtag")
    tags = counts.loc[:, ~unmapped & ~deep]
    _refuse(tags, where)
    empty = int((tags.to_numpy().sum(axis=1) == 0).sum())
    if empty:
        notes.append(f"{empty:,} droplets have no hashtag counts at all; they are Negative")
    return Hashtags(tags, depth, notes)


def varying(counts: pd.DataFrame) -> np.ndarray:
    """Mark the columns with more than one value."""
    values = counts.to_numpy()
    return (values != values[:1]).any(axis=0)


def _refuse(tags: pd.DataFrame, where: str) -> None:
    """Raise if nothing can be called."""
    problems = []
    if len(tags) < MIN_DROPLETS:
        problems.append(
            f"{where}: {len(tags)} droplets; at least {MIN_DROPLETS} are needed to separate signal from background: "
            "give the whole capture"
        )
    if tags.shape[1] == 0:
        problems.append(
            f"{where}: no hashtag columns; the table is droplets × hashtags with the barcode in the first column"
        )
    elif not varying(tags).any() and len(tags) > 1:
        problems.append(
            f"{where}: every hashtag ({', '.join(tags.columns[:5])}) has one and the same count in all droplets: "
            "nothing can be called; give raw counts of the capture"
        )
    if problems:
        raise UserError(problems)


def find_tags(wanted: Sequence[str], present: Sequence[str], *, where: str) -> dict[str, str]:
    """Find the sheet's hashtags among the counts: as written, or spelt otherwise, or followed by their sequence.

    Returns
    -------
    Name in the sheet -> name in the counts.

    Raises
    ------
    UserError
        Hashtags that the counts lack; near names are offered.
    """
    spelt: dict[str, list[str]] = {}
    for name in present:
        for key in {
            plain(name),
            plain(name.rsplit("-", 1)[0]) if _is_sequence(name.rsplit("-", 1)[-1]) else plain(name),
        }:
            spelt.setdefault(key, []).append(name)
    found, problems = {}, []
    for tag in wanted:
        near = [tag] if tag in present else spelt.get(plain(tag), [])
        if len(near) == 1:
            found[tag] = near[0]
            continue
        offers = difflib.get_close_matches(tag, present, n=3, cutoff=0.4) or list(present)[:8]
        problems.append(
            f"{where}: hashtag '{tag}' of the samplesheet is not among the counts; the counts have "
            f"{', '.join(repr(name) for name in offers)}; correct the column 'hashtag'"
        )
    if problems:
        raise UserError(problems)
    return found


def _is_sequence(text: str) -> bool:
    """Recognise a hashtag's sequence, which CITE-seq-Count appends to its name."""
    return len(text) >= 8 and set(text) <= set("ACGTN")
