"""Poisson log-normal model of cell counts: log frequencies of donors with their precision, at any number of cells.

A donor's count is Poisson with mean exposure × exp(theta), theta normal between donors (Aitchison and Ho 1989,
doi 10.1093/biomet/76.4.643). The value of a donor is the score of the model on the scale of theta: close to the log of
the frequency where cells are many, linear in the count where they are few. Its mean hardly depends on the exposure, as
that of log(count + 1/2) does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
PRIOR_DF = 4.0  # of the variance between donors in one test, borrowed from all tests
SMALLEST_VARIANCE = 0.0025
ROUNDS, CONVERGED = 40, 1e-3


@dataclass(frozen=True)
class LogFrequencies:
    """Log frequencies of donors; rows are donors, columns tests.

    Attributes
    ----------
    value
        (n_donors, n_tests), natural logarithm of count / exposure, estimated; the mean of the test at exposure 0.
    weight
        (n_donors, n_tests), inverse variance: 1 / (variance between donors + 1 / expected count); 0 at exposure 0.
    expected
        (n_donors, n_tests), count that the mean frequency of all donors gives.
    counting
        (n_donors, n_tests), share of the variance that is due to the small number of cells, from 0 to 1.
    kurtosis
        (n_donors, n_tests), excess kurtosis of the value that the small number of cells causes.
    """

    value: np.ndarray
    weight: np.ndarray
    expected: np.ndarray
    counting: np.ndarray
    kurtosis: np.ndarray

    def select(self, donors: np.ndarray, tests: np.ndarray) -> LogFrequencies:
        """Return the donors and tests at two masks."""
        at = np.ix_(np.flatnonzero(donors), np.flatnonzero(tests))
        return LogFrequencies(self.value[at], self.weight[at], self.expected[at], self.counting[at], self.kurtosis[at])


def fit(counts: np.ndarray, exposure: np.ndarray) -> LogFrequencies:
    """Fit mean and variance between donors of each test without regard to groups, and return the donors' values.

    Parameters
    ----------
    counts, exposure
        (n_donors, n_tests), cells of the subset and of its denominator.
    """
    known = exposure > 0
    exposure = np.where(known, exposure, 1.0)
    mean = np.log((counts.sum(axis=0) + 0.5) / ((exposure * known).sum(axis=0) + 1))
    variance = np.full(counts.shape[1], 0.4)
    for _ in range(ROUNDS):
        deviation, uncertainty = posterior(counts, exposure, mean, variance)
        information = known / (variance + 1 / (exposure * np.exp(mean + variance / 2)))
        step = (known * deviation / variance).sum(axis=0) / np.maximum(information.sum(axis=0), 1e-9)
        squares = (known * ((deviation - step) ** 2 + uncertainty)).sum(axis=0)
        typical = np.exp(np.average(np.log(variance), weights=(information * variance).sum(axis=0) + 1e-9))
        mean = mean + np.clip(step, -1, 1)
        df = np.maximum(known.sum(axis=0) - 1, 1)
        before, variance = variance, np.maximum((squares + PRIOR_DF * typical) / (df + PRIOR_DF), SMALLEST_VARIANCE)
        if np.abs(step).max() < CONVERGED and np.abs(np.log(variance / before)).max() < CONVERGED:
            break
    expected = known * exposure * np.exp(mean + variance / 2)
    noise = 1 / np.maximum(expected, 1e-9)
    value = _score(posterior(counts, exposure, mean, variance)[0], exposure, mean, variance)
    value = np.where(known, value, mean)
    spread = float(np.median(variance))
    weight = known / (spread + noise)
    counting = known * noise * weight
    return LogFrequencies(value, weight, expected, counting, counting**2 * noise)


def _score(deviation: np.ndarray, exposure: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the score of the model on the scale of theta, from the posterior deviations."""
    return mean + deviation / variance * (variance + 1 / np.maximum(exposure * np.exp(mean + variance / 2), 1e-9))


def posterior(
    counts: np.ndarray, exposure: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each donor's theta - mean given the count, by adaptive Gauss-Hermite quadrature.

    Parameters
    ----------
    counts, exposure
        (n_donors, n_tests).
    mean, variance
        (n_tests,), of theta between donors.
    """
    log_expected = np.log(exposure) + mean
    limit = 6 * np.sqrt(variance)
    start = np.clip(np.log(counts + 0.5) - log_expected, -limit, limit)
    mode = start * variance / (variance + 1 / (counts + 0.5))
    for _ in range(12):
        rate = np.exp(np.minimum(log_expected + mode, 30))
        mode = mode + np.clip((counts - rate - mode / variance) / (rate + 1 / variance), -1, 1)
    width = 1 / np.sqrt(np.exp(np.minimum(log_expected + mode, 30)) + 1 / variance)
    nodes = mode[..., None] + width[..., None] * NODES
    log_density = (
        counts[..., None] * nodes - np.exp(np.minimum(log_expected[..., None] + nodes, 50))
        - nodes**2 / (2 * variance[:, None]) + NODES**2 / 2 + np.log(NODE_WEIGHTS)
    )  # fmt: skip
    density = np.exp(log_density - log_density.max(axis=-1, keepdims=True))
    density /= density.sum(axis=-1, keepdims=True)
    first = (density * nodes).sum(axis=-1)
    return first, (density * nodes**2).sum(axis=-1) - first**2
