"""Antibody and hashtag counts of droplets: signal, staining strength, ambient antibody, isotype controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite.simulate import profiles

SUFFIX = "_TotalSeqB"
NOISE_SIZE = 6.0  # negative binomial size of an antibody's count
NEGATIVE_SIGNAL = 0.02  # hashtag signal left in a cell that took up no hashtag


@dataclass(frozen=True)
class Panel:
    """Antibodies of the cohort.

    Attributes
    ----------
    names
        Feature names, such as `CD3_TotalSeqB`, the isotype controls last.
    ambient
        Expected counts of each in a droplet from free antibody, shape (n_proteins,).
    signal
        Expected counts bound by a cell, shape (n_subsets, n_proteins).
    """

    names: list[str]
    ambient: np.ndarray
    signal: np.ndarray


def panel() -> Panel:
    """Build the panel from `profiles.yaml`."""
    spec = profiles.definition()
    antibodies = {**spec["panel"], **spec["isotypes"]}
    signal = pd.DataFrame(0.0, index=list(spec["subsets"]), columns=list(antibodies))
    for name, subset in spec["subsets"].items():
        lineage = spec["lineages"][subset["lineage"]]
        family = spec["families"][lineage["family"]]
        levels = {**family["proteins"], **lineage["proteins"], **subset["proteins"]}
        signal.loc[name, list(levels)] = list(levels.values())
    ambient = np.array([level for _, level in antibodies.values()], dtype=float)
    return Panel([f"{name}{SUFFIX}" for name in antibodies], ambient, signal.to_numpy())


def count(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw negative binomial counts of the given means; int32 of the same shape."""
    return rng.poisson(mean * rng.gamma(NOISE_SIZE, 1 / NOISE_SIZE, mean.shape)).astype(np.int32)


def stain(signal: np.ndarray, ambient: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the antibodies that cells bind.

    They scale with how strongly a cell stains, which its isotype controls share: half of the ambient level sticks to a
    cell whatever it expresses.

    Parameters
    ----------
    signal
        Expected bound counts, shape (n_cells, n_proteins).
    ambient
        Expected ambient counts, shape (n_proteins,).

    Returns
    -------
    numpy.ndarray
        int32 of shape (n_cells, n_proteins).
    """
    strength = rng.lognormal(-0.06, 0.35, (len(signal), 1))
    return count((signal + 0.5 * ambient) * strength, rng)


def catch(droplets: int, ambient: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw ambient counts of droplets, int32 of shape (droplets, n_features); capture varies between droplets."""
    capture = rng.lognormal(-0.045, 0.3, (droplets, 1))
    return count(ambient * capture, rng)


def hashtags(tag: np.ndarray, negative: np.ndarray, tags: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the hashtag counts that cells carry (the ambient part apart, by `catch`).

    Parameters
    ----------
    tag
        Index of each cell's hashtag, shape (n_cells,).
    negative
        Whether the cell took up almost none, boolean of shape (n_cells,).
    tags
        Number of hashtags.

    Returns
    -------
    numpy.ndarray
        int32 of shape (n_cells, tags).
    """
    efficiency = rng.lognormal(np.log(220), 0.35, tags)
    level = efficiency[tag] * rng.lognormal(0, 0.55, len(tag)) * np.where(negative, NEGATIVE_SIGNAL, 1)
    mean = np.zeros((len(tag), tags))
    mean[np.arange(len(tag)), tag] = level
    return count(mean, rng)
