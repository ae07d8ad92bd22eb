"""A labelled reference to train a CellTypist model on: other donors, other libraries, the same cell types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.simulate import cohort, plan, profiles
from sscite.simulate.library import Settings

if TYPE_CHECKING:
    from celltypist.models import Model

DONORS = 4


def cells(*, per_subset: int, genes: int, seed: int) -> tuple[sparse.csr_matrix, np.ndarray, pd.Index]:
    """Simulate cells of every subset in equal numbers, without doublets and planted effects.

    Parameters
    ----------
    per_subset
        Cells of each subset, over `DONORS` donors.
    genes
        Number of genes.
    seed
        Use another than the cohort's.

    Returns
    -------
    counts, labels, genes
        Integers of shape (cells, n_genes); CellTypist's name of each cell's type; gene symbols.
    """
    design = plan.design(
        {"SRC": DONORS, "ILD": DONORS}, kidney=DONORS, lung=DONORS, samples_per_library=DONORS, seed=seed
    )
    share = profiles.subsets()[list(profiles.TISSUES)] > 0
    home = np.where(share["blood"], "blood", np.where(share["kidney"], "kidney", "lung"))
    here = design["tissue"].to_numpy()[:, None] == home
    each = here * (per_subset // here.sum(axis=0))
    counts = pd.DataFrame(each, index=design["sample"], columns=share.index)
    settings = Settings(doublets=0, empties=0, effect={"kidney_thbs1": 3})
    drawn = [library for _, library in cohort.libraries(design, counts, genes=genes, settings=settings, seed=seed)]
    truth = pd.concat([library.truth for library in drawn], ignore_index=True)
    rna = sparse.vstack([library.counts[:, :genes] for library in drawn], format="csr")
    return rna, truth["subset"].map(profiles.subsets()["label"]).to_numpy(), profiles.build(genes).genes


def train(counts: sparse.csr_matrix, labels: np.ndarray, genes: pd.Index, *, seed: int) -> Model:
    """Train CellTypist's logistic regression on log1p of counts per 10,000, all genes, one pass.

    By stochastic gradient descent: CellTypist 1.7.1's other solver passes an argument that scikit-learn 1.8 removed.
    """
    import celltypist

    scale = 10_000 / np.ravel(counts.sum(axis=1))
    normalised = sparse.csr_matrix(sparse.diags_array(scale) @ counts.astype(np.float32))
    normalised.data = np.log1p(normalised.data)
    return celltypist.train(
        normalised,
        labels=labels,
        genes=genes.to_numpy(),
        check_expression=False,
        feature_selection=False,
        use_SGD=True,
        alpha=0.01,
        max_iter=100,
        n_jobs=1,
        random_state=seed,
        details="simulated blood, kidney and lung",
        source="sscite",
    )
