"""Which sample each cell of a library is: the task behind bin/demux_genotypes.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sscite import names
from sscite.demux import barcodes, checks, genotypes, reconcile
from sscite.demux.genotypes import CALL, CONFIDENCE, UNASSIGNED, Matching
from sscite.errors import UserError
from sscite.formats import match_barcodes
from sscite.formats.genotypes import read_genotypes, unknown_donors
from sscite.io import read_fragment, read_obs, read_table, write_fragment

if TYPE_CHECKING:
    from sscite.command import Facts

MIN_MARGIN = 0.05
MIN_AGREEMENT = 0.8


def write(
    id: str, facts: Facts, *, library: Path, calls: Path, posteriors: Path, samples: Path, genotypes: Path | None
) -> None:
    """Read, assign, write the fragment and the facts."""
    rows = read_table(samples)
    rows = rows[rows["library_id"] == id]
    cells = read_obs(library).index.astype(str)
    called, evidence = read_fragment(calls), read_fragment(posteriors)
    given = None
    if genotypes is not None:
        table = read_genotypes(genotypes)
        problems = unknown_donors(rows["genotype_donor"], table, where=str(genotypes))
        if problems:
            raise UserError(problems)
        given = genotype_calls(table, cells, where=str(genotypes))
    if len(called) == 0:
        if len(rows) > 1 and given is None:
            raise UserError(
                f"library '{id}' has {len(rows)} samples but neither hashtags nor genotype calls tell them apart; give "
                "the column 'hashtag' or 'genotype_calls'"
            )
        called = called.reindex(cells).fillna({name: "" for name in called.columns if name != names.HTO_CONFIDENCE})
        evidence = unhashed(cells, rows, where=f"library '{id}'")
    frame, matching = assign(called, evidence, rows, given)
    write_fragment(frame, Path(f"{id}.demux_genotypes.parquet"))
    report(frame, matching, rows, facts)


def unhashed(cells: pd.Index, rows: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Evidence of a library without hashtags: its one sample, or all of its samples alike."""
    if len(rows) == 0:
        raise UserError(f"{where} has no row in the samplesheet")
    return pd.DataFrame(1 / len(rows), index=cells, columns=list(rows["sample"]))


def genotype_calls(table: pd.DataFrame, cells: pd.Index, *, where: str) -> pd.DataFrame:
    """Bring genotype calls into the order of the cells; cells without one are unassigned.

    Raises
    ------
    UserError
        Fewer than one cell in ten is in the table.
    """
    parsed = genotypes.parse(table, where=where)
    bare = [cell.rsplit(":", 1)[-1] for cell in cells]
    position = match_barcodes(bare, parsed.index.astype(str).to_numpy())
    found = position >= 0
    if found.mean() < 0.1:
        raise UserError(
            f"{where}: {found.sum():,} of {len(cells):,} cells are in the table (it has '{parsed.index[0]}', "
            f"the library '{bare[0]}'); give the calls of this library, with barcodes as the counts have them"
        )
    ordered = parsed.iloc[position].set_axis(cells)
    ordered.loc[~found, CALL] = UNASSIGNED
    ordered.loc[~found, CONFIDENCE] = 0.0
    return ordered


def samples_of(rows: pd.DataFrame, columns: list[str]) -> tuple[dict[str, str], str | None]:
    """Give the sample of each posterior column, and the sample without a hashtag.

    Raises
    ------
    UserError
        Several samples of the library lack a hashtag.
    """
    found: dict[str, str] = {}
    for text, sample in zip(rows["hashtag"], rows["sample"], strict=True):
        if text in columns:
            found[text] = sample
        elif barcodes.split(text):
            named = checks.find_tags(barcodes.split(text), columns, where="posteriors")
            found |= dict.fromkeys(named.values(), sample)
    bare = list(rows["sample"][~rows["hashtag"].str.strip().astype(bool)])
    if len(bare) > 1:
        raise UserError(
            f"samples {', '.join(bare)} of one library have no hashtag: at most one can be told by having none"
        )
    return found, bare[0] if bare else None


def assign(
    called: pd.DataFrame, posteriors: pd.DataFrame, rows: pd.DataFrame, given: pd.DataFrame | None
) -> tuple[pd.DataFrame, Matching | None]:
    """Give each cell its sample.

    Parameters
    ----------
    called
        Fragment of demux_call.
    posteriors
        Its posteriors; or a column per sample where the library has no hashtags.
    rows
        The sheet's rows of the library.
    given
        Genotype calls in the order of the cells, or None.

    Returns
    -------
    The fragment, and the matching of genotypes to samples.
    """
    hashed = names.CALL_NEGATIVE in posteriors
    if hashed:
        sample_of, bare = samples_of(rows, list(posteriors.columns))
        evidence = reconcile.hashtag_evidence(posteriors, sample_of, bare)
        state = called[names.HTO_CALL].map(sample_of | ({names.CALL_NEGATIVE: bare} if bare else {})).fillna("")
        evidence = reconcile.follow(evidence, called, state)
    else:
        evidence = reconcile.plain_evidence(posteriors)
        state = evidence.idxmax(axis=1) if len(rows) == 1 else pd.Series("", index=evidence.index)
    matching = None
    if given is not None:
        sure = (state != "") & (given[CALL] != UNASSIGNED) & (given[CALL] != names.CALL_DOUBLET)
        if hashed:
            sure &= called[names.HTO_CONFIDENCE] >= genotypes.SURE
        sheet = dict(zip(rows["sample"], rows["genotype_donor"], strict=True))
        donors = dict(zip(rows["sample"], rows["donor"], strict=True))
        matching = genotypes.match(state[sure], given[CALL][sure], sheet, donors)
        state = reconcile.combine(evidence, reconcile.genotype_evidence(given, matching, list(evidence.columns)))[0]
    return _fragment(state, rows, called, given), matching


