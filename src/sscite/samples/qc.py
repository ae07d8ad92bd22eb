"""Flag cells by fixed limits and by distance from the library's median. Nothing is dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite import totals
from sscite.errors import UserError
from sscite.names import N_COUNTS, N_GENES, PCT_MT, QC_PASS, QC_REASON

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

WHOLE_TRANSCRIPTOME = 5000  # genes; a library with fewer is a targeted panel


@dataclass(frozen=True)
class Limit:
    """A cell whose `column` lies below `low` or above `high` is flagged with `reason`."""

    reason: str
    column: str
    low: float = -np.inf
    high: float = np.inf

    def flags(self, metrics: pd.DataFrame) -> NDArray[np.bool_]:
        """Flag cells; a missing value is not flagged."""
        values = metrics[self.column].to_numpy(float)
        return (values < self.low) | (values > self.high)


def measure(matrix: sparse.csr_matrix, mt: NDArray[np.bool_]) -> pd.DataFrame:
    """Compute the genes, counts and percent of mitochondrial counts of each cell.

    Parameters
    ----------
    matrix
        cells × genes.
    mt
        Mitochondrial genes; if there is none, the percent is NaN.
    """
    counts = totals.per_cell(matrix)
    if mt.any():
        of_mt = totals.per_cell(matrix[:, np.flatnonzero(mt)])
        percent = 100 * of_mt / np.maximum(counts, 1)
    else:
        percent = np.full(len(counts), np.nan)
    return pd.DataFrame({N_GENES: np.diff(matrix.indptr), N_COUNTS: counts, PCT_MT: percent})


def fixed_limits(panel: int, *, min_genes: float, max_genes: float, max_pct_mt: float) -> list[Limit]:
    """Return the limits that the user set; `min_genes` applies to whole transcriptomes only.

    Parameters
    ----------
    panel
        Genes that the library measures.
    """
    return [
        Limit("few_genes", N_GENES, low=min_genes if panel >= WHOLE_TRANSCRIPTOME else -np.inf),
        Limit("many_genes", N_GENES, high=max_genes),
        Limit("high_mt", PCT_MT, high=max_pct_mt),
    ]


def mad_limits(metrics: pd.DataFrame, mads: float) -> list[Limit]:
    """Set limits at `mads` median absolute deviations from the median: genes and counts both ways on log1p, percent up.

    A measure without spread (its MAD is 0) sets none. Heumos et al. 2023, doi:10.1038/s41576-023-00586-w.
    """
    limits = []
    for column, reason in ((N_COUNTS, "outlier_counts"), (N_GENES, "outlier_genes"), (PCT_MT, "outlier_mt")):
        values = metrics[column].dropna().to_numpy(float)
        values = values if column == PCT_MT else np.log1p(values)
        if mads <= 0 or len(values) == 0:
            continue
        centre = np.median(values)
        spread = mads * np.median(np.abs(values - centre))
        if spread == 0:
            continue
        if column == PCT_MT:
            limits.append(Limit(reason, column, high=centre + spread))
        else:
            limits.append(Limit(reason, column, low=np.expm1(centre - spread), high=np.expm1(centre + spread)))
    return limits


def flag(metrics: pd.DataFrame, limits: list[Limit]) -> pd.DataFrame:
    """Add `qc_pass` and `qc_reason` (reasons joined with `;`, empty if the cell passes)."""
    flags = np.column_stack([limit.flags(metrics) for limit in limits] or [np.zeros(len(metrics), bool)])
    names = np.array([limit.reason for limit in limits])
    reasons = [";".join(names[row]) for row in flags] if limits else [""] * len(metrics)
    return metrics.assign(**{QC_PASS: ~flags.any(axis=1), QC_REASON: reasons})


def parse_tissue_limits(text: str) -> tuple[dict[str, float], float]:
    """Read `blood=20,kidney=40,20`: one limit per tissue, and a bare number for all others (100 if there is none).

    Raises
    ------
    UserError
        A part is neither a number nor tissue=number, or not between 0 and 100.
    """
    limits, other = {}, 100.0
    for part in [part.strip() for part in text.split(",") if part.strip()]:
        tissue, _, number = part.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = -1
        if not 0 <= value <= 100:
            raise UserError(
                f"--max_pct_mt: '{part}' is not a valid limit; use tissue=percent pairs and a percent for all others, "
                "such as blood=20,kidney=40,20"
            )
        if tissue:
            limits[tissue.strip()] = value
        else:
            other = value
    return limits, other


def mt_limit(text: str, tissues: list[str]) -> tuple[float, list[str]]:
    """Return the limit of a library: the highest of its tissues', as cells are not yet assigned to samples.

    Returns
    -------
    The limit in percent, and a warning if tissues differ.
    """
    limits, other = parse_tissue_limits(text)
    each = {tissue: limits.get(tissue, other) for tissue in tissues}
    limit = max(each.values(), default=other)
    if len(set(each.values())) < 2:
        return limit, []
    listed = ", ".join(f"{tissue} {value:g}%" for tissue, value in each.items())
    return limit, [f"its tissues have different mitochondrial limits ({listed}): the highest is applied to all cells"]
