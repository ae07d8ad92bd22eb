"""The loop that every question of the room shares: a contrast at a time, its facts, its table, its skips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sscite import command, io
from sscite.compare.contrast.contrast import Comparison, Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.errors import Reason, Skipped


def answer(
    question: str,
    contrasts: list[Contrast],
    samples: pd.DataFrame,
    ask: Callable[[Comparison, command.Facts], pd.DataFrame],
    columns: list[str],
    *,
    seed: int | None = None,
    min_donors: int = 3,
    folder: Path = Path(),
) -> None:
    """Ask a question of every contrast; write `<contrast_id>/<question>.csv` and its facts, also where it is skipped.

    Parameters
    ----------
    question
        Name of the question: `composition`.
    ask
        Takes the checked comparison and the open facts, gives the table; may raise Skipped.
    columns
        Header of the table of a skipped contrast.
    """
    if not contrasts:
        with command.step(f"compare_{question}", "cohort", seed=seed, folder=folder):
            raise Skipped(Reason.NO_CONTRAST)
    for contrast in contrasts:
        with command.step(f"compare_{question}", contrast.id, seed=seed, folder=folder) as facts:
            table = pd.DataFrame(columns=columns)
            try:
                comparison = compare(contrast, samples, min_donors=min_donors)
                for sentence in comparison.warnings:
                    facts.warn(sentence)
                table = ask(comparison, facts)
            except Skipped as skipped:
                facts.skip(skipped)
            (folder / contrast.id).mkdir(exist_ok=True)
            io.write_table(table, folder / contrast.id / f"{question}.csv")
