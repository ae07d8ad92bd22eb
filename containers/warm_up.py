"""Run, while the image is built and by `make install`, what compiles on first use: numba functions, matplotlib's fonts.

LIANA, pertpy and scanpy compile some of theirs on import (LIANA 20 s), in each task that finds none compiled.
"""

import liana.method  # noqa: F401
import numpy as np
import pertpy.tools  # noqa: F401
import scanpy  # noqa: F401
import scipy.sparse as sp
from matplotlib import pyplot as plt

from sscite.adt import mixture
from sscite.biomarkers.panel import search
from sscite.embedding import umap
from sscite.subsets.signatures import aucell

rng = np.random.default_rng(0)
graph = sp.random(50, 50, density=0.2, random_state=0, dtype=np.float32)
umap.embed(sp.csr_matrix(graph + graph.T), rng.normal(size=(50, 4)), seed=0, epochs=2)
mixture.fit_rows(rng.normal(size=(8, 20)))
aucell.score(sp.csr_matrix(rng.poisson(1, (20, 10)).astype(np.float32)), np.ones((10, 1), bool), seed=0)
search.search(search.bin_values(rng.normal(size=(50, 2)), np.arange(50) < 25, np.ones(50)), depth=1)
plt.subplots()
