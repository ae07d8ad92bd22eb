"""Two-component Gaussian mixtures of many short vectors at once: a cell's proteins, or a protein's cells.

The fit is that of R's mclust with G = 2 in one dimension (Scrucca et al. 2016, 10.32614/RJ-2016-021): both the equal-
and the unequal-variance model start from a split at the median and are improved by expectation-maximisation until the
log-likelihood changes by less than a part in 10^5; the model with the larger BIC is kept. An iteration costs one
exponential a value and one logarithm a vector, and the loops are such that the compiler turns them into vector code.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
from scipy.special import expit

TOLERANCE = 1e-5  # mclust's emControl()$tol
LONGEST = 1000  # iterations; mclust knows no limit, fits end after some tens
BLOCK = 512  # factors between 1 and 2 multiplied before a logarithm is taken: below 2^1024
SMALLEST = np.finfo(float).eps  # a smaller variance is a degenerate fit
UNSETTLED = math.sqrt(SMALLEST)  # squared change of the weights after which mclust's summary takes one more M-step
LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True)
class Mixtures:
    """A mixture per row; `lower` is the component that began below the median.

    Attributes
    ----------
    lower_mean, upper_mean, lower_sd, upper_sd
        of shape (n_rows,); NaN where neither model could be fitted.
    lower_weight
        of shape (n_rows,), the share of the lower component.
    gain
        of shape (n_rows,), by how much the BIC of two components exceeds that of one Gaussian.
    """

    lower_mean: np.ndarray
    upper_mean: np.ndarray
    lower_sd: np.ndarray
    upper_sd: np.ndarray
    lower_weight: np.ndarray
    gain: np.ndarray

    def lower_share(self, values: np.ndarray) -> np.ndarray:
        """Return the probability of each value to be of its row's lower component; NaN where there is no fit.

        Parameters
        ----------
        values
            of shape (n_rows, n_values), the rows that were fitted.
        """
        lower = _log_density(values, self.lower_mean, self.lower_sd, self.lower_weight)
        upper = _log_density(values, self.upper_mean, self.upper_sd, 1 - self.lower_weight)
        return expit(lower - upper)


def fit_rows(values: np.ndarray, *, splits: np.ndarray | None = None, threads: int = 2) -> Mixtures:
    """Fit a two-component mixture to each row.

    Parameters
    ----------
    values
        of shape (n_rows, n_values), finite; read, never written.
    splits
        of shape (n_rows,): the fit starts with the values below it as the lower component;
        the median where None.
    threads
        rows are shared out among them; the result does not depend on it.
    """
    values = np.ascontiguousarray(values, dtype=float)
    at_median = splits is None
    splits = np.zeros(len(values)) if splits is None else np.asarray(splits, dtype=float)
    out = np.full((len(values), 6), np.nan)
    if values.shape[1] >= 3:
        cuts = np.linspace(0, len(values), threads + 1).astype(int)
        blocks = [slice(*pair) for pair in pairwise(cuts)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda block: _fit_block(values[block], splits[block], at_median, out[block]), blocks))
    return Mixtures(*out.T)


def _log_density(values: np.ndarray, mean: np.ndarray, sd: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Log of weight times the Gaussian density, without its constant; a component a row."""
    with np.errstate(divide="ignore"):
        level = np.log(weight) - np.log(sd)
    return level[:, None] - 0.5 * ((values - mean[:, None]) / sd[:, None]) ** 2


# a check for division by zero would keep the loops from becoming vector code: numpy's error model has none
_kernel = numba.njit(nogil=True, fastmath=True, error_model="numpy", cache=True)


@numba.njit(inline="always")
def _exp_minus(t: float) -> float:
    """exp(-t) for t >= 0, by a series of exp(-t / 128) squared seven times; beyond 40 it is as good as nothing."""
    x = min(t, 40.0) * (-1 / 128)
    y = 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720 + x * (1 / 5040)))))))
    y *= y
    y *= y
    y *= y
    y *= y
    y *= y
    y *= y
    return y * y


