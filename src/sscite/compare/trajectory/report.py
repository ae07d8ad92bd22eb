"""What the trajectory tells the report: which way, who carries it, how stable it is, and what changes along it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import names
from sscite.command import Facts
from sscite.compare.trajectory import figures, gene_trends
from sscite.compare.trajectory.inference import STABLE, Path
from sscite.subsets.definitions.subsets import Definitions

MARKERS, DRAWN = 2, 9  # genes of each state on the way, and genes drawn in all


def answer(
    facts: Facts, path: Path, cells: pd.DataFrame, values: pd.DataFrame, proteins: pd.DataFrame, known: Definitions,
    ambient: pd.DataFrame, *, tissue: str,
) -> pd.DataFrame:  # fmt: skip
    """Correlate genes and proteins with the order, and add numbers, a sentence, tables and figures.

    Parameters
    ----------
    cells
        All cells of the lineage, also those beside the way; rows as in `values` and `proteins`.
    known
        Whose markers are drawn along the way.
    ambient
        Genes that are mostly ambient RNA in a subset of a tissue.

    Returns
    -------
    pd.DataFrame
        The table of `gene_trends.along`, genes first.
    """
    carried, before, end = gene_trends.carriers(path.cells, tissue=tissue), _before(path), path.way[-1]
    table = _along(path, values, proteins, carried, tissue=tissue)
    table = table.assign(ambient=mark_ambient(table, ambient, tissue, path.way))
    _tell(facts, path, table, carried, before, tissue)
    facts.table("donors", carried, "Donors along the way",
                "Cells in each third. Reaches: ten of the tissue in the last; carries: ten in the first.")  # fmt: skip
    shown = pd.concat([table.head(25), table.tail(25)]).drop_duplicates(["kind", "feature"])
    facts.table("features", shown.round(4), "Genes and proteins along the way",
                f"Mean correlation within donors who reach the end, among their cells of {tissue}.")  # fmt: skip
    facts.table("before", before.reset_index().round(3), f"What comes before {end}",
                "How far the cells of both are drawn out towards each other; 1: as those of other states.")  # fmt: skip
    facts.figure("path", figures.on_map(path, cells), "The way", "Grey: states beside it. Star: the root.")
    facts.figure("before", figures.before(before, end), f"What comes before {end}",
                 "Left: how gradual the change is. Right: in how many draws of donors it is found.")  # fmt: skip
    facts.figure("subsets", figures.by_subset(path), "Pseudotime by state, and how the states connect",
                 "Line: 10 to 90 % of the cells. Right: PAGA.")  # fmt: skip
    markers = values.loc[path.cells.index, _markers(path, table, known, values.columns)]
    if markers.shape[1]:
        drawing = figures.trends(path, markers)
        facts.figure("markers", drawing, "Genes along the way", "Thin: a donor; thick: the mean of donors.")
    return table


def _along(
    path: Path, values: pd.DataFrame, proteins: pd.DataFrame, carried: pd.DataFrame, *, tissue: str
) -> pd.DataFrame:
    """Correlate among the tissue's cells alone: what digestion does to all of them is then no change along the way."""
    mine = path.cells[names.DONOR].astype(str).isin(carried.loc[carried["reaches"], "donor"])
    cells = path.cells[mine & (path.cells[names.TISSUE].astype(str) == tissue)]
    parts = [gene_trends.along(frame.loc[cells.index].to_numpy(), frame.columns, cells, kind)
             for frame, kind in ((values, "gene"), (proteins, "protein")) if frame.shape[1]]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def mark_ambient(table: pd.DataFrame, ambient: pd.DataFrame, tissue: str, states: tuple[str, ...]) -> pd.Series:
    """Mark genes whose counts are mostly ambient RNA in one of the path's states in the tissue."""
    here = ambient[(ambient["tissue"] == tissue) & ambient["subset"].isin(states)]
    return (table["kind"] == "gene") & table["feature"].isin(here["gene"])


