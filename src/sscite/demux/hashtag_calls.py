"""Call the hashtag of every droplet of one capture by the joint model and two comparison methods."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sscite import names
from sscite.demux import checks, comparison_methods, decision, em, hashtag_quality, priors
from sscite.demux.expectation import Posterior

METHODS = ("joint", "hashsolo", "ambient")
MIN_AGREEMENT = 0.8
DEPTH_POWER = 0.5  # background level follows the square root of the genes seen


@dataclass(frozen=True)
class Calls:
    """A demultiplexed capture.

    Attributes
    ----------
    calls
        Indexed by droplet: hto_call, hto_confidence, hto_joint, hto_hashsolo, hto_ambient.
    posteriors
        Indexed by droplet: a column per hashtag, Doublet, Negative; rows sum to 1.
    hashtags
        One row per hashtag, from `hashtag_quality.table`.
    model
        The fitted model of the hashtags whose counts vary.
    counts
        Counts of these hashtags, n_droplets × n_tags.
    level
        Log background level of each droplet.
    doublets_estimable
        Whether the counts inform the doublet rate.
    """

    calls: pd.DataFrame
    posteriors: pd.DataFrame
    hashtags: pd.DataFrame
    model: em.Model
    counts: pd.DataFrame
    level: np.ndarray
    doublets_estimable: bool


def call(
    counts: pd.DataFrame,
    *,
    method: str = "joint",
    doublet_weight: float = decision.DOUBLET_WEIGHT,
    depth: np.ndarray | None = None,
    seed: int = 0,
) -> Calls:
    """Call the hashtag of every droplet.

    Parameters
    ----------
    counts
        Integer counts, droplets × hashtags, indexed by droplet; at least one column that varies.
    method
        Method whose call goes into hto_call: joint, hashsolo or ambient. The confidence is always the joint model's.
    doublet_weight
        Weight of a doublet in the joint call.
    depth
        Genes (or RNA counts) of each droplet. With one or two hashtags it predicts the background, which the counts of
        the others do not identify; with more it is evidence of one or two cells.
    seed
        Seed of the subsampling of large captures.
    """
    usable = counts.columns[checks.varying(counts)]
    matrix = counts[usable].to_numpy(dtype=np.int64)
    empty = counts.to_numpy().sum(axis=1) == 0
    shift = level_shift(depth) if depth is not None and len(usable) <= 2 else None
    by_depth = priors.depth_bins(depth) if depth is not None and len(usable) > 2 else None
    model, posterior = _fit_present(matrix, empty, shift, by_depth, seed)
    posterior = _negative(posterior, empty)
    codes = {
        "joint": decision.decide(posterior.single, posterior.states, doublet_weight=doublet_weight),
        **_comparison(matrix, model),
    }
    tags = list(usable)
    return Calls(
        _call_table(codes, codes.get(method, codes["joint"]), posterior, counts.index, tags),
        _posterior_table(posterior, counts, tags),
        _with_unusable(hashtag_quality.table(tags, matrix, model, posterior, codes["joint"]), counts),
        model,
        counts[usable],
        posterior.level,
        hashtag_quality.doublets_estimable(model, posterior),
    )


def _negative(posterior: Posterior, empty: np.ndarray) -> Posterior:
    """Set droplets without hashtag counts to Negative."""
    single = np.where(empty[:, None], 0, posterior.single)
    return replace(posterior, single=single, states=np.where(empty[:, None], [1, 0, 0], posterior.states))


def _call_table(
    codes: dict[str, np.ndarray], chosen: np.ndarray, posterior: Posterior, index: pd.Index, tags: list[str]
) -> pd.DataFrame:
    """Arrange the calls of the chosen method, their confidence, and the calls of every method."""
    confidence = decision.confidence(chosen, posterior.single, posterior.states)
    calls = {names.HTO_CALL: decision.names_of(chosen, tags), names.HTO_CONFIDENCE: confidence}
    each = {f"hto_{name}": decision.names_of(codes[name], tags) if name in codes else "" for name in METHODS}
    return pd.DataFrame(calls | each, index=index)


def _posterior_table(posterior: Posterior, counts: pd.DataFrame, tags: list[str]) -> pd.DataFrame:
    """Arrange the posteriors: one column per hashtag of the counts, Doublet, Negative."""
    table = pd.DataFrame(posterior.single, index=counts.index, columns=tags)
    table = table.reindex(columns=counts.columns, fill_value=0.0)
    table[names.CALL_DOUBLET], table[names.CALL_NEGATIVE] = posterior.states[:, 2], posterior.states[:, 0]
    return table


def level_shift(depth: np.ndarray) -> np.ndarray:
    """Compute the log background level predicted by depth: half the log depth over its median, within ±1.5."""
    logs = np.log(np.maximum(np.asarray(depth, dtype=float), 1))
    return np.clip(DEPTH_POWER * (logs - np.median(logs)), -1.5, 1.5)


def _fit_present(
    matrix: np.ndarray, empty: np.ndarray, shift: np.ndarray | None, depth: np.ndarray | None, seed: int
) -> tuple[em.Model, Posterior]:
    """Fit; if all tags are weak, fit from other initial values too and keep the likelier model."""
    model, posterior = _fit_without_absent(matrix, empty, shift, depth, seed, lowest=False)
    if (hashtag_quality.overlap(model) > hashtag_quality.WEAK_OVERLAP)[model.priors.share > 0].all():
        other = _fit_without_absent(matrix, empty, shift, depth, seed, lowest=True)
        if other[0].loglik > model.loglik:
            return other
    return model, posterior


def _fit_without_absent(
    matrix: np.ndarray,
    empty: np.ndarray,
    shift: np.ndarray | None,
    depth: np.ndarray | None,
    seed: int,
    *,
    lowest: bool,
) -> tuple[em.Model, Posterior]:
    """Fit, exclude the tags without cells, and fit again without them."""
    absent = np.zeros(matrix.shape[1], dtype=bool)
    kept, bins = em.select(shift, ~empty), em.select(depth, ~empty)
    for _ in range(matrix.shape[1]):
        model = em.fit(
            matrix[~empty], droplets=len(matrix), shift=kept, depth=bins, absent=absent, lowest=lowest, seed=seed
        )
        posterior = em.posterior(matrix, model, shift=shift, depth=depth)
        extended = absent | hashtag_quality.is_absent(model, posterior)
        if extended.all() or (extended == absent).all():
            break
        absent = extended
    return model, posterior


def _comparison(matrix: np.ndarray, model: em.Model) -> dict[str, np.ndarray]:
    """Call by both comparison methods on the tags that are present; they need at least two."""
    present = np.flatnonzero(model.priors.share > 0)
    if len(present) < 2:
        return {}
    found = {
        "hashsolo": comparison_methods.hashsolo(matrix[:, present]),
        "ambient": comparison_methods.ambient_ratio(matrix[:, present]),
    }
    return {name: np.where(codes >= 0, present[codes], codes) for name, codes in found.items()}


def _with_unusable(table: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Add the hashtags that hold one value only, as absent, in the order of the counts."""
    missing = [tag for tag in counts.columns if tag not in set(table["hashtag"])]
    rows = [{"hashtag": t, "counts": int(counts[t].sum()), "background": float(counts[t].iloc[0]), "called": 0,
             "quality": hashtag_quality.ABSENT} for t in missing]  # fmt: skip
    every = pd.concat([table, pd.DataFrame(rows)]) if rows else table
    return every.set_index("hashtag").loc[list(counts.columns)].reset_index()
