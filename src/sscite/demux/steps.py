"""The two tasks of the room, from files to files: what bin/demux_call.py and bin/demux_genotypes.py run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sscite import names
from sscite.demux import barcodes, checks, io, verdict
from sscite.demux import call as calling
from sscite.demux.call import METHODS, Calls
from sscite.errors import Reason, Skipped
from sscite.io import read_table, write_fragment

if TYPE_CHECKING:
    from sscite.command import Facts

log = logging.getLogger("sscite")
FRAGMENT = [names.HTO_CALL, names.HTO_CONFIDENCE, *(f"hto_{method}" for method in METHODS)]


def sheet_rows(samples: Path | None, library: str | None) -> pd.DataFrame | None:
    """Give the samplesheet's rows of one library; all rows where no library is named."""
    if samples is None:
        return None
    rows = read_table(samples)
    return rows if library is None else rows[rows["library_id"] == library]


def demultiplex(path: Path, rows: pd.DataFrame | None, **options: Any) -> tuple[Calls, dict[str, str], list[str]]:
    """Read, check, join hashtags that go together, and call.

    Returns
    -------
    The calls, the sheet's name of each hashtag column, and notes.

    Raises
    ------
    Skipped
        The library or its rows of the sheet have no hashtags.
    UserError
        From reading and checking.
    """
    if rows is not None and not rows["hashtag"].str.strip().any():
        raise Skipped(Reason.NO_HASHTAGS)
    if rows is not None and path.suffix == ".h5mu":
        notes: list[str] = []
        counts, genes = io.read_library(path)
    else:
        (counts, notes), genes = io.read_hashtags(path), None
    tidied = checks.tidy(counts, where=str(path))
    counts, meaning = tidied.counts, {tag: tag for tag in tidied.counts}
    if rows is not None:
        counts, meaning, said = barcodes.join(counts, list(rows["hashtag"]), where=str(path))
        notes += said
    depth = genes if tidied.depth is None else tidied.depth
    return calling.call(counts, depth=depth, **options), meaning, [*notes, *tidied.notes]


def call_table(path: Path, output: Path, *, samples: Path | None, **options: Any) -> None:
    """Call a bare table and write one CSV; what must be known goes to the log."""
    found, _, notes = demultiplex(path, sheet_rows(samples, None), **options)
    said = [*notes, *verdict.warnings(found)]
    for line in said:
        log.warning(line)
    log.info("\n%s\n%s", found.hashtags.to_string(index=False), verdict.sentence(found, verdict.warnings(found)))
    io.write_calls(bare(found), output)


def bare(found: Calls) -> pd.DataFrame:
    """Arrange calls as the bare table has them: call, confidence, posteriors, a column a method."""
    calls = found.calls.rename(columns={names.HTO_CALL: "call", names.HTO_CONFIDENCE: "confidence"})
    calls.columns = calls.columns.str.removeprefix("hto_")
    posteriors = found.posteriors.add_prefix("posterior_")
    return pd.concat([calls[["call", "confidence"]].round(5), posteriors.round(5), calls[list(METHODS)]], axis=1)


def call_library(
    path: Path, id: str, facts: Facts, *, output: Path | None, samples: Path | None, **options: Any
) -> None:
    """Call a library; write its fragment and posteriors (or a CSV), and the facts."""
    try:
        rows = sheet_rows(samples, id)
        found, meaning, notes = demultiplex(path, rows, **options)
    except Skipped as skipped:
        facts.skip(skipped)
        if output is None:
            io.write_nothing(f"{id}.demux_call.parquet", FRAGMENT)
            io.write_nothing(f"{id}.demux_posteriors.parquet", [names.CALL_DOUBLET, names.CALL_NEGATIVE])
        return
    report(found, facts, notes, _strays(found, meaning), seed=int(options.get("seed", 0)))
    if output is not None:
        io.write_calls(bare(found), output)
        return
    write_fragment(found.calls, Path(f"{id}.demux_call.parquet"))
    write_fragment(found.posteriors, Path(f"{id}.demux_posteriors.parquet"))


def _strays(found: Calls, meaning: dict[str, str]) -> list[str]:
    """Say which hashtags that the sheet does not name are carried all the same."""
    return [
        f"hashtag '{row.hashtag}' belongs to no sample of the sheet, yet {row.called:,} droplets carry it"
        for row in found.hashtags.itertuples()
        if row.hashtag not in meaning and row.called > 0.01 * len(found.calls) and row.verdict != "absent"
    ]


def report(found: Calls, facts: Facts, notes: list[str], strays: list[str], *, seed: int) -> None:
    """Fill the facts: numbers, verdict, warnings, tables, figures."""
    from sscite.demux import figures

    said = [*strays, *verdict.warnings(found)]
    facts.number(**verdict.numbers(found))
    for line in [*said, *notes]:
        facts.warn(line)
    facts.verdict(verdict.sentence(found, said))
    methods = verdict.methods(found)
    facts.table(
        "hashtags", found.hashtags, "Hashtags", "Median counts of a typical droplet with and without the hashtag"
    )
    facts.table("methods", methods, "Methods", "The witnesses do not vote")
    facts.table("confidence", verdict.expected_accuracy(found), "Confidence of the calls")
    facts.figure("counts", figures.counts(found), "Counts of each hashtag and the fitted background and signal")
    facts.figure("droplets", figures.droplets(found, seed=seed), "Hashtag counts of droplets, sorted by call")
    facts.figure("doublets", figures.doublets(methods, found.model.expected_doublets), "Doublets found and expected")
    if len(methods) > 1:
        facts.figure("agreement", figures.agreement(found), "Agreement of the methods with the joint model")
