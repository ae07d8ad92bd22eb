"""The final sample of each cell, from both posteriors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names
from sscite.demux.genotype_matching import Matching
from sscite.formats.genotypes import CALL, CONFIDENCE, UNASSIGNED

CEILING = 0.99  # neither source is trusted beyond this: tags stray, genotypes err
SURE = 0.6  # two sources that are equally sure of different samples stay below it
UNRESOLVED = ""


def hashtag_evidence(posteriors: pd.DataFrame, sample_of: dict[str, str], unhashed: str | None) -> pd.DataFrame:
    """Turn hashtag posteriors into a probability per sample and of Doublet; rows sum to 1.

    Hashtags of one sample are added. Negative means the unhashed sample if the library has one; otherwise it is
    uninformative and is spread evenly over them. A hashtag that no sample owns is assigned to no sample.

    Parameters
    ----------
    posteriors
        Droplets × hashtags, Doublet, Negative.
    sample_of
        Hashtag column -> sample.
    unhashed
        The sample without a hashtag.
    """
    samples = list(dict.fromkeys([*sample_of.values(), *([unhashed] if unhashed else [])]))
    found = pd.DataFrame(0.0, index=posteriors.index, columns=[*samples, UNRESOLVED, names.CALL_DOUBLET])
    for tag in posteriors.columns:
        if tag == names.CALL_DOUBLET:
            found[names.CALL_DOUBLET] += posteriors[tag]
        elif tag != names.CALL_NEGATIVE:
            found[sample_of.get(tag, UNRESOLVED)] += posteriors[tag]
    negative = posteriors[names.CALL_NEGATIVE]
    if unhashed:
        found[unhashed] += negative
    else:
        found[samples] = found[samples].add(negative / max(1, len(samples)), axis=0)
    return found


def genotype_evidence(calls: pd.DataFrame, matching: Matching, columns: list[str]) -> pd.DataFrame:
    """Turn genotype calls into the same shape: the called state gets its confidence, the others share the rest.

    A genotype that several samples have is split among them; unassigned is uninformative. Swapped samples are not
    distinguished by genotype, which then separates only one cell from two.

    Parameters
    ----------
    calls
        genotype_call and genotype_confidence of each droplet.
    matching
        Which genotype is which sample.
    columns
        Samples, then unresolved and Doublet.
    """
    samples = [c for c in columns if c not in (UNRESOLVED, names.CALL_DOUBLET)]
    n, width = len(calls), len(columns)
    evidence = np.full((n, width), 1 / width)
    owners = {
        donor: [s for s in samples if matching.genotype.get(s) == donor] for donor in set(matching.genotype.values())
    }
    confidence = np.clip(calls[CONFIDENCE].to_numpy(), 1 / width, CEILING)
    for call in set(calls[CALL]) - {UNASSIGNED}:
        rows = (calls[CALL] == call).to_numpy()
        mine = [names.CALL_DOUBLET] if call == names.CALL_DOUBLET else owners.get(call, [])
        if set(mine) & set(matching.swapped):
            mine = [*samples, UNRESOLVED]
        if not mine:
            mine = [UNRESOLVED]
        inside = np.isin(columns, mine)
        evidence[np.ix_(rows, inside)] = (confidence[rows] / inside.sum())[:, None]
        evidence[np.ix_(rows, ~inside)] = ((1 - confidence[rows]) / max(1, (~inside).sum()))[:, None]
    return pd.DataFrame(evidence, index=calls.index, columns=columns)


def combine(hashtag: pd.DataFrame, genotype: pd.DataFrame) -> pd.DataFrame:
    """Multiply both probabilities of each sample, of none of them, and of Doublet, and normalise."""
    product = (CEILING * hashtag + (1 - CEILING) / hashtag.shape[1]) * genotype
    return product.div(product.sum(axis=1), axis=0)


def resolve(evidence: pd.DataFrame) -> pd.Series:
    """Return the state of each droplet that reaches 0.6: a sample or Doublet; empty if none does."""
    return evidence.idxmax(axis=1).where(evidence.max(axis=1) >= SURE, UNRESOLVED)


def follow(evidence: pd.DataFrame, called: pd.DataFrame, state: pd.Series) -> pd.DataFrame:
    """Use the call of the chosen method where it differs from that of the joint model: 0.9 for its state."""
    differs = (called[names.HTO_CALL] != called["hto_joint"]).to_numpy()
    if not differs.any():
        return evidence
    evidence = evidence.copy()
    target = state.where(called[names.HTO_CALL] != names.CALL_DOUBLET, names.CALL_DOUBLET)[differs]
    one_hot = (target.to_numpy()[:, None] == evidence.columns.to_numpy()).astype(float)
    evidence.loc[differs] = 0.9 * one_hot + 0.1 / evidence.shape[1]
    return evidence


def plain_evidence(shares: pd.DataFrame) -> pd.DataFrame:
    """Evidence of a library without hashtags, in the shape of the hashtags': no Doublet known, none of nobody."""
    return shares.assign(**{UNRESOLVED: 0.0, names.CALL_DOUBLET: 0.0})
