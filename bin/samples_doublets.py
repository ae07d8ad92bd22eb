#!/usr/bin/env python3
"""Score the doublets of one library."""

from pathlib import Path
from typing import Annotated

import typer

from sscite import command


def main(
    id: Annotated[str, typer.Option(help="The library's identifier; names the outputs.")],
    library: Annotated[Path, typer.Option(exists=True, help="<id>.h5mu of samples_load.")],
    seed: Annotated[int, typer.Option(help="Seed of the simulated doublets; the same seed gives the same scores.")] = 0,
) -> None:
    """Score each cell of one library against simulated doublets (Scrublet) and flag the likely ones; none is dropped.

    Writes <id>.samples_doublets.parquet (doublet_score, doublet) and facts. Without RNA or with under 50 cells the
    scores are empty and the step is skipped.
    """
    from sscite import io
    from sscite.errors import Reason, Skipped
    from sscite.names import RNA
    from sscite.samples import report
    from sscite.samples.doublets import no_scores, score

    with command.step("samples_doublets", id, seed=seed) as facts:
        frame = no_scores(io.read_obs(library).index)
        try:
            if RNA not in io.modalities(library):
                raise Skipped(Reason.NO_RNA)
            frame, numbers, simulated = score(io.read_modality(library, RNA), seed=seed)
            report.doublets(facts, frame, numbers, simulated)
        except Skipped as skipped:
            facts.skip(skipped)
        io.write_fragment(frame, Path(f"{id}.samples_doublets.parquet"))


if __name__ == "__main__":
    command.run(main)
