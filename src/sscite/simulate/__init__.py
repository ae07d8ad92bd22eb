"""Cohorts with planted truth.

Without cells, in milliseconds, for calibration and power: `design`, `compositions`, `pseudobulk`. With cells, library
by library, as files that a sequencing core delivers: `bin/simulate_cohort.py`.
"""

from sscite.simulate.composition import compositions, depths, expected_proportions, proportions
from sscite.simulate.expression import pseudobulk
from sscite.simulate.plan import EFFECTS, STUDY_GROUPS, design, folds
from sscite.simulate.profiles import build, gene_sets, subsets

__all__ = [
    "EFFECTS", "STUDY_GROUPS", "build", "compositions", "depths", "design", "expected_proportions", "folds",
    "gene_sets", "proportions", "pseudobulk", "subsets",
]  # fmt: skip
