"""One library: its droplets, their counts, and the truth of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from sscite.simulate import antibodies, expression, profiles
from sscite.simulate.profiles import Profiles
from sscite.simulate.sampling import negative_binomial

STEPS = 8  # of the continuum from CD14_EGR1 to THBS1_Mac in kidney
CONTINUUM = ("CD14_EGR1", "THBS1_Mac")
DEPTH_OF = {"monocyte/DC": 1.25, "CD4 T": 0.85, "CD8 T": 0.85, "NK": 0.85, "B": 0.9, "pDC": 1.2, "Platelet": 0.35}
DYING_SHARE = 0.02
EMPTY_DEPTH = 50.0  # median RNA counts of an empty droplet
LOST = {"kidney": 1.5, "lung": 1.0}  # RNA of lost epithelium for each count of the cells, in the ambient RNA


@dataclass(frozen=True)
class Settings:
    """What the libraries of a cohort share.

    Attributes
    ----------
    depth
        Median RNA counts of a cell.
    ambient
        Mean share of ambient RNA in a cell's counts.
    doublets, negatives
        Share of the called cells that hold two cells; that took up no hashtag.
    empties
        Empty droplets for each called cell.
    concentration
        As in `composition.proportions`: larger, and donors resemble one another more; None: by `spread`.
    spread
        Standard deviation between donors on the logit.
    effect
        As in `plan.folds`.
    """

    depth: float = 3000.0
    ambient: float = 0.04
    doublets: float = 0.06
    negatives: float = 0.03
    empties: float = 2.0
    concentration: float | None = None
    spread: float = 0.55
    effect: float | Mapping[str, float] = 3.0


@dataclass(frozen=True)
class Library:
    """Counts of one library, all droplets; the called cells come first.

    Attributes
    ----------
    counts
        Integers of shape (droplets, features), CSR.
    barcodes
        Length droplets.
    features
        Columns `id name feature_type`.
    truth
        A row per called cell, in the order of the first rows of `counts`.
    """

    counts: sparse.csr_matrix
    barcodes: np.ndarray
    features: pd.DataFrame
    truth: pd.DataFrame


def simulate(
    samples: pd.DataFrame,
    composition: pd.DataFrame,
    book: Profiles,
    donors: pd.DataFrame,
    settings: Settings,
    rng: np.random.Generator,
) -> Library:
    """Simulate the droplets of one library.

    Parameters
    ----------
    samples
        The design's rows of this library.
    composition
        Cells by sample and subset, from `composition.compositions`.
    book
        The profiles.
    donors
        Each donor's gene factors, shape (donors, n_genes).
    settings
        What the libraries share.
    rng
        Source of randomness.
    """
    cells = _cells(samples, composition, settings, rng)
    called = int((cells["droplet"].to_numpy() == np.arange(len(cells))).sum())
    library_factor = expression.gene_factors(["library"], len(book.genes), expression.LIBRARY_SIGMA, rng).to_numpy()[0]
    rna, ambient = _rna(cells, samples, book, donors, library_factor, settings, rng)
    merge = sparse.csr_matrix((np.ones(len(cells), np.int32), (cells["droplet"], np.arange(len(cells)))))
    rna = merge @ rna
    tags = sorted(set(samples["hashtag"]) - {""}, key=lambda tag: int(tag.split("_")[1]))
    empties = round(settings.empties * called)
    bound, free = _stain(cells, tags, rng)
    caught = antibodies.catch(called + empties, free, rng)
    amounts = EMPTY_DEPTH * rng.lognormal(0, 0.7, empties)
    rna = sparse.vstack([rna, negative_binomial(ambient, amounts, np.full(len(ambient), 50.0), rng)], format="csr")
    protein = caught + np.vstack([merge @ bound, np.zeros((empties, bound.shape[1]), np.int32)])
    counts = sparse.hstack([rna, sparse.csr_matrix(protein)], format="csr", dtype=np.int32)
    barcodes = _barcodes(called + empties, rng)
    return Library(counts, barcodes, features(book, tags), _truth(cells, barcodes, called, hashed=bool(tags)))


def features(book: Profiles, tags: list[str]) -> pd.DataFrame:
    """List the features of a library's file: genes, antibodies, hashtags."""
    proteins = [*antibodies.panel().names, *tags]
    return pd.DataFrame({
        "id": [*(f"SIMG{i:011d}" for i in range(1, len(book.genes) + 1)), *proteins],
        "name": [*book.genes, *proteins],
        "feature_type": ["Gene Expression"] * len(book.genes) + ["Antibody Capture"] * len(proteins),
    })  # fmt: skip


