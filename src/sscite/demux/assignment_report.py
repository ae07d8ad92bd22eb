"""The summary of a library's sample assignment: cells per sample, the matching of genotypes, warnings, confusion."""

from __future__ import annotations

import pandas as pd

from sscite import names
from sscite.command import Facts, Rank
from sscite.demux.genotype_matching import Matching
from sscite.formats.genotypes import CALL

MIN_MARGIN = 0.05
MIN_AGREEMENT = 0.8


def report(
    frame: pd.DataFrame, matching: Matching | None, rows: pd.DataFrame, facts: Facts, *, evidence: str | None = None
) -> None:
    """Fill the step summary: cells per sample, the matching, warnings, confusion; `evidence` if neither of the two."""
    counts = frame[names.SAMPLE].value_counts().reindex(rows["sample"], fill_value=0)
    assigned = int((frame[names.SAMPLE] != "").sum())
    facts.number(cells=len(frame), assigned=assigned, samples=len(rows))
    for sample in counts.index[counts == 0]:
        facts.warn(f"sample '{sample}' has no cells", rank=Rank.CHECK)
    table = rows[["sample", "donor", "tissue", "hashtag"]].assign(cells=counts.to_numpy())
    facts.table("samples", table, "Cells of each sample")
    samples = f"one of {len(rows)} samples" if len(rows) > 1 else "the sample of the library"
    sentence = f"{assigned:,} of {len(frame):,} cells are assigned to {samples}"
    if matching is None:
        hashed = (frame[names.HTO_CALL] != "").any()
        by = (" by hashtags" if hashed else "") if evidence is None else evidence
        facts.summary(f"{sentence}{by}.")
        return
    agreement = agreed(matching)
    facts.number(genotype_agreement=agreement, matching_margin=matching.margin, swapped=len(matching.swapped))
    for warning in warnings(matching, agreement, rows):
        facts.warn(warning, rank=Rank.CHECK)
    _report_confusion(frame, matching, facts)
    facts.summary(f"{sentence}, {_agreement_phrase(agreement)}{_swap_phrase(matching.swapped)}.")


def _agreement_phrase(agreement: float | None) -> str:
    """Describe which evidence assigned the samples."""
    if agreement is None:
        return "by genotypes"
    return f"by hashtags and genotypes, which agree on {agreement:.1%} of the droplets with both calls"


def _swap_phrase(swapped: list[str]) -> str:
    """Name the swapped samples."""
    return f"; SWAPPED SAMPLES: {', '.join(swapped)}" if swapped else ""


def _report_confusion(frame: pd.DataFrame, matching: Matching, facts: Facts) -> None:
    """Add the matching and the hashtag calls against genotypes."""
    from sscite.demux import figures

    facts.table("matching", pairs(matching), "Genotypes matched to samples", "Droplets with confident calls by both")
    confusion = pd.crosstab(frame[names.HTO_CALL].replace("", "no hashtags"), frame[CALL])
    facts.table("confusion", confusion.reset_index(), "Hashtag calls against genotypes")
    figure = figures.confusion(confusion, rows="hashtag call", columns="genotype")
    facts.figure("confusion", figure, "Hashtag calls against genotypes")


def pairs(matching: Matching) -> pd.DataFrame:
    """List each sample with its genotype and the number of confident droplets that have it."""
    rows = []
    for sample, row in matching.table.iterrows():
        genotype = matching.genotype.get(str(sample), "")
        rows.append((sample, genotype, int(row.get(genotype, 0)), int(row.sum()), sample in matching.swapped))
    return pd.DataFrame(rows, columns=["sample", "genotype", "cells_alike", "cells", "swapped"])


def agreed(matching: Matching) -> float | None:
    """Compute the fraction of confident droplets whose genotype is that of their sample; None without any."""
    total = matching.table.to_numpy().sum()
    alike = sum(matching.table.loc[s].get(g, 0) for s, g in matching.genotype.items() if s in matching.table.index)
    return float(alike / total) if total else None


def warnings(matching: Matching, agreement: float | None, rows: pd.DataFrame) -> list[str]:
    """List the warnings about the matching."""
    warned = []
    for sample in matching.swapped:
        row = matching.table.loc[sample]
        named = matching.genotype.get(sample, "")
        owner = [s for s, g in matching.genotype.items() if g == row.idxmax()]
        warned.append(
            f"SWAPPED? {row.max():,} of {row.sum():,} cells with the hashtag of sample '{sample}' have genotype "
            f"'{row.idxmax()}'{f' (sample {owner[0]})' if owner else ''}, not '{named}' as the sheet says "
            f"({row.get(named, 0):,} cells). Nothing was changed: the cells keep the sample of their hashtag. Find out "
            "which label is wrong before using them"
        )
    if not matching.given and matching.margin < MIN_MARGIN:
        warned.append(
            "genotypes were matched to samples by best agreement, but another matching is almost as good "
            f"(margin {matching.margin:.1%})"
        )
    if agreement is not None and agreement < MIN_AGREEMENT:
        warned.append(
            f"hashtags and genotypes agree on {agreement:.0%} of the droplets with both calls: "
            "one of the two is wrong for many cells"
        )
    unmatched = [s for s in rows["sample"] if s not in matching.genotype]
    if unmatched and matching.genotype:
        warned.append(f"no genotype was matched to {', '.join(unmatched)}")
    return warned
