"""Follow genes, signatures and subsets over the stages at which the same donor was sampled."""

from __future__ import annotations

from pathlib import Path

from sscite import command, io
from sscite.compare.contrast.contrast import load_samples
from sscite.compare.pseudobulk.files import read_composition, read_pseudobulk
from sscite.compare.stage import longitudinal, report


def run(
    *, composition: Path, pseudobulk: Path, cells: Path, samples: Path, stage_features: str, min_cells_per_sample: int
) -> None:
    """Follow genes, signatures and subsets over the stages at which the same donor was sampled.

    The stage is the covariate that differs between a donor's samples of one tissue. Writes stage/stage.csv and
    stage/stage_changes.csv. A p value is reported only if six or more donors were sampled at both stages.
    """
    counted = read_composition(composition)
    features = [name.strip() for name in stage_features.split(",") if name.strip()]
    tables = {
        Path("stage/stage.csv"): longitudinal.COLUMNS,
        Path("stage/stage_changes.csv"): longitudinal.SUMMARY,
    }
    with command.step("compare_stage", "cohort", empty=tables) as facts:
        frames = report.report_stages(
            counted, read_pseudobulk(pseudobulk), io.read_fragment(cells), load_samples(samples), facts,
            features=features, min_cells=min_cells_per_sample,
        )  # fmt: skip
        Path("stage").mkdir(exist_ok=True)
        for path, frame in zip(tables, frames, strict=True):
            io.write_table(frame, path)
