"""One probability that a droplet holds two cells: RNA, hashtags, genotypes and proteins combined.

The sources are taken as independent given whether a droplet holds one cell or two (naive Bayes): the neighbours of a
cell's RNA among simulated doublets, the tags or genotypes of two samples, and proteins of two lineages. They are not
quite: two cells of different lineages are seen by RNA and by proteins alike, so that both together overstate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names

PROTEIN_RATIO = 15.0  # of doublets to single cells among cells that carry CD3, CD19 and CD14 of two lineages
HIGHEST_RATIO = 1e3  # of one source
FEWEST_VISIBLE = 0.1  # share of the doublets that tags can show, for them to give the rate
LOWEST_RATE, HIGHEST_RATE = 1e-3, 0.5


def probability(obs: pd.DataFrame) -> pd.Series:
    """Compute the probability of two cells for each droplet of a library; NaN where no source is known.

    The prior is the rate of doublets that tags and genotypes show, divided by the share of doublets that they can
    show, else the rate that the loading predicts.

    Parameters
    ----------
    obs
        Droplets with sample, doublet_score, doublet_rate, demux_doublet and set_aside, as far as they are known.
    """
    known = obs.reindex(columns=[names.DOUBLET_SCORE, names.DOUBLET_RATE, names.DEMUX_DOUBLET]).astype(float)
    score, rate, tagged = (known[column] for column in known)
    sample = obs[names.SAMPLE].astype(str) if names.SAMPLE in obs else pd.Series("", index=obs.index)
    hidden = hidden_share(sample)
    prior = rate.fillna(LOWEST_RATE)
    if tagged.notna().any() and 1 - hidden >= FEWEST_VISIBLE:
        prior = pd.Series(tagged.mean() / (1 - hidden), index=obs.index)
    odds = _odds(prior.clip(LOWEST_RATE, HIGHEST_RATE))
    odds *= _bounded(_odds(score) / _odds(rate)) * _bounded(tag_ratio(tagged, hidden))
    if names.SET_ASIDE in obs:
        odds *= np.where(obs[names.SET_ASIDE] == names.DOUBLET, PROTEIN_RATIO, 1.0)
    return (odds / (1 + odds)).where(score.notna() | tagged.notna())


def describe(probability: pd.Series) -> tuple[dict[str, float], str]:
    """Return how many of the cells used are expected to be doublets, and a sentence on it; neither if not known."""
    if not probability.notna().any():
        return {}, ""
    probable = int((probability > 0.5).sum())
    return {"doublets_expected": round(float(probability.sum()), 1), "doublets_probable": probable}, (
        f" By RNA, hashtags, genotypes and proteins together {probability.sum():,.0f} of these cells "
        f"({probability.mean():.1%}) are expected to be doublets; {probable:,} have a probability above 0.5."
    )


def hidden_share(sample: pd.Series) -> float:
    """Return the share of doublets whose two cells are of one sample, from the samples of the cells that have one."""
    share = sample[sample != ""].value_counts(normalize=True)
    return float((share**2).sum()) if len(share) else 1.0


def tag_ratio(tagged: pd.Series, hidden: float) -> pd.Series:
    """Compute the likelihood ratio of two cells to one from the probability of two samples in the droplet.

    Of two cells, a share `hidden` is of one sample and looks like one cell: ratio = hidden + (1 - hidden) · odds of the
    probability / odds of its mean.
    """
    usual = pd.Series(tagged.mean(), index=tagged.index).clip(LOWEST_RATE, HIGHEST_RATE)
    return hidden + (1 - hidden) * _odds(tagged) / _odds(usual)


def _odds(probability: pd.Series) -> pd.Series:
    """Return the odds of a probability, kept from 0 and 1."""
    inside = probability.clip(1e-6, 1 - 1e-6)
    return inside / (1 - inside)


def _bounded(ratio: pd.Series) -> pd.Series:
    """Return a likelihood ratio within its limits; 1 where it is not known."""
    return ratio.fillna(1.0).clip(1 / HIGHEST_RATIO, HIGHEST_RATIO)