def _before(path: Path) -> pd.DataFrame:
    """Add the share of draws of donors in which each state comes before the end."""
    share = path.draws["before"].value_counts(normalize=True)
    return path.before.assign(draws=share.reindex(path.before.index, fill_value=0.0))


def _markers(path: Path, table: pd.DataFrame, known: Definitions, measured: pd.Index) -> list[str]:
    """Choose the genes that are drawn: markers of the states on the way, and the genes that rise most."""
    markers = [gene for state in path.way if state in known.subsets for gene in known.subsets[state].up[:MARKERS]]
    return [gene for gene in dict.fromkeys([*markers, *_rising(table).head(DRAWN)]) if gene in measured][:DRAWN]


def _rising(table: pd.DataFrame) -> pd.Series:
    """Name the genes that rise, the clearest first, without mitochondrial and mostly ambient ones."""
    gene = (table["kind"] == "gene") & ~table["feature"].str.upper().str.startswith("MT-") & ~table["ambient"]
    return table.loc[gene & (table["correlation"] > 0), "feature"]


def _tell(
    facts: Facts, path: Path, table: pd.DataFrame, carried: pd.DataFrame, before: pd.DataFrame, tissue: str
) -> None:
    """Add numbers, the sentence and the warnings."""
    agreement, end = path.draws["agreement"].dropna(), path.way[-1]
    number = int(carried["carries"].sum())
    facts.number(
        cells=len(path.cells), donors=len(carried), donors_carrying=number, root_cell=path.root,
        way=" → ".join(path.way), end=end, before=path.way[-2], draws=len(path.draws),
        draws_before=path.drawn_before, seen=path.seen, bridging=float(before["bridging"].iloc[0]),
        agreement_median=agreement.median(), agreement_lowest=agreement.min(),
        agreement_with_diffusion=path.cells["pseudotime"].corr(path.cells["diffusion"], method="spearman"),
    )  # fmt: skip
    facts.verdict(sentence(path, table, carried, before, tissue))
    if not path.seen:
        facts.warn(
            f"No one state is seen to change into {end} gradually: the way to it is the nearest, and may be none."
        )
    if number < 3:
        facts.warn(f"{number} donors carry the whole way: it describes them and is no test.")
    if len(agreement) and agreement.median() < STABLE:
        facts.warn(f"The order is not stable under other donors (median correlation {agreement.median():.2f}).")
    if path.drawn_before < STABLE:
        others = ", ".join(f"{name} {share:.0%}" for name, share in before["draws"].items() if share > 0)
        facts.warn(f"What comes before {end} changes with the donors drawn: {others}.")


def sentence(path: Path, table: pd.DataFrame, carried: pd.DataFrame, before: pd.DataFrame, tissue: str) -> str:
    """Say in one sentence where the way leads, who carries it and how stable it is."""
    rising = ", ".join(_rising(table).head(4))
    agreement = path.draws["agreement"].median()
    stable = f"; its order agrees with other draws of donors at {agreement:.2f}" if np.isfinite(agreement) else ""
    who = f"{int(carried['carries'].sum())} of {len(carried)} donors carry it whole{stable}"
    return (
        f"{tissue}: {path.way[-1]} has no counterpart in the reference; {_what_before(path, before)}. "
        f"The way from the root: {' → '.join(path.way)}; {who}. Genes that rise along it: {rising}."
    )


def _what_before(path: Path, before: pd.DataFrame) -> str:
    """Say which state changes into the end, or that none is seen to."""
    best = before.iloc[0]
    draws = f", in {path.drawn_before:.0%} of {len(path.draws)} draws of donors" if len(path.draws) else ""
    far = f"{best['bridging']:.1f} times the usual variance between them{draws}"
    if not path.seen:
        return f"no one state is seen to change into it gradually (most {best.name}: {far})"
    return f"what changes into it most gradually is {best.name} ({far})"
