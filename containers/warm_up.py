"""Run, while the image is built, what compiles on first use: numba functions and matplotlib's font cache."""

import numpy as np
from matplotlib import pyplot as plt
from umap import UMAP

from sscite.adt import mixture

rng = np.random.default_rng(0)
UMAP(n_neighbors=5, n_epochs=2, random_state=0).fit_transform(rng.normal(size=(50, 4)).astype(np.float32))
mixture.fit_rows(rng.normal(size=(8, 20)))
plt.subplots()
