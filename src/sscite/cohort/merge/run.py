"""Join all libraries and what each step found about their cells into merged.h5mu."""

from __future__ import annotations

from pathlib import Path

from sscite import command
from sscite.cohort.merge.libraries import find_libraries, merge_libraries, write_empty
from sscite.errors import Skipped


def run(*, libraries: Path, fragments: Path, genes: str, id: str) -> None:
    """Join all libraries and what each step found about their cells into merged.h5mu."""
    with command.step("cohort_merge", id) as facts:
        try:
            report = merge_libraries(
                find_libraries(libraries, fragments),
                genes=genes,
                out=Path("merged.h5mu"),
            )
        except Skipped as skipped:
            facts.skip(skipped)
            write_empty(Path("merged.h5mu"))
            return
        facts.number(**report.numbers)
        facts.summary(report.summary)
        for sentence in report.warnings:
            facts.warn(sentence)
        for name, (frame, title, caption) in report.tables.items():
            facts.table(name, frame, title, caption)
        from sscite.cohort import umap_figures

        figure, caption = umap_figures.libraries(report.cells)
        facts.figure("cells", figure, "Cells of each library", caption)
