"""Call the hashtags of one capture, from files to files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sscite import command, names
from sscite.command import Facts, Rank
from sscite.demux import barcodes, checks, hashtag_calls, io, summary
from sscite.demux.hashtag_calls import METHODS, Calls
from sscite.errors import Reason, Skipped, UserError
from sscite.io import read_table, write_fragment

if TYPE_CHECKING:
    import numpy as np


log = logging.getLogger("sscite")
FRAGMENT = [names.HTO_CALL, names.HTO_CONFIDENCE, *(f"hto_{method}" for method in METHODS)]


def run(
    hashtag_counts: Path,
    output: Path | None = None,
    id: str | None = None,
    samples: Path | None = None,
    **options: Any,
) -> None:
    """Call the hashtag of every droplet of one capture and write the calls.

    Parameters
    ----------
    hashtag_counts
        Raw counts of one capture in any format, or the `.h5mu` of samples_load.
    output
        CSV of calls; without it the files of the pipeline, named by `id`.
    id
        Name of the capture; without it no summary, warnings and figures are written.
    samples
        samples.csv of samples_validate.
    options
        method, doublet_weight and seed, as in `hashtag_calls.call`.
    """
    if output is None and id is None:
        raise UserError("nothing to write: give --output calls.csv, or --id for the files of the pipeline")
    if output is not None and id is None:
        call_table(hashtag_counts, output, samples=samples, **options)
        return
    with command.step(
        "demux_call", str(id), seed=options.get("seed"), folder=output.parent if output else Path()
    ) as facts:
        try:
            result, meaning, notes = demultiplex(hashtag_counts, sheet_rows(samples, id), **options)
        except Skipped:
            if output is None:
                io.write_nothing(f"{id}.demux_call.parquet", FRAGMENT)
                io.write_nothing(f"{id}.demux_posteriors.parquet", [names.CALL_DOUBLET, names.CALL_NEGATIVE])
            raise
        report(result, facts, notes, unexpected_hashtags(result, meaning), seed=int(options.get("seed", 0)))
        write(result, str(id), output)


def sheet_rows(samples: Path | None, library: str | None) -> pd.DataFrame | None:
    """Return the rows of one library in the samplesheet; all rows if no library is named."""
    if samples is None:
        return None
    rows = read_table(samples)
    return rows if library is None else rows[rows["library_id"] == library]


def demultiplex(path: Path, rows: pd.DataFrame | None, **options: Any) -> tuple[Calls, dict[str, str], list[str]]:
    """Read and check the counts, join hashtags of one sample, and call.

    Returns
    -------
    The calls, the name in the sheet of each hashtag column, and notes.

    Raises
    ------
    Skipped
        The library or its rows of the sheet have no hashtags.
    UserError
        From reading and checking.
    """
    if rows is not None and not rows["hashtag"].str.strip().any():
        raise Skipped(Reason.NO_HASHTAGS, without_hashtags(rows))
    counts, genes, notes = _read(path, library=rows is not None and path.suffix == ".h5mu")
    tidied = checks.tidy(counts, where=str(path))
    counts, meaning = tidied.counts, {tag: tag for tag in tidied.counts}
    if rows is not None:
        counts, meaning, joined = barcodes.join(counts, list(rows["hashtag"]), where=str(path))
        notes = [*notes, *joined]
    depth = genes if tidied.depth is None else tidied.depth
    return hashtag_calls.call(counts, depth=depth, **options), meaning, [*notes, *tidied.notes]


def without_hashtags(rows: pd.DataFrame) -> str:
    """Describe how the samples of a library without hashtags are assigned."""
    return (
        "it holds one sample"
        if len(rows) == 1
        else f"its {len(rows)} samples are assigned by genotype or by a table of cells"
    )


def _read(path: Path, *, library: bool) -> tuple[pd.DataFrame, np.ndarray | None, list[str]]:
    """Read hashtag counts, the genes of each cell (of a library), and notes."""
    if library:
        return (*io.read_library(path), [])
    counts, notes = io.read_hashtags(path)
    return counts, None, notes


def call_table(path: Path, output: Path, *, samples: Path | None, **options: Any) -> None:
    """Call a bare table and write one CSV; warnings go to the log."""
    result, _, notes = demultiplex(path, sheet_rows(samples, None), **options)
    warnings = summary.warnings(result)
    for line in [*notes, *warnings]:
        log.warning(line)
    log.info("\n%s\n%s", result.hashtags.to_string(index=False), summary.sentence(result, warnings))
    io.write_calls(bare(result), output)


def write(result: Calls, id: str, output: Path | None) -> None:
    """Write the calls as one CSV or as the files of the pipeline."""
    if output is not None:
        io.write_calls(bare(result), output)
        return
    write_fragment(result.calls, Path(f"{id}.demux_call.parquet"))
    write_fragment(result.posteriors, Path(f"{id}.demux_posteriors.parquet"))


def bare(result: Calls) -> pd.DataFrame:
    """Arrange calls for the bare table: call, confidence, posteriors, one column per method."""
    calls = result.calls.rename(columns={names.HTO_CALL: "call", names.HTO_CONFIDENCE: "confidence"})
    calls.columns = calls.columns.str.removeprefix("hto_")
    posteriors = result.posteriors.add_prefix("posterior_")
    return pd.concat([calls[["call", "confidence"]].round(5), posteriors.round(5), calls[list(METHODS)]], axis=1)


def unexpected_hashtags(result: Calls, meaning: dict[str, str]) -> list[str]:
    """List the hashtags of more than 1% of the droplets that the sheet gives to no sample."""
    return [
        f"hashtag '{row.hashtag}' belongs to no sample of the samplesheet, but {row.called:,} droplets have it"
        for row in result.hashtags.itertuples()
        if row.hashtag not in meaning and row.called > 0.01 * len(result.calls) and row.quality != "absent"
    ]


def report(result: Calls, facts: Facts, notes: list[str], unexpected: list[str], *, seed: int) -> None:
    """Fill the step summary: numbers, sentence, warnings, tables, figures."""
    from sscite.demux import figures

    warnings = [*unexpected, *summary.warnings(result)]
    facts.number(**summary.numbers(result))
    for line in [*warnings, *notes]:
        facts.warn(line, rank=Rank.CHECK)
    facts.summary(summary.sentence(result, warnings))
    methods = summary.methods(result)
    facts.table(
        "hashtags",
        result.hashtags,
        "Hashtags",
        "Median counts of a cell with the hashtag and of its background",
    )
    facts.table("methods", methods, "Methods", "Joint model and two independent comparison methods")
    facts.table("confidence", summary.expected_accuracy(result), "Confidence of the calls")
    facts.figure("counts", figures.counts(result), "Counts of each hashtag and the fitted background and signal")
    facts.figure("droplets", figures.droplets(result, seed=seed), "Hashtag counts of droplets, sorted by call")
    facts.figure("doublets", figures.doublets(methods, result.model.expected_doublets), "Doublets called and expected")
    if len(methods) > 1:
        facts.figure("agreement", figures.agreement(result), "Agreement of the methods with the joint model")
