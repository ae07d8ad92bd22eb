"""Quality of the staining of each hashtag."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sscite.demux import likelihoods
from sscite.demux.em import Model
from sscite.demux.expectation import Posterior

GOOD, WEAK, RARE, ABSENT = "good", "weak", "rare", "absent"
WEAK_OVERLAP = 0.1
ABSENT_OVERLAP = 0.5
ABSENT_SHARE = 0.02  # of what equal pooling would give
VAGUE_SHARE = 0.1  # the same for a tag whose signal is not clear of its background
RARE_SHARE = 0.2
MIN_CARRIERS = 1.5
MIN_CLEAR = 0.5  # fraction of cells whose hashtag is separated from background, for an estimate of the doublet rate
MIN_POWER = 0.35  # expected posterior of Doublet of a doublet, for the same


def overlap(model: Model) -> np.ndarray:
    """Compute the overlap of the distributions of signal and background of each tag, n_tags, in [0, 1].

    The sum of the smaller of the two probabilities over all counts, at the level of a typical droplet with a cell.
    """
    level = np.exp([model.priors.level[1] @ model.priors.log_levels])
    top = np.exp(np.max(model.tags.mu + 4 * model.tags.sd)) + 20 * model.tags.background.max()
    starts = np.unique(np.round(np.geomspace(1, max(top, 50), 400))) - 1
    width = np.diff(starts, append=starts[-1] + 1)
    values = starts + (width - 1) / 2
    plain = replace(model.tags, tail=np.full_like(model.tags.tail, 1e-9))
    background = np.exp(likelihoods.background_table(values, level, plain)[0][:, :, 0]) * width
    signal = np.exp(likelihoods.signal_table(values, level, model.tags)[0][:, :, 0]) * width
    return np.clip(np.minimum(background, signal).sum(axis=1), 0, 1)


def is_absent(model: Model, posterior: Posterior) -> np.ndarray:
    """Mark the tags without cells: hardly any cell, few and uncertain ones, or a signal within the background."""
    carriers = posterior.single.sum(axis=0)
    equal = (1 - posterior.states[:, 0]).sum() / len(carriers)
    few = carriers < max(MIN_CARRIERS, ABSENT_SHARE * equal)
    shared = overlap(model)
    vague = (shared > WEAK_OVERLAP) & (carriers < VAGUE_SHARE * equal)
    return few | vague | (shared > ABSENT_OVERLAP) if len(carriers) > 1 else few


def doublets_estimable(model: Model, posterior: Posterior) -> bool:
    """Return whether the counts inform the doublet rate.

    At least half of the cells must have a hashtag that is not weak, and a doublet must on average have a posterior
    of at least 0.35 of being one: Σp² / Σp over droplets.
    """
    clear = model.priors.share[overlap(model) <= WEAK_OVERLAP].sum()
    doublet = posterior.states[:, 2]
    return bool(clear >= MIN_CLEAR and (doublet**2).sum() >= MIN_POWER * doublet.sum())


def table(names: list[str], counts: np.ndarray, model: Model, posterior: Posterior, codes: np.ndarray) -> pd.DataFrame:
    """Describe every hashtag of the model.

    Returns
    -------
    One row per tag: hashtag, counts, background and signal (medians), fold, overlap, called, quality.
    """
    level = np.exp(model.priors.level[1] @ model.priors.log_levels)
    background = model.tags.background * level
    signal = background + np.exp(model.tags.mu + model.tags.beta * np.log(level))
    shared = overlap(model)
    called = np.array([(codes == h).sum() for h in range(len(names))])
    absent = model.priors.share == 0
    rare = called < RARE_SHARE * max(1.0, (codes >= 0).sum() / max(1, (~absent).sum()))
    quality = np.select([absent, shared > WEAK_OVERLAP, rare], [ABSENT, WEAK, RARE], GOOD)
    signal, shared = np.where(absent, np.nan, signal), np.where(absent, np.nan, shared)
    return pd.DataFrame(
        {"hashtag": names, "counts": counts.sum(axis=0), "background": background.round(2), "signal": signal.round(1),
         "fold": (signal / background).round(1), "overlap": shared.round(3), "called": called, "quality": quality}
    )  # fmt: skip


def sentence(row: pd.Series) -> str | None:
    """Return the warning about a hashtag; None for a good one."""
    if row["quality"] == ABSENT:
        background = f"{row['background']:g} counts"
        return f"hashtag '{row['hashtag']}' is absent: no droplet exceeds its background of {background}"
    if row["quality"] == WEAK:
        return (
            f"hashtag '{row['hashtag']}' stained weakly: {row['signal']:g} counts against a background of "
            f"{row['background']:g}; {row['overlap']:.0%} of its signal lies within the background: "
            "its cells are often missed"
        )
    if row["quality"] == RARE:
        return f"hashtag '{row['hashtag']}' is rare: {row['called']:,} droplets"
    return None