def _cells(
    samples: pd.DataFrame, composition: pd.DataFrame, settings: Settings, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw a row per cell; the droplet it is in: its own, or for the partners of doublets (last rows) another's."""
    mine = composition.loc[samples["sample"]].rename_axis("sample").reset_index()
    long = mine.melt("sample", var_name="subset", value_name="n")
    cells = long.loc[long.index.repeat(long["n"]), ["sample", "subset"]]
    cells = cells.merge(samples[["library", "sample", "donor", "tissue", "hashtag"]], on="sample", how="left")
    cells = cells.iloc[rng.permutation(len(cells))].reset_index(drop=True)
    called = len(cells)
    hosts = rng.choice(called, round(settings.doublets * called), replace=False)
    partners = cells.iloc[rng.choice(called, len(hosts))]
    cells = pd.concat([cells.assign(droplet=np.arange(called)), partners.assign(droplet=hosts)], ignore_index=True)
    lineage = cells["subset"].map(profiles.subsets()["lineage"])
    cells["negative"] = rng.random(len(cells)) < settings.negatives
    cells["dying"] = rng.random(len(cells)) < DYING_SHARE
    cells["position"] = _positions(cells, rng)
    depth = settings.depth * rng.lognormal(0, 0.15) * rng.lognormal(0, 0.35, len(cells))
    cells["amount"] = depth * lineage.map(DEPTH_OF).fillna(1.3) * np.where(cells["dying"], 0.5, 1)
    usual = cells["tissue"].map(expression.MITOCHONDRIAL) * rng.lognormal(0, 0.35, len(cells))
    cells["mitochondrial"] = np.where(cells["dying"], rng.uniform(0.45, 0.8, len(cells)), usual.clip(upper=0.35))
    return cells.assign(lineage=lineage)


def _positions(cells: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Place kidney cells on the way from CD14_EGR1 (0) to THBS1_Mac (1); NaN elsewhere. Few cells are in the middle."""
    half = 0.5 * rng.beta(0.8, 1.6, len(cells))
    here = (cells["tissue"] == "kidney") & cells["subset"].isin(CONTINUUM)
    return np.where(here, np.where(cells["subset"] == CONTINUUM[1], 1 - half, half), np.nan)


def _rna(
    cells: pd.DataFrame,
    samples: pd.DataFrame,
    book: Profiles,
    donors: pd.DataFrame,
    library_factor: np.ndarray,
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Draw the RNA counts of cells, (n_cells, n_genes), and give the library's ambient profile, (n_genes,)."""
    blocks, order, soup = [], [], np.zeros(len(book.genes))
    own = cells["amount"].to_numpy() * (1 - cells["mitochondrial"].to_numpy())
    step = np.floor(cells["position"] * STEPS).clip(upper=STEPS - 1).fillna(-1).astype(int)
    for sample in samples.to_dict("records"):
        factor = donors.loc[sample["donor"]].to_numpy() * library_factor
        rates = expression.sample_rates(book, sample, factor, settings.effect)
        mine = cells["sample"] == sample["sample"]
        for (subset, at), index in cells[mine].groupby([cells["subset"], step]).indices.items():
            rows = np.flatnonzero(mine)[index]
            profile = _profile(book, rates, subset, at)
            blocks.append(negative_binomial(profile, own[rows], book.size, rng))
            order.append(rows)
            soup += profile * own[rows].sum()
        soup += LOST.get(sample["tissue"], 0) * own[mine].sum() * profiles.parenchyma(book, sample["tissue"])
    rna = sparse.vstack(blocks, format="csr")[np.argsort(np.concatenate(order))]
    share = 2 * np.median(cells["mitochondrial"])
    ambient = soup / soup.sum() * (1 - share) + book.mitochondrial * share
    mitochondrial = cells["amount"].to_numpy() * cells["mitochondrial"].to_numpy()
    free = cells["amount"].to_numpy() * rng.beta(2, 2 / settings.ambient - 2, len(cells))
    rna = rna + negative_binomial(book.mitochondrial, mitochondrial, np.full(len(book.genes), 20.0), rng)
    rna = rna + negative_binomial(ambient, free, np.full(len(book.genes), 50.0), rng)
    return rna.astype(np.int32), ambient


def _profile(book: Profiles, rates: np.ndarray, subset: str, step: int) -> np.ndarray:
    """Return a subset's profile; on the continuum, the geometric mean of its two ends weighted by the position."""
    if step < 0:
        return rates[book.rows(subset)]
    position = (step + 0.5) / STEPS
    start, end = (np.log(np.maximum(rates[book.rows(name)], 1e-12)) for name in CONTINUUM)
    mixed = np.exp((1 - position) * start + position * end)
    return mixed / mixed.sum()


def _stain(cells: pd.DataFrame, tags: list[str], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the antibody and hashtag counts of cells, (n_cells, features), and the expected ambient ones."""
    panel = antibodies.panel()
    batch = rng.lognormal(0, 0.15, len(panel.names))
    person = {donor: rng.lognormal(0, 0.12, len(panel.names)) for donor in cells["donor"].unique()}
    signal = panel.signal[profiles.subsets().index.get_indexer(pd.Index(cells["subset"]))]
    signal = signal * np.vstack([person[donor] for donor in cells["donor"]]) * batch
    bound = antibodies.stain(signal, panel.ambient * batch, rng)
    free = panel.ambient * batch
    if tags:
        tag = cells["hashtag"].map({name: i for i, name in enumerate(tags)}).to_numpy()
        bound = np.hstack([bound, antibodies.hashtags(tag, cells["negative"].to_numpy(), len(tags), rng)])
        free = np.append(free, rng.lognormal(np.log(12), 0.4, len(tags)))
    return bound, free


def _truth(cells: pd.DataFrame, barcodes: np.ndarray, called: int, *, hashed: bool) -> pd.DataFrame:
    """Return what each called droplet holds."""
    first, second = cells.iloc[:called], cells.iloc[called:].set_index("droplet")
    keep = ["library", "sample", "donor", "tissue", "lineage", "subset", "position", "dying"]
    truth = first[keep].assign(
        second_sample=second["sample"], second_subset=second["subset"], doublet=first["droplet"].isin(second.index)
    )
    truth[["second_sample", "second_subset"]] = truth[["second_sample", "second_subset"]].fillna("")
    cross = truth["doublet"] & (truth["second_sample"] != truth["sample"])
    tag = first["hashtag"].mask(first["negative"] & ~truth["doublet"], "Negative").mask(cross, "Doublet")
    truth.insert(0, "cell", truth["library"] + ":" + barcodes[:called].astype(str))
    truth.insert(2, "hashtag", tag if hashed else "")
    return truth


def _barcodes(number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw distinct barcodes of 16 bases."""
    codes = _distinct(number, rng)
    digits = (codes[:, None] >> (2 * np.arange(16))) & 3
    text = np.array(list("ACGT"))[digits]
    return np.array(["".join(row) + "-1" for row in text])


def _distinct(number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw distinct integers below 4^16 in random order."""
    found = np.unique(rng.integers(0, 4**16, number + number // 10 + 100))
    return rng.permutation(found)[:number]
