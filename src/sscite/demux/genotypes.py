"""Assign each cell of a library to a sample, from hashtags and genotypes, or from a table of cells and samples."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sscite import command, names
from sscite.demux import barcodes, cell_table, checks, genotype_matching, sample_probabilities
from sscite.demux.assignment_report import report
from sscite.demux.genotype_matching import Matching
from sscite.errors import UserError
from sscite.formats import match_barcodes
from sscite.formats.genotypes import CALL, CONFIDENCE, UNASSIGNED, parse, read_genotypes, unknown_donors
from sscite.io import read_fragment, read_obs, read_table, write_fragment


def run(
    id: str,
    library: Path,
    calls: Path,
    posteriors: Path,
    samples: Path,
    genotypes: Path | None = None,
    cell_samples: Path | None = None,
) -> None:
    """Assign each cell of a library to a sample; write `<id>.demux_genotypes.parquet` and the step summary.

    Parameters
    ----------
    id
        Identifier of the library in samples.csv.
    library
        The `.h5mu` of the library, for its cells.
    calls, posteriors
        Outputs of demux_call; without rows if the library has no hashtags.
    samples
        samples.csv of samples_validate.
    genotypes
        Genotype calls, or None.
    cell_samples
        Table of cells and samples, or None; with it neither hashtags nor genotypes are used.
    """
    with command.step("demux_genotypes", id) as facts:
        rows = read_table(samples)
        rows = rows[rows["library_id"] == id]
        cells = read_obs(library).index.astype(str)
        if cell_samples is not None:
            found = cell_table.read_aligned(cell_samples, cells, list(rows["sample"]))
            frame = _fragment(found.sample, rows, empty_calls(read_fragment(calls), cells), None)
            write_fragment(frame, Path(f"{id}.demux_genotypes.parquet"))
            report(frame, None, rows, facts, evidence=cell_table.phrase(found))
            cell_table.report(found, facts)
            return
        given = None if genotypes is None else read_aligned(genotypes, cells, rows["genotype_donor"])
        hashtags = read_fragment(calls), read_fragment(posteriors)
        if len(hashtags[0]) == 0:
            hashtags = without_hashtags(hashtags[0], cells, rows, id, genotyped=given is not None)
        frame, matching = assign(*hashtags, rows, given)
        write_fragment(frame, Path(f"{id}.demux_genotypes.parquet"))
        report(frame, matching, rows, facts)


def read_aligned(path: Path, cells: pd.Index, donors: pd.Series) -> pd.DataFrame:
    """Read genotype calls in the order of the cells.

    Raises
    ------
    UserError
        A genotype of the samplesheet is not in the table, or the table is of another library.
    """
    table = read_genotypes(path)
    problems = unknown_donors(donors, table, where=str(path))
    if problems:
        raise UserError(problems)
    return align_to_cells(table, cells, where=str(path))


def without_hashtags(
    called: pd.DataFrame, cells: pd.Index, rows: pd.DataFrame, id: str, *, genotyped: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return empty calls and uniform posteriors of the cells of a library without hashtags.

    Raises
    ------
    UserError
        Several samples and no genotype calls.
    """
    if len(rows) > 1 and not genotyped:
        raise UserError(
            f"library '{id}' has {len(rows)} samples but neither hashtags nor genotype calls tell them apart; give "
            "the column 'hashtag', 'genotype_calls' or 'cell_samples'"
        )
    return empty_calls(called, cells), unhashed(cells, rows, where=f"library '{id}'")


def empty_calls(called: pd.DataFrame, cells: pd.Index) -> pd.DataFrame:
    """Return the hashtag calls of cells, empty if the library has none."""
    text = {name: "" for name in called.columns if name != names.HTO_CONFIDENCE}
    return called.reindex(cells).fillna(text)


def unhashed(cells: pd.Index, rows: pd.DataFrame, *, where: str) -> pd.DataFrame:
    """Return the posteriors without hashtags: the one sample, or all samples with equal probability."""
    if len(rows) == 0:
        raise UserError(f"{where} has no row in the samplesheet")
    return pd.DataFrame(1 / len(rows), index=cells, columns=list(rows["sample"]))


