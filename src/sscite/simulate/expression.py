"""What a sample's cells express: the subset's profile times donor, library, sex, tissue and planted effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sscite.simulate import plan, profiles
from sscite.simulate.profiles import Profiles

DONOR_SIGMA = 0.15  # of a gene's log expression between donors
LIBRARY_SIGMA = 0.12  # between libraries
LACKING = 0.03  # of a polymorphic gene's level in donors who lack it
STRESS_FOLD = 2.5  # dissociation-stress genes in digested tissue
MITOCHONDRIAL = {"blood": 0.05, "kidney": 0.12, "lung": 0.08}  # median share of a cell's RNA


def gene_factors(names: list[str], genes: int, sigma: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw log-normal factors of mean 1, a row per name (donor or library) and a column per gene."""
    values = rng.normal(-(sigma**2) / 2, sigma, (len(names), genes)).astype(np.float32)
    return pd.DataFrame(np.exp(values), index=names)


def donor_factors(names: list[str], book: Profiles, rng: np.random.Generator) -> pd.DataFrame:
    """Draw each donor's factors of all genes; polymorphic genes are all but silent in donors who lack them."""
    factors = gene_factors(names, len(book.genes), DONOR_SIGMA, rng)
    for gene, share in profiles.definition()["polymorphic"].items():
        factors.loc[rng.random(len(names)) > share, book.genes.get_loc(gene)] = LACKING
    return factors


def sample_rates(
    book: Profiles, sample: Mapping[Any, str], factor: np.ndarray, effect: float | Mapping[str, float]
) -> np.ndarray:
    """Return the expression of every subset in one sample.

    Parameters
    ----------
    book
        The profiles.
    sample
        A row of the design: `sex tissue stage` are read, and `handling` if there: fold of the dissociation-stress genes
        in a sample that waited before it was processed.
    factor
        Donor times library factors, shape (n_genes,).
    effect
        As in `plan.folds`.

    Returns
    -------
    numpy.ndarray
        Shape (n_subsets, n_genes); rows sum to 1.
    """
    fold = plan.folds(effect)
    sets = profiles.gene_sets()
    rates = book.rates * factor
    for sex, levels in profiles.definition()["by_sex"].items():
        for gene, level in levels.items():
            rates[:, book.genes.get_loc(gene)] = level / 10_000 if sample["sex"] == sex else 0
    if sample["tissue"] != "blood":
        rates[:, book.mask(sets["DISSOCIATION_STRESS"])] *= STRESS_FOLD
    rates[:, book.mask(sets["DISSOCIATION_STRESS"])] *= float(sample.get("handling") or 1)
    markers = profiles.definition()["subsets"]["CD14_EGR1"]["genes"]
    targets = book.mask([gene for gene in sets["NFKB_TARGETS"] if gene not in markers])
    rates[book.rows("CD14_EGR1"), targets] *= fold["nfkb"]
    monocytes = (profiles.subsets()["lineage"] == "monocyte/DC").to_numpy()
    at_stage = {"onset": fold["stage_egr1"], "after": fold["stage_egr1"] ** 0.3}.get(sample["stage"], 1.0)
    rates[monocytes, book.genes.get_loc("EGR1")] *= at_stage
    return rates / rates.sum(axis=1, keepdims=True)


def pseudobulk(
    design: pd.DataFrame,
    composition: pd.DataFrame,
    rng: np.random.Generator,
    *,
    subsets: list[str] | None = None,
    genes: int = 2000,
    effect: float | Mapping[str, float] = 3.0,
    depth: float = 3000.0,
) -> pd.DataFrame:
    """Draw the summed counts of each sample and subset, without simulating a cell.

    A gene's sum over n cells is negative binomial of mean n x depth x rate and size n x r (r: the gene's size in one
    cell), the rate carrying the donor's and the library's own log-normal factors.

    Parameters
    ----------
    design, composition
        From `simulate.design` and `simulate.compositions`.
    rng
        Source of randomness.
    subsets
        Subsets wanted; default all.
    genes
        Number of genes.
    effect
        As in `compositions`: here findings 2 and 4 show.
    depth
        Mean RNA counts of a cell.

    Returns
    -------
    pandas.DataFrame
        Integers, a row per sample and subset that has cells (MultiIndex `sample subset`), a column per gene.
    """
    book = profiles.build(genes)
    wanted = list(composition.columns) if subsets is None else subsets
    donors = donor_factors(list(design["donor"].unique()), book, rng)
    libraries = gene_factors(list(design["library"].unique()), genes, LIBRARY_SIGMA, rng)
    rows: dict[tuple[str, str], np.ndarray] = {}
    for sample in design.to_dict("records"):
        factor = donors.loc[sample["donor"]].to_numpy() * libraries.loc[sample["library"]].to_numpy()
        share = MITOCHONDRIAL[sample["tissue"]]
        rates = sample_rates(book, sample, factor, effect) * (1 - share) + book.mitochondrial * share
        for subset in wanted:
            cells = composition.loc[sample["sample"], subset]
            if cells:
                noise = rng.gamma(cells * book.size) / (cells * book.size)
                rows[sample["sample"], subset] = rng.poisson(cells * depth * rates[book.rows(subset)] * noise)
    index = pd.MultiIndex.from_tuples(rows, names=["sample", "subset"])
    return pd.DataFrame(np.vstack(list(rows.values())), index=index, columns=book.genes)
