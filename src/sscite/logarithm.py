"""The logarithm of counts, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def log1p(values: NDArray) -> NDArray[np.float32]:
    """Return log(1 + x) as float32, computed in float64.

    The last bit of log1p in float32 differs between C libraries, and neighbour graphs and clusters follow it: a cohort
    would be another one in the image than on the machine that built it. Rounded from float64 it is the same.
    """
    return np.log1p(np.asarray(values, dtype=np.float64)).astype(np.float32)