def align_to_cells(table: pd.DataFrame, cells: pd.Index, *, where: str) -> pd.DataFrame:
    """Align genotype calls to the cells; cells without one are unassigned.

    Raises
    ------
    UserError
        Fewer than one cell in ten is in the table.
    """
    parsed = parse(table, where=where)
    bare = [cell.rsplit(":", 1)[-1] for cell in cells]
    position = match_barcodes(bare, parsed.index.astype(str).to_numpy())
    present = position >= 0
    if present.mean() < 0.1:
        raise UserError(
            f"{where}: {present.sum():,} of {len(cells):,} cells are in the table (it has '{parsed.index[0]}', "
            f"the library '{bare[0]}'); give the calls of this library, with barcodes as the counts have them"
        )
    ordered = parsed.iloc[position].set_axis(cells)
    ordered.loc[~present, CALL] = UNASSIGNED
    ordered.loc[~present, CONFIDENCE] = 0.0
    return ordered


def samples_of(rows: pd.DataFrame, columns: list[str]) -> tuple[dict[str, str], str | None]:
    """Return the sample of each posterior column, and the sample without a hashtag.

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
            f"samples {', '.join(bare)} of one library have no hashtag: at most one can be identified by having none"
        )
    return found, bare[0] if bare else None


def assign(
    called: pd.DataFrame, posteriors: pd.DataFrame, rows: pd.DataFrame, given: pd.DataFrame | None
) -> tuple[pd.DataFrame, Matching | None]:
    """Assign each cell to a sample.

    Parameters
    ----------
    called
        Fragment of demux_call.
    posteriors
        Its posteriors; or one column per sample if the library has no hashtags.
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
        evidence = sample_probabilities.hashtag_evidence(posteriors, sample_of, bare)
        state = called[names.HTO_CALL].map(sample_of | ({names.CALL_NEGATIVE: bare} if bare else {})).fillna("")
        evidence = sample_probabilities.follow(evidence, called, state)
    else:
        evidence = sample_probabilities.plain_evidence(posteriors)
        state = evidence.idxmax(axis=1) if len(rows) == 1 else pd.Series("", index=evidence.index)
    matching = None
    if given is not None:
        sure = (state != "") & (given[CALL] != UNASSIGNED) & (given[CALL] != names.CALL_DOUBLET)
        if hashed:
            sure &= called[names.HTO_CONFIDENCE] >= genotype_matching.SURE
        sheet = dict(zip(rows["sample"], rows["genotype_donor"], strict=True))
        donors = dict(zip(rows["sample"], rows["donor"], strict=True))
        matching = genotype_matching.match(state[sure], given[CALL][sure], sheet, donors)
        evidence = sample_probabilities.combine(
            evidence, sample_probabilities.genotype_evidence(given, matching, list(evidence.columns))
        )
        state = sample_probabilities.resolve(evidence)
    doublet = evidence[names.CALL_DOUBLET] if hashed or given is not None else None
    return _fragment(state, rows, called, given, doublet=doublet), matching


def _fragment(
    state: pd.Series, rows: pd.DataFrame, called: pd.DataFrame, given: pd.DataFrame | None,
    *, doublet: pd.Series | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Add sample, donor and tissue to the calls, empty if no sample is called, and the probability of two samples."""
    sheet = rows.set_index("sample")
    sample = state.where(state.isin(sheet.index), "")
    frame = pd.DataFrame({names.SAMPLE: sample.to_numpy()}, index=called.index)
    for column in (names.DONOR, names.TISSUE):
        frame[column] = frame[names.SAMPLE].map(sheet[column]).fillna("")
    frame = pd.concat([frame, called], axis=1)
    frame[CALL] = "" if given is None else given[CALL].to_numpy()
    frame[CONFIDENCE] = float("nan") if given is None else given[CONFIDENCE].to_numpy()
    frame[names.HTO_CONFIDENCE] = frame[names.HTO_CONFIDENCE].astype(float)
    frame[names.DEMUX_DOUBLET] = float("nan") if doublet is None else doublet.to_numpy(dtype=float)
    return frame
