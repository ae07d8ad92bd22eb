"""Find the subsets of each lineage: embed it anew, cluster at a stable resolution, name clusters by markers."""

from __future__ import annotations

from pathlib import Path

from sscite import command
from sscite.annotate import cohort_vote, vote
from sscite.cohort import embedding_file
from sscite.cohort import file as store
from sscite.errors import Skipped, UserError
from sscite.subsets.cluster import all_lineages, report
from sscite.subsets.definitions.subsets import load_definitions


def run(
    *, merged: Path, embedding: Path, subsets: Path, resolution: float | None, majority_voting: str, seed: int, id: str
) -> None:
    """Find the subsets of each lineage: embed it anew, cluster at a stable resolution, name clusters by markers."""
    vote.check(majority_voting)
    if not embedding_file.read(embedding)[0].equals(store.read_index(merged)):
        raise UserError(f"{embedding} and {merged} hold different cells; make both from the same libraries")
    with command.step("subsets_cluster", id, seed=seed) as facts:
        labels = None
        if majority_voting == "cohort":
            try:
                voted = cohort_vote.run(merged, embedding, seed=seed)
                labels = voted.cells
                report.voted(facts, voted)
            except Skipped as skipped:
                facts.warn(f"No majority voting: {skipped}")
        found = all_lineages.find(merged, load_definitions(subsets), resolution=resolution, seed=seed, voted=labels)
        all_lineages.write(found, Path())
        report.clusters(facts, found)
