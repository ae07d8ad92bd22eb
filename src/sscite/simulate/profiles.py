"""What each simulated state expresses: genes, rates, dispersions, antibodies; the same in every cohort.

The biology is fixed by `BIOLOGY_SEED`: a reference simulated with another seed holds the same cell types
in other donors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

BIOLOGY_SEED = 2025
TISSUES = ("blood", "kidney", "lung")
MARKER_LEVEL = 10.0  # counts per 10,000 of a subset's marker gene
SILENT = 0.15  # of a named gene where nothing expresses it
MOST_BACKGROUND = 15.0  # times the median background gene
POLYMORPHIC_LEVEL = 2.0  # of a polymorphic gene in all cells of a donor who has it
SET_BASELINE = 0.6  # of a gene of a gene set
# share of the background genes that a programme raises, and the most it raises one
PROGRAMMES = {"family": (0.06, 6.0), "lineage": (0.04, 3.0), "subset": (0.03, 3.0)}


@dataclass(frozen=True)
class Profiles:
    """Expression of every subset.

    Attributes
    ----------
    genes
        Gene symbols, length n_genes; named genes first, then background genes `BG00001` ...
    subsets
        Subset names, length n_subsets.
    rates
        Share of a cell's non-mitochondrial RNA, array of shape (n_subsets, n_genes); rows sum to 1.
    mitochondrial
        Share of a cell's mitochondrial RNA, shape (n_genes,); sums to 1.
    size
        Negative binomial size (1 / dispersion) of each gene, shape (n_genes,).
    """

    genes: pd.Index
    subsets: list[str]
    rates: np.ndarray
    mitochondrial: np.ndarray
    size: np.ndarray

    def rows(self, subset: str) -> int:
        """Return the row of a subset."""
        return self.subsets.index(subset)

    def mask(self, symbols: list[str]) -> np.ndarray:
        """Return which genes are among the symbols, boolean of shape (n_genes,)."""
        return self.genes.isin(symbols)


@cache
def definition() -> dict[str, Any]:
    """Read `profiles.yaml`."""
    return yaml.safe_load(files("sscite.simulate").joinpath("profiles.yaml").read_text(encoding="utf-8"))


def gene_sets() -> dict[str, list[str]]:
    """Return the gene sets whose activity is planted, name to symbols."""
    return dict(definition()["gene_sets"])


@cache
def subsets() -> pd.DataFrame:
    """Return a row per subset, indexed by name: `lineage label` and its share of `blood kidney lung`."""
    rows = {
        name: {"lineage": s["lineage"], "label": s["label"], **dict(zip(TISSUES, s["share"], strict=True))}
        for name, s in definition()["subsets"].items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def named_genes() -> list[str]:
    """Return every gene that the definition names, sorted; they are present whatever the number of genes."""
    spec = definition()
    names = {*spec["expressed_by_all"], *spec["mitochondrial"], *(g for s in spec["gene_sets"].values() for g in s)}
    names |= {g for sex in spec["by_sex"].values() for g in sex}
    names |= {*spec["polymorphic"], *(g for tissue in spec["parenchyma"].values() for g in tissue)}
    for block in ("families", "lineages"):
        names |= {g for part in spec[block].values() for g in part["genes"]}
    for part in spec["subsets"].values():
        names |= {*part["genes"], *part.get("lowers", [])}
    return sorted(names)


def parenchyma(book: Profiles, tissue: str) -> np.ndarray:
    """Return the profile of the epithelium that a tissue loses to its ambient RNA, shape (n_genes,); 0 for blood."""
    levels = definition()["parenchyma"].get(tissue)
    if levels is None:
        return np.zeros(len(book.genes))
    rates = book.rates[(subsets()["lineage"] == "Epithelial").to_numpy()].mean(axis=0)
    rates[book.genes.get_indexer(pd.Index(list(levels)))] = np.array(list(levels.values())) / 10_000
    return rates / rates.sum()


@cache
def build(genes: int = 2000) -> Profiles:
    """Build the expression of every subset.

    Named genes carry the levels of `profiles.yaml`. Background genes have log-normal means (sigma 1.6 on the natural
    log), and each family, lineage and subset raises its own random few of them, so that cell types differ in more than
    their markers. Dispersion falls with the mean, 0.12 + 0.5 / (1 + level), times log-normal noise.

    Parameters
    ----------
    genes
        Number of genes in all; at least those that are named.
    """
    named = named_genes()
    if genes < len(named) + 100:
        raise ValueError(f"{genes} genes: at least {len(named) + 100} are needed, of which {len(named)} are named")
    rng = np.random.default_rng(BIOLOGY_SEED)
    index = pd.Index([*named, *(f"BG{i:05d}" for i in range(1, genes - len(named) + 1))], name="gene")
    levels = np.vstack([_named_levels(subset, index[: len(named)]) for subset in subsets().index])
    background = _background(rng, genes - len(named))
    background *= (10_000 - levels.sum(axis=1).mean()) / background.sum(axis=1).mean()
    rates = np.hstack([levels, background])
    mean = rates.mean(axis=0)
    size = 1 / ((0.12 + 0.5 / (1 + mean)) * rng.lognormal(0, 0.2, genes))
    mitochondrial = index.isin(definition()["mitochondrial"]) * rng.uniform(0.5, 1.5, genes)
    rates[:, mitochondrial > 0] = 0
    return Profiles(
        genes=index,
        subsets=list(subsets().index),
        rates=rates / rates.sum(axis=1, keepdims=True),
        mitochondrial=mitochondrial / mitochondrial.sum(),
        size=size,
    )


def _named_levels(subset: str, genes: pd.Index) -> np.ndarray:
    """Return levels of the named genes in a subset, counts per 10,000: lineage over family over what all express."""
    spec = definition()
    own = spec["subsets"][subset]
    lineage = spec["lineages"][own["lineage"]]
    level = pd.Series(SILENT, index=genes)
    for symbols in spec["gene_sets"].values():
        level[symbols] = SET_BASELINE
    level[list(spec["polymorphic"])] = POLYMORPHIC_LEVEL
    for source in (spec["expressed_by_all"], spec["families"][lineage["family"]]["genes"], lineage["genes"]):
        level[list(source)] = np.maximum(level[list(source)], list(source.values()))
    own_genes = list(own["genes"])
    level[own_genes] = np.maximum(3 * level[own_genes], MARKER_LEVEL)
    level[own.get("lowers", [])] /= 4
    for name, fold in own.get("sets", {}).items():
        others = [gene for gene in spec["gene_sets"][name] if gene not in own_genes]
        level[others] *= fold
    return level.to_numpy()


def _background(rng: np.random.Generator, n_genes: int) -> np.ndarray:
    """Levels of background genes, shape (n_subsets, n_genes), each family, lineage and subset with its programme."""
    spec = definition()
    levels = np.tile(np.minimum(rng.lognormal(0, 1.6, n_genes), MOST_BACKGROUND), (len(spec["subsets"]), 1))
    keys = {
        "family": [spec["lineages"][s["lineage"]]["family"] for s in spec["subsets"].values()],
        "lineage": [s["lineage"] for s in spec["subsets"].values()],
        "subset": list(spec["subsets"]),
    }
    for kind, (share, most) in PROGRAMMES.items():
        for name in dict.fromkeys(keys[kind]):
            raised = rng.random(n_genes) < share
            fold = np.where(raised, rng.uniform(1.5, most, n_genes), 1.0)
            levels[[key == name for key in keys[kind]]] *= fold
    return levels
