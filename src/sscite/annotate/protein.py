"""Check a library's labels against its surface proteins: read, decide, report, write."""

from __future__ import annotations

from pathlib import Path

from sscite import command
from sscite.annotate import protein_check
from sscite.annotate.protein_decision import check_by_protein, unchecked
from sscite.errors import Skipped
from sscite.io import read_fragment, read_table, write_fragment


def run(labels: Path, proteins: Path, *, panel: Path | None, id: str) -> None:
    """Check a library's labels against its proteins, and write labels and summary."""
    given = read_fragment(labels)
    with command.step("annotate_protein", id) as facts:
        frame = unchecked(given)
        try:
            values = protein_check.gating_values(given, read_fragment(proteins), read_table(panel) if panel else None)
            frame, found = check_by_protein(given, values)
            protein_check.report_protein(facts, given, frame, values, found)
        except Skipped as skipped:
            facts.skip(skipped)
    write_fragment(frame, Path(f"{command.file_stem(id)}.annotate_protein.parquet"))
