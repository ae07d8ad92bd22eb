"""RNA beside protein: how well each separates a subset in donors left out, and surface genes that the panel lacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sscite.biomarkers.panel.auroc import auroc, over_donors

GENES = 50  # with the largest t statistic in the training donors
PENALTY = 0.1  # inverse strength of the ridge penalty
CANDIDATE = 0.6  # AUROC (median over donors) of a candidate for the next panel
CANDIDATE_COLUMNS = [
    "gene", "auroc_median", "auroc_min", "auroc_max", "donors", "percent_subset", "percent_rest",
]  # fmt: skip


def held_out_auroc(values: np.ndarray | sp.csr_matrix, target: np.ndarray, fold: np.ndarray) -> float:
    """Compute the AUROC of a ridge logistic regression on the cells of folds left out, median over folds.

    Of a sparse matrix (RNA) the 50 genes that differ most in the training cells enter.
    """
    areas = []
    for number in np.unique(fold):
        train, test = fold != number, fold == number
        if not (0 < target[train].sum() < train.sum() and 0 < target[test].sum() < test.sum()):
            continue
        x = values if isinstance(values, np.ndarray) else _top_genes(values, train, target)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=200))
        areas.append(roc_auc_score(target[test], model.fit(x[train], target[train]).decision_function(x[test])))
    return float(np.median(areas)) if areas else float("nan")


def surface_candidates(
    expression: sp.csr_matrix, genes: pd.Index, target: np.ndarray, donors: np.ndarray, covered: set[str]
) -> pd.DataFrame:
    """List genes of surface proteins that mark the subset in its parent and have no antibody in the panel.

    Parameters
    ----------
    expression
        (n_cells, n_genes) log-normalised, of the surface genes.
    covered
        Genes with an antibody in any library.
    """
    new = ~genes.isin(list(covered))
    values, names = expression[:, new].toarray(), genes[new]
    areas = auroc(values, np.where(target, 0, -1), donors)
    if not areas.size:
        return pd.DataFrame(columns=CANDIDATE_COLUMNS)
    number, median, low, high = over_donors(areas[:, 0])
    table = pd.DataFrame(
        {"gene": names, "auroc_median": median, "auroc_min": low, "auroc_max": high, "donors": number,
         "percent_subset": 100 * (values[target] > 0).mean(axis=0),
         "percent_rest": 100 * (values[~target] > 0).mean(axis=0)}
    )  # fmt: skip
    table = table[table["auroc_median"] >= CANDIDATE]
    return table.sort_values("auroc_median", ascending=False, kind="stable", ignore_index=True)


def _top_genes(values: sp.csr_matrix, train: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the 50 genes that differ most between target and other cells in training."""
    order = np.argsort(-np.abs(_t(values[train], target[train])), kind="stable")
    return values[:, order[:GENES]].toarray()


def _t(values: sp.csr_matrix, target: np.ndarray) -> np.ndarray:
    """Compute Welch's t of each column of a sparse matrix between target and other rows."""
    parts = [values[target], values[~target]]
    means = [np.asarray(part.mean(axis=0)).ravel() for part in parts]
    squares = [np.asarray(part.multiply(part).mean(axis=0)).ravel() for part in parts]
    errors = [(s - m**2) / part.shape[0] for s, m, part in zip(squares, means, parts, strict=True)]
    return (means[0] - means[1]) / np.sqrt(errors[0] + errors[1] + 1e-8)