def _fragment(state: pd.Series, rows: pd.DataFrame, called: pd.DataFrame, given: pd.DataFrame | None) -> pd.DataFrame:
    """Set sample, donor and tissue beside the calls; all three are empty where no sample is called."""
    sheet = rows.set_index("sample")
    sample = state.where(state.isin(sheet.index), "")
    frame = pd.DataFrame({names.SAMPLE: sample.to_numpy()}, index=called.index)
    for column in (names.DONOR, names.TISSUE):
        frame[column] = frame[names.SAMPLE].map(sheet[column]).fillna("")
    frame = pd.concat([frame, called], axis=1)
    frame[CALL] = "" if given is None else given[CALL].to_numpy()
    frame[CONFIDENCE] = float("nan") if given is None else given[CONFIDENCE].to_numpy()
    frame[names.HTO_CONFIDENCE] = frame[names.HTO_CONFIDENCE].astype(float)
    return frame


def report(frame: pd.DataFrame, matching: Matching | None, rows: pd.DataFrame, facts: Facts) -> None:
    """Fill the facts: cells per sample, the matching, warnings, confusion."""
    from sscite.demux import figures

    counts = frame[names.SAMPLE].value_counts().reindex(rows["sample"], fill_value=0)
    table = rows[["sample", "donor", "tissue", "hashtag"]].assign(cells=counts.to_numpy())
    unassigned = int((frame[names.SAMPLE] == "").sum())
    facts.number(cells=len(frame), assigned=len(frame) - unassigned, samples=len(rows))
    for sample in counts.index[counts == 0]:
        facts.warn(f"sample '{sample}' has no cells")
    facts.table("samples", table, "Cells of each sample")
    said = f"{len(frame) - unassigned:,} of {len(frame):,} cells belong to one of {len(rows)} samples"
    if matching is None:
        facts.verdict(f"{said}, by {'hashtag' if (frame[names.HTO_CALL] != '').any() else 'library'} alone.")
        return
    agreement = agreed(matching)
    facts.number(genotype_agreement=agreement, matching_margin=matching.margin, swapped=len(matching.swapped))
    for sentence in concerns(matching, agreement, rows):
        facts.warn(sentence)
    facts.table("matching", pairs(matching), "Genotypes matched to samples", "Droplets that both call with confidence")
    everything = pd.crosstab(frame[names.HTO_CALL].replace("", "no hashtags"), frame[CALL])
    facts.table("confusion", everything.reset_index(), "Hashtag calls against genotypes")
    facts.figure(
        "confusion",
        figures.confusion(everything, rows="hashtag call", columns="genotype"),
        "Hashtag calls against genotypes",
    )
    told = (
        "" if agreement is None else f"; hashtags and genotypes agree on {agreement:.1%} of the droplets that both call"
    )
    facts.verdict(f"{said}{told}{'; SWAPPED SAMPLES: ' + ', '.join(matching.swapped) if matching.swapped else ''}.")


def pairs(matching: Matching) -> pd.DataFrame:
    """List each sample with its genotype and the sure droplets that have it."""
    rows = []
    for sample, row in matching.table.iterrows():
        genotype = matching.genotype.get(str(sample), "")
        rows.append((sample, genotype, int(row.get(genotype, 0)), int(row.sum()), sample in matching.swapped))
    return pd.DataFrame(rows, columns=["sample", "genotype", "cells_alike", "cells", "swapped"])


def agreed(matching: Matching) -> float | None:
    """Share of the sure droplets whose genotype is their sample's; None where there are none."""
    total = matching.table.to_numpy().sum()
    alike = sum(matching.table.loc[s].get(g, 0) for s, g in matching.genotype.items() if s in matching.table.index)
    return float(alike / total) if total else None


def concerns(matching: Matching, agreement: float | None, rows: pd.DataFrame) -> list[str]:
    """Say what is wrong with the matching."""
    found = []
    for sample in matching.swapped:
        row = matching.table.loc[sample]
        named = matching.genotype.get(sample, "")
        owner = [s for s, g in matching.genotype.items() if g == row.idxmax()]
        found.append(
            f"SWAPPED? {row.max():,} of {row.sum():,} cells with the hashtag of sample '{sample}' have genotype "
            f"'{row.idxmax()}'{f' (sample {owner[0]})' if owner else ''}, not '{named}' as the sheet says "
            f"({row.get(named, 0):,} cells). Nothing was changed: the cells keep the sample of their hashtag. Find out "
            "which label is wrong before using them"
        )
    if not matching.given and matching.margin < MIN_MARGIN:
        found.append(
            "genotypes were matched to samples by best agreement, but another matching is almost as good "
            f"(margin {matching.margin:.1%})"
        )
    if agreement is not None and agreement < MIN_AGREEMENT:
        found.append(
            f"hashtags and genotypes agree on {agreement:.0%} of the droplets that both call: "
            "one of the two is wrong for many cells"
        )
    unmatched = [s for s in rows["sample"] if s not in matching.genotype]
    if unmatched and matching.genotype:
        found.append(f"no genotype was matched to {', '.join(unmatched)}")
    return found
