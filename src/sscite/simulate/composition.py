"""How many cells of each subset a sample holds: expected proportions, planted effects, donors' own variation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sscite.simulate import plan, profiles

SPREAD = 0.55  # standard deviation between donors on the logit; that of published PBMC cohorts is .56 to .70
WITHIN_LINEAGE = 0.3  # share of its variance that the subsets of a lineage have in common
RAISED_IN_DISEASE = ["CD14_ISG", "CD16_ISG", "CD4_CTL", "B_Naive", "B_plasmablasts"]
LOWERED_IN_DISEASE = ["B_Memory_pre.switched", "B_Memory_post.switched", "CD8_naive", "pDC"]
RAISED_IN_SRC = ["CD14_PLBD1"]
RAISED_IN_ILD = ["CD4_TEM"]
LOWERED_IN_ILD = ["NK_dim"]


def expected_proportions(design: pd.DataFrame, effect: float | Mapping[str, float] = 3.0) -> pd.DataFrame:
    """Return the proportions that a sample's tissue and groups lead to, before donors vary.

    Returns
    -------
    pandas.DataFrame
        Shape (samples, subsets), indexed by sample; rows sum to 1.
    """
    fold = plan.folds(effect)
    base = _tissue_shares(design, fold)
    blood = (design["tissue"] == "blood").to_numpy()
    src = blood & (design["SRC"] == "yes").to_numpy()
    ild = (design["ILD"] == "yes").to_numpy() & (design["tissue"] != "kidney").to_numpy()
    disease = blood & (design["disease"] == "SSc").to_numpy()
    small = np.sqrt(fold["disease"])
    for rows, names, factor in (
        (src, ["CD14_EGR1"], fold["src_egr1"]), (ild, ["CD8_TEM_T2ISG"], fold["ild_t2isg"]),
        (disease, RAISED_IN_DISEASE, small), (disease, LOWERED_IN_DISEASE, 1 / small),
        (src, RAISED_IN_SRC, small), (ild & blood, RAISED_IN_ILD, small), (ild & blood, LOWERED_IN_ILD, 1 / small),
    ):  # fmt: skip
        base.loc[rows, names] *= factor
    return base.div(base.sum(axis=1), axis=0)


def proportions(
    design: pd.DataFrame,
    rng: np.random.Generator,
    *,
    effect: float | Mapping[str, float] = 3.0,
    spread: float | Mapping[str, float] = SPREAD,
    concentration: float | None = None,
) -> pd.DataFrame:
    """Draw each sample's true proportions: the expected ones times what is the donor's own.

    Subsets vary between donors on the logarithm with a normal distribution, 30% of the variance shared within a
    lineage. All samples of one donor and tissue share the draw.

    Parameters
    ----------
    spread
        Standard deviation between donors on the logit; a number, or one by donor (an outlying donor has a larger one).
    concentration
        If given, a Dirichlet of lineages and another of subsets within a lineage in place of the normal distribution.

    Returns
    -------
    pandas.DataFrame
        Shape (samples, subsets), indexed by sample; rows sum to 1.
    """
    lineage = profiles.subsets()["lineage"]
    person = (design["donor"] + "\n" + design["tissue"]).to_numpy()
    first = ~pd.Series(person).duplicated().to_numpy()
    shared = pd.Series(np.arange(first.sum()), index=person[first])[person].to_numpy()
    if concentration is None:
        names = design.loc[first, "donor"]
        size = np.full(len(names), spread) if isinstance(spread, int | float) else names.map(spread).to_numpy(float)
        own = _normal_factors(size, pd.factorize(lineage)[0], rng)
    else:
        own = _dirichlet_factors(design, lineage, first, concentration, rng)
    drawn = expected_proportions(design, effect) * own[shared]
    return drawn.div(drawn.sum(axis=1), axis=0)


def compositions(
    design: pd.DataFrame,
    rng: np.random.Generator,
    *,
    effect: float | Mapping[str, float] = 3.0,
    cells: int | pd.Series = 1000,
    spread: float | Mapping[str, float] = SPREAD,
    concentration: float | None = None,
    lost: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Draw the cells of each subset in each sample, without simulating a cell: a cohort takes milliseconds.

    Parameters
    ----------
    design
        From `simulate.design`: a row per sample.
    rng
        Source of randomness; the same state gives the same cohort.
    effect
        Fold change of all findings, or a mapping of some of `plan.EFFECTS`; 0 gives a null cohort, in which blood
        donors of all groups are exchangeable.
    cells
        Cells of a sample; a number, or a series by sample as `depths` draws it.
    spread, concentration
        As in `proportions`.
    lost
        Libraries that lost a subset: name of the library, and the subset.

    Returns
    -------
    pandas.DataFrame
        Integers of shape (samples, subsets), indexed by sample. Lineages: `simulate.subsets()["lineage"]`.

    Examples
    --------
    >>> design = simulate.design()
    >>> counts = simulate.compositions(design, np.random.default_rng(0), effect=0, cells=5000)
    """
    share = proportions(design, rng, effect=effect, spread=spread, concentration=concentration)
    for library, subset in (lost or {}).items():
        share.loc[design.loc[design["library"] == library, "sample"], subset] = 0
    share = share.div(share.sum(axis=1), axis=0)
    sizes = np.broadcast_to(cells, len(share)) if isinstance(cells, int) else cells[share.index].to_numpy()
    return pd.DataFrame(rng.multinomial(sizes, share.to_numpy()), index=share.index, columns=share.columns)


