"""Samples with several hashtags: all on every cell, or one on each part of the cells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite.demux import checks, initial_values
from sscite.errors import UserError

TOGETHER = 0.5
SEPARATOR = ";"


def split(hashtag: str) -> list[str]:
    """List the hashtags that a cell of the sheet joins with `;`."""
    return [part.strip() for part in hashtag.split(SEPARATOR) if part.strip()]


def fraction_together(counts: np.ndarray) -> float:
    """Compute the fraction of droplets with all tags (n_droplets × n_tags) among those with any, by two-means cuts."""
    logs = np.log1p(counts.astype(float))
    high = np.column_stack([column > initial_values.two_means(column)[2] for column in logs.T])
    return float(high.all(axis=1).sum()) / max(1, int(high.any(axis=1).sum()))


def join(counts: pd.DataFrame, hashtags: list[str], *, where: str) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """Sum the hashtags that are on the same cells of a sample, and return the meaning of each column.

    Tags of one sample that are both present in at least half of their droplets are a combination: their counts are
    summed. Otherwise they are alternatives: each stays a column of its own and means the same sample.

    Parameters
    ----------
    counts
        Droplets × hashtags.
    hashtags
        The sheet's column `hashtag` of this library; empty texts are samples without a hashtag.
    where
        The file, for messages.

    Returns
    -------
    The counts to be called; name of each of their columns -> the sheet's hashtag; notes.

    Raises
    ------
    UserError
        A hashtag that the counts lack, or that two samples share.
    """
    groups = {text: split(text) for text in hashtags if split(text)}
    wanted = [tag for tags in groups.values() for tag in tags]
    twice = sorted({tag for tag in wanted if wanted.count(tag) > 1})
    if twice:
        raise UserError(
            f"{where}: hashtag '{twice[0]}' is given to two samples of one library; a hashtag means one sample"
        )
    found = checks.find_tags(wanted, list(counts.columns), where=where)
    counts, meaning, notes = counts.copy(), {}, []
    for text, tags in groups.items():
        columns = [found[tag] for tag in tags]
        if len(columns) > 1 and (share := fraction_together(counts[columns].to_numpy())) >= TOGETHER:
            summed = counts[columns].sum(axis=1)
            counts = counts.drop(columns=columns).assign(**{text: summed})
            meaning[text] = text
            notes.append(
                f"hashtags {text} occur together ({share:.0%} of droplets with either): their counts are summed"
            )
        else:
            meaning |= dict.fromkeys(columns, text)
            if len(columns) > 1:
                notes.append(f"hashtags {text} are alternatives: each marks a part of the sample's cells")
    return counts, meaning, notes
