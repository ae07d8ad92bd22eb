"""Call the hashtag of every droplet of one capture: check, group, fit, decide, hear the witnesses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sscite import names
from sscite.demux import checks, decision, em, quality, witnesses

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
        A row per hashtag, from `quality.table`.
    model
        The fitted model, of the hashtags that varied.
    counts
        Counts of these hashtags, n_droplets × n_tags.
    level
        Log background level of each droplet.
    """

    calls: pd.DataFrame
    posteriors: pd.DataFrame
    hashtags: pd.DataFrame
    model: em.Model
    counts: pd.DataFrame
    level: np.ndarray


def call(
    counts: pd.DataFrame,
    *,
    method: str = "joint",
    doublet_cost: float = 1.0,
    depth: np.ndarray | None = None,
    seed: int = 0,
) -> Calls:
    """Call the hashtag of every droplet.

    Parameters
    ----------
    counts
        Whole counts, droplets × hashtags, indexed by droplet; at least one column that varies.
    method
        Whose call goes into hto_call: joint, hashsolo or ambient. The confidence is always the joint model's.
    doublet_cost
        Weight of a doublet in the joint call.
    depth
        Genes (or RNA counts) seen in each droplet; used with one or two hashtags, where the other hashtags cannot
        tell the background.
    seed
        Of the thinning of large captures.
    """
    usable = counts.columns[checks.varying(counts)]
    matrix = counts[usable].to_numpy(dtype=np.int64)
    empty = counts.to_numpy().sum(axis=1) == 0
    shift = level_shift(depth) if depth is not None and len(usable) <= 2 else None
    model, posterior = _fit_present(matrix, empty, shift, seed)
    single, states = (
        np.where(empty[:, None], 0, posterior.single),
        np.where(empty[:, None], [1, 0, 0], posterior.states),
    )
    codes = {"joint": decision.decide(single, states, doublet_cost=doublet_cost), **_witnesses(matrix, model)}
    chosen = codes.get(method, codes["joint"])
    tags = list(usable)
    calls = pd.DataFrame(
        {
            names.HTO_CALL: decision.names_of(chosen, tags),
            names.HTO_CONFIDENCE: decision.confidence(chosen, single, states),
        }
        | {f"hto_{name}": decision.names_of(codes[name], tags) if name in codes else "" for name in METHODS},
        index=counts.index,
    )
    table = quality.table(tags, matrix, model, posterior, codes["joint"])
    posteriors = pd.DataFrame(single, index=counts.index, columns=tags).reindex(columns=counts.columns, fill_value=0.0)
    posteriors[names.CALL_DOUBLET], posteriors[names.CALL_NEGATIVE] = states[:, 2], states[:, 0]
    return Calls(calls, posteriors, _with_unusable(table, counts), model, counts[usable], posterior.level)


def level_shift(depth: np.ndarray) -> np.ndarray:
    """Log background level that depth predicts: half the log depth over its median, within ±1.5."""
    logs = np.log(np.maximum(np.asarray(depth, dtype=float), 1))
    return np.clip(DEPTH_POWER * (logs - np.median(logs)), -1.5, 1.5)


def _fit_present(
    matrix: np.ndarray, empty: np.ndarray, shift: np.ndarray | None, seed: int
) -> tuple[em.Model, em.Posterior]:
    """Fit; where no tag stands out, fit from the other start too and keep the likelier."""
    model, posterior = _fit_without_absent(matrix, empty, shift, seed, lowest=False)
    if (quality.overlap(model) > quality.WEAK_OVERLAP)[model.priors.share > 0].all():
        other = _fit_without_absent(matrix, empty, shift, seed, lowest=True)
        if other[0].loglik > model.loglik:
            return other
    return model, posterior


def _fit_without_absent(
    matrix: np.ndarray, empty: np.ndarray, shift: np.ndarray | None, seed: int, *, lowest: bool
) -> tuple[em.Model, em.Posterior]:
    """Fit, set aside the tags that nothing carries, and fit again without them."""
    absent = np.zeros(matrix.shape[1], dtype=bool)
    kept = None if shift is None else shift[~empty]
    for _ in range(matrix.shape[1]):
        model = em.fit(matrix[~empty], droplets=len(matrix), shift=kept, absent=absent, lowest=lowest, seed=seed)
        posterior = em.posterior(matrix, model, shift=shift)
        found = absent | quality.is_absent(model, posterior)
        if found.all() or (found == absent).all():
            break
        absent = found
    return model, posterior


def _witnesses(matrix: np.ndarray, model: em.Model) -> dict[str, np.ndarray]:
    """Call with both witnesses, on the tags that are present; they need two of them."""
    present = np.flatnonzero(model.priors.share > 0)
    if len(present) < 2:
        return {}
    found = {"hashsolo": witnesses.hashsolo(matrix[:, present]), "ambient": witnesses.ambient_ratio(matrix[:, present])}
    return {name: np.where(codes >= 0, present[codes], codes) for name, codes in found.items()}


def _with_unusable(table: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Add the hashtags that hold one value only, as absent, in the order of the counts."""
    missing = [tag for tag in counts.columns if tag not in set(table["hashtag"])]
    rows = [{"hashtag": t, "counts": int(counts[t].sum()), "background": float(counts[t].iloc[0]), "called": 0,
             "verdict": quality.ABSENT} for t in missing]  # fmt: skip
    every = pd.concat([table, pd.DataFrame(rows)]) if rows else table
    return every.set_index("hashtag").loc[list(counts.columns)].reset_index()