def depths(design: pd.DataFrame, rng: np.random.Generator, *, median: int = 5000, fold: float = 10.0) -> pd.Series:
    """Draw cells of each sample, log-normal; 95% of the samples lie within the fold."""
    sigma = np.log(fold) / (2 * 1.96)
    drawn = rng.lognormal(np.log(median), sigma, len(design)).round().astype(int)
    return pd.Series(np.maximum(drawn, 50), index=pd.Index(design["sample"], name="sample"))


def _tissue_shares(design: pd.DataFrame, fold: Mapping[str, float]) -> pd.DataFrame:
    """Return shares of each sample's tissue, shape (samples, subsets), without any group's effect."""
    table = profiles.subsets()[list(profiles.TISSUES)].astype(float)
    factor = 1.5 * (1 - 1 / fold["kidney_thbs1"])
    table["kidney"] = table["kidney"].where(table.index != "THBS1_Mac", table["kidney"] * factor)
    return (table / table.sum()).T.loc[design["tissue"]].set_axis(pd.Index(design["sample"], name="sample"))


def _normal_factors(spread: np.ndarray, lineage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return log-normal factors (n_donors, n_subsets) with median 1, correlated within a lineage."""
    of_lineage = rng.normal(size=(len(spread), lineage.max() + 1))[:, lineage]
    of_subset = rng.normal(size=of_lineage.shape)
    noise = np.sqrt(WITHIN_LINEAGE) * of_lineage + np.sqrt(1 - WITHIN_LINEAGE) * of_subset
    return np.exp(spread[:, None] * noise)


def _dirichlet_factors(
    design: pd.DataFrame, lineage: pd.Series, first: np.ndarray, concentration: float, rng: np.random.Generator
) -> np.ndarray:
    """Return gamma factors of lineages and of subsets within a lineage: normalised, they make Dirichlet draws."""
    base = _tissue_shares(design, plan.folds(3.0))
    by_lineage = base.T.groupby(lineage).sum().T
    within = base.div(by_lineage[list(lineage)].to_numpy()).fillna(0)
    own = _gamma_factors(by_lineage[first], concentration, rng)[:, by_lineage.columns.get_indexer(pd.Index(lineage))]
    return own * _gamma_factors(within[first], concentration, rng)


def _gamma_factors(share: pd.DataFrame, concentration: float, rng: np.random.Generator) -> np.ndarray:
    """Return gamma draws of mean 1 and shape concentration times share: normalised, they make a Dirichlet."""
    shape = np.maximum(concentration * share.to_numpy(), 0.05)
    return rng.gamma(shape) / shape
