#!/usr/bin/env python3
"""Find the subsets of each lineage: embed it anew, cluster at a stable resolution, name clusters by markers."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    merged: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="merged.h5mu of cohort_merge.py")],
    embedding: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="cohort.embedding.h5: its cells must agree")
    ],
    subsets: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="subsets.yaml: lineages, subsets, markers")
    ],
    resolution: Annotated[
        float | None, typer.Option(min=0.01, help="of Leiden in each lineage; by default chosen by stability")
    ] = None,
    majority_voting: Annotated[
        str, typer.Option(help="cohort: labels of cells are voted here; library, none: they are taken as they are")
    ] = "library",
    seed: Annotated[int, typer.Option(help="every random number follows from it")] = 0,
    id: Annotated[str, typer.Option(help="names the files written")] = "cohort",
) -> None:
    """Find the subsets of each lineage: embed it anew, cluster at a stable resolution, name clusters by markers."""
    from sscite.annotate import cohort_vote, vote
    from sscite.cohort import embedding_file
    from sscite.cohort import file as store
    from sscite.errors import Skipped, UserError
    from sscite.subsets.cluster import all_lineages, report
    from sscite.subsets.definitions.subsets import load_definitions

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


if __name__ == "__main__":
    command.run(main)
