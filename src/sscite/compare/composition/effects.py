"""Effects on the frequencies of subsets and their tests, of donors that were thinned to the same depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.compare.composition import closure, depth, frequency
from sscite.compare.composition.frequency import Measures
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.statistics import group_effects, poisson_lognormal
from sscite.compare.statistics.distributions import t_p
from sscite.compare.statistics.group_effects import Effects
from sscite.compare.statistics.poisson_lognormal import LogFrequencies
from sscite.errors import Reason, Skipped

MIN_EXPECTED = 10  # cells expected in each group; with fewer the counts are too skewed for a t
THINNINGS = 5
LEVEL = 0.05


@dataclass(frozen=True)
class Fitted:
    """What can be tested in one comparison.

    Attributes
    ----------
    measures
        Tests with enough cells, also those that the contrast does not ask about.
    data
        Their log frequencies, of each thinning.
    expected
        (n_donors, n_tests): cells if all donors had the same frequency.
    untested
        Tests of the contrast with too few cells; the note says why.
    """

    measures: Measures
    data: list[LogFrequencies]
    expected: np.ndarray
    untested: Measures

    @property
    def of_contrast(self) -> np.ndarray:
        """Mark the tests of the family."""
        return self.measures.tests["of_contrast"].to_numpy()

    def places(self, table: pd.DataFrame) -> np.ndarray:
        """Find the rows of a table among the tests."""
        tests = pd.MultiIndex.from_frame(self.measures.tests[frequency.KEYS])
        return tests.get_indexer(pd.MultiIndex.from_frame(table[frequency.KEYS]))


def fit(measures: Measures, comparison: Comparison, *, seed: int = 0, thinnings: int = THINNINGS) -> Fitted:
    """Choose what can be tested, thin the donors to the same depth and fit the count model.

    The choice looks at the numbers of cells that are expected if all donors have the same frequencies.
    """
    group, tests = comparison.donors["group"].to_numpy(), measures.tests
    kept = depth.kept_cells(measures.total, group, paired=comparison.paired)
    frequency = measures.cells.sum(axis=0) / np.maximum(measures.whole.sum(axis=0), 1)
    expected = measures.whole * frequency
    left = expected * (kept / np.maximum(measures.total, 1))[:, None]
    least = np.minimum(left[group == 0].sum(axis=0), left[group == 1].sum(axis=0))
    few = f"fewer than {MIN_EXPECTED} cells expected in one group"
    note = np.where((tests["note"] == "") & (least < MIN_EXPECTED), few, tests["note"])
    enough, of_contrast = note == "", tests["of_contrast"].to_numpy()
    if not (enough & of_contrast).any():
        raise Skipped(Reason.TOO_FEW_CELLS, "no subset has cells in enough donors")
    rng = np.random.default_rng([seed, 6])
    times = thinnings if (kept < measures.total).any() else 1
    drawn = [each.select(enough) for each in depth.thin(measures, kept, rng, times=times)]
    data = [poisson_lognormal.fit(each.cells, each.whole) for each in drawn]
    noted = Measures(tests.assign(note=note), measures.cells, measures.whole)
    return Fitted(noted.select(enough), data, expected[:, enough], noted.select(~enough & of_contrast))


@dataclass(frozen=True)
class Arranged:
    """Effects under arrangements of the donors, the observed one first; of each thinning.

    Attributes
    ----------
    share
        Effects on the log frequency as it is.
    centred
        (n_arrangements, n_tests): effect measured from its centre.
    """

    share: list[Effects]
    centred: list[np.ndarray]

    @property
    def effect(self) -> np.ndarray:
        """Return the observed effect of each test measured from its centre, (n_tests,)."""
        return median_of([each[0] for each in self.centred])

    @property
    def centre(self) -> np.ndarray:
        """What the observed effects are measured from, (n_tests,)."""
        return median_of([each.effect[0] - centred[0] for each, centred in zip(self.share, self.centred, strict=True)])

    @property
    def error(self) -> np.ndarray:
        """Return its standard error, (n_tests,)."""
        return median_of([np.sqrt(each.variance[0]) for each in self.share])

    @property
    def t(self) -> list[np.ndarray]:
        """Return the statistic of the primary test under all arrangements, of each thinning."""
        return [centred / np.sqrt(each.variance) for centred, each in zip(self.centred, self.share, strict=True)]

    def p(self, at: int = 0) -> np.ndarray:
        """Return two-sided p of the primary test under one arrangement, (n_tests,): the median over the thinnings."""
        return median_of([t_p(t[at], each.df[at]) for t, each in zip(self.t, self.share, strict=True)])

    def chance_any(self, at: np.ndarray, unrelated: np.ndarray) -> float:
        """Return the share of the arrangements at a mask in which the primary test finds any of the tests `at`."""
        p = t_p(self.t[0][unrelated][:, at], self.share[0].df[unrelated][:, at])
        return float((p.min(axis=1) * p.shape[1] <= LEVEL).mean()) if unrelated.any() else float("nan")

    def share_p(self, at: int = 0) -> np.ndarray:
        """Return the same of the effects without a centre."""
        return median_of([t_p(each.effect[at] / np.sqrt(each.variance[at]), each.df[at]) for each in self.share])


def median_of(values: list[np.ndarray]) -> np.ndarray:
    """Return the median over the thinnings."""
    return np.median(values, axis=0)


def observed(fitted: Fitted, comparison: Comparison, donors: np.ndarray, centre: np.ndarray) -> Arranged:
    """Estimate effects of the donors at a mask with their own labels, measured from a given centre (n_tests,)."""
    pairs = int(comparison.donors["group"].to_numpy()[donors].sum())
    listed = np.ones((1, pairs)) if comparison.paired else np.arange(int(donors.sum()))[None]
    share = estimate(fitted, comparison, donors, listed)
    return Arranged(share, [each.effect - centre for each in share])


def arrange(fitted: Fitted, comparison: Comparison, donors: np.ndarray, listed: np.ndarray) -> Arranged:
    """Estimate effects of the donors at a mask under listed arrangements, measured from their centres."""
    share = estimate(fitted, comparison, donors, listed)
    tests = fitted.measures.tests
    return Arranged(share, [closure.correct(each.effect, each.variance, tests) for each in share])


def estimate(fitted: Fitted, comparison: Comparison, donors: np.ndarray, listed: np.ndarray) -> list[Effects]:
    """Estimate effects on the log frequency under listed arrangements (orders or, if paired, signs)."""
    group, tests = comparison.donors["group"].to_numpy()[donors], fitted.measures.tests
    held = differences(comparison, donors) if comparison.paired else nuisance(comparison, donors)
    every, share = np.ones(len(tests), dtype=bool), []
    for data in fitted.data:
        kept = data.select(donors, every)
        found = (
            group_effects.within(kept, held, listed)
            if comparison.paired
            else group_effects.between(kept, group, held, listed)
        )
        share.append(found)
    return share


def nuisance(comparison: Comparison, donors: np.ndarray) -> np.ndarray:
    """Return the nuisance design of the donors at a mask without columns that are constant among them."""
    held = frequency.nuisance(comparison)[donors]
    return held[:, (np.ptp(held, axis=0) > 0) | (np.arange(held.shape[1]) == 0)]


def differences(comparison: Comparison, donors: np.ndarray) -> np.ndarray:
    """Return the within-donor differences of the covariates of the donors at a mask; those of a donor cancel."""
    references, targets = np.split(comparison.covariate_matrix()[0][donors], 2)
    return (targets - references)[:, (targets != references).any(axis=0)]
