"""Logarithms of counts are the correctly rounded ones, on every machine."""

from __future__ import annotations

import math

import numpy as np

from sscite.logarithm import log1p


def test_float32_values_are_those_of_the_exact_logarithm_rounded():
    """Against the logarithm of Python's own C library in double precision; NumPy's in float32 fails one value in 18."""
    values = np.random.default_rng(0).uniform(0, 50, 20_000).astype(np.float32)
    exact = np.array([math.log1p(value) for value in values.tolist()])
    found = log1p(values)
    assert found.dtype == np.float32
    assert (found == exact.astype(np.float32)).mean() > 0.9999
    assert (np.log1p(values) == exact.astype(np.float32)).mean() < 1