@_kernel
def _expect(x, t1, t2, mean, variance, weight):
    """Return sums of z, z x and z x² of the lower component and the log-likelihood (t: sums of x and x² over all)."""
    curve, slope = -0.5 / variance[0], mean[0] / variance[0]
    level = math.log(weight[0]) - 0.5 * (LOG_2PI + math.log(variance[0]) + mean[0] * slope)
    curve1, slope1 = -0.5 / variance[1] - curve, mean[1] / variance[1] - slope
    level1 = math.log(weight[1]) - 0.5 * (LOG_2PI + math.log(variance[1]) + mean[1] ** 2 / variance[1]) - level
    s0 = s1 = s2 = 0.0
    likelihood = len(x) * level + slope * t1 + curve * t2
    for start in range(0, len(x), BLOCK):
        product = 1.0
        part = x[start : start + BLOCK]
        for i in range(part.size):
            v = part[i]
            odds = level1 + v * (slope1 + v * curve1)  # log, upper against lower
            e = _exp_minus(abs(odds))
            share = 1 / (1 + e)
            z = share if odds <= 0 else 1 - share
            likelihood += max(odds, 0.0)
            product *= 1 + e
            s0 += z
            s1 += z * v
            s2 += z * v * v
        likelihood += math.log(product)
    return s0, s1, s2, likelihood


@_kernel
def _maximise(s0, s1, s2, t1, t2, n, equal, mean, variance, weight):
    """Set the parameters from the sums (s: lower component, t: all values); tell whether they are sound."""
    if s0 <= 0 or s0 >= n:
        return False
    mean[0], mean[1] = s1 / s0, (t1 - s1) / (n - s0)
    weight[0], weight[1] = s0 / n, (n - s0) / n
    spread0 = s2 - s1 * mean[0]
    spread1 = (t2 - s2) - (t1 - s1) * mean[1]
    if equal:
        variance[0] = variance[1] = (spread0 + spread1) / n
    else:
        variance[0], variance[1] = spread0 / s0, spread1 / (n - s0)
    return min(variance[0], variance[1]) > SMALLEST


@_kernel
def _fit_block(rows, splits, at_median, out):
    """Fit each row; out: lower and upper mean, lower and upper sd, weight, gain in BIC. Failed rows are left alone."""
    n = rows.shape[1]
    x, mean, variance, weight = np.empty(n), np.empty(2), np.empty(2), np.empty(2)
    for row in range(len(rows)):
        centre = rows[row].mean()
        split = (np.median(rows[row]) if at_median else splits[row]) - centre
        if split <= rows[row].min() - centre:  # half of the values are tied at the minimum: these are the lower class
            split = np.nextafter(split, np.inf)
        begin0 = begin1 = begin2 = t1 = t2 = 0.0
        for i in range(n):
            v = rows[row, i] - centre
            x[i] = v
            t1 += v
            t2 += v * v
            if v < split:
                begin0 += 1
                begin1 += v
                begin2 += v * v
        one = -n * (LOG_2PI + math.log(max(t2 / n, SMALLEST)) + 1) - 2 * math.log(n)
        best = -1e300
        for equal in (True, False):
            s0, s1, s2, before, change = begin0, begin1, begin2, 1e300, 1.0
            sound = True
            for _ in range(LONGEST):
                sound = _maximise(s0, s1, s2, t1, t2, n, equal, mean, variance, weight)
                if not sound:
                    break
                s0, s1, s2, likelihood = _expect(x, t1, t2, mean, variance, weight)
                change = abs(before - likelihood) / (1 + abs(likelihood))
                before = likelihood
                if change <= TOLERANCE:
                    break
            bic = 2 * before - (4 if equal else 5) * math.log(n)
            if sound and 2 * (s0 / n - weight[0]) ** 2 > UNSETTLED:
                sound = _maximise(s0, s1, s2, t1, t2, n, equal, mean, variance, weight)
            if sound and bic > best:
                best = bic
                out[row, 0], out[row, 1] = mean[0] + centre, mean[1] + centre
                out[row, 2], out[row, 3] = math.sqrt(variance[0]), math.sqrt(variance[1])
                out[row, 4], out[row, 5] = weight[0], bic - one
