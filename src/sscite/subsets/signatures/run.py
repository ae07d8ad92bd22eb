"""Score gene sets (those of the pipeline and the user's own) in each cell by ranks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sscite import command, io, names
from sscite.cohort import file as store
from sscite.subsets.cluster import report
from sscite.subsets.signatures import aucell
from sscite.subsets.signatures import gene_sets as sources


def run(*, merged: Path, subsets: Path, gene_sets: list[Path], seed: int, id: str) -> None:
    """Score gene sets (those of the pipeline and the user's own) in each cell by ranks."""
    with command.step("subsets_signatures", id, seed=seed) as facts:
        chosen, left_out = sources.choose(sources.read(gene_sets))
        kept, member, table = aucell.membership(chosen, store.read_index(merged, "var"))
        cells = store.read_index(merged)
        blocks = [
            aucell.score(block, member, seed=seed)
            for _, block in (store.iterate(merged, matrix=f"layers/{names.LAYER_COUNTS}") if kept else ())
        ]
        values = np.concatenate(blocks) if blocks else np.empty((len(cells), 0), np.float32)
        scores = pd.DataFrame(values, index=cells, columns=[f"signature_{name}" for name in kept])
        found = io.read_fragment(subsets)
        obs = io.read_obs(merged, names.RNA).drop(columns=found.columns, errors="ignore")
        by_subset = aucell.by_donor_and_subset(scores, obs.join(found))
        io.write_fragment(scores, Path("signatures.parquet"))
        io.write_table(by_subset.round(5), Path("signatures_by_subset.csv"))
        report.signatures(facts, scores, by_subset, table, left_out)
