"""Run a step on every contrast: its eligibility, step summary, table, and the reason if it is skipped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.contrast import contrast as model
from sscite.compare.contrast.eligibility import compare
from sscite.errors import Reason, Skipped

Test = Callable[[model.Comparison, command.Facts], pd.DataFrame]


def for_each_contrast(
    step: str,
    test: Test,
    *,
    contrasts: Path,
    samples: Path,
    columns: Sequence[str],
    seed: int | None = None,
    min_donors: int = 3,
) -> None:
    """Test every contrast; write `<contrast_id>/<step>.csv` and the step summary, also of a contrast that is skipped.

    Parameters
    ----------
    step
        Name of the step within `compare`: `composition`.
    test
        Takes the eligible comparison and the open step summary, returns the table; may raise Skipped.
    contrasts, samples
        contrasts.csv and samples.csv of samples_validate.py.
    columns
        Header of the table of a skipped contrast.
    """
    plan, people = model.load(contrasts), model.load_samples(samples)
    if not plan:
        with command.step(f"compare_{step}", "cohort", seed=seed):
            raise Skipped(Reason.NO_CONTRAST)
    for contrast in plan:
        table = Path(contrast.id) / f"{step}.csv"
        with command.step(f"compare_{step}", contrast.id, seed=seed, empty={table: columns}) as facts:
            comparison = compare(contrast, people, min_donors=min_donors)
            for sentence in comparison.warnings:
                facts.warn(sentence, rank=command.Rank(comparison.ranks.get(sentence, "note")))
            frame = test(comparison, facts)
            table.parent.mkdir(exist_ok=True)
            io.write_table(frame, table)
