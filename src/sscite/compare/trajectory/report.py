"""Report a trajectory: path, donor coverage, bootstrap support, and the genes that change along it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sscite import genes, names
from sscite.command import Facts
from sscite.compare.trajectory import figures, gene_trends
from sscite.compare.trajectory.inference import STABLE, Trajectory
from sscite.findings import Concern, Finding, Kind
from sscite.subsets.definitions.subsets import Definitions

MARKERS, DRAWN = 2, 9  # genes of each state on the path, and genes drawn in all
FEWEST_DONORS = 3  # that cover the trajectory; fewer describe it


def report_trajectory(
    facts: Facts, path: Trajectory, cells: pd.DataFrame, values: pd.DataFrame, proteins: pd.DataFrame,
    definitions: Definitions, ambient: pd.DataFrame, *, tissue: str, reference: str,
) -> pd.DataFrame:  # fmt: skip
    """Correlate genes and proteins with pseudotime, and add numbers, a sentence, tables and figures.

    Parameters
    ----------
    cells
        All cells of the lineage, also those of states outside the path; rows as in `values` and `proteins`.
    definitions
        Whose markers are drawn along the path.
    ambient
        Genes that are mostly ambient RNA in a subset of a tissue.

    Returns
    -------
    pd.DataFrame
        The table of `gene_trends.correlate_pseudotime`, genes first.
    """
    coverage, predecessors = gene_trends.donor_coverage(path.cells, tissue=tissue), _predecessors(path)
    terminal = path.states[-1]
    table = _correlate(path, values, proteins, coverage, tissue=tissue)
    table = table.assign(ambient=mark_ambient(table, ambient, tissue, path.states))
    _summarise(facts, path, table, coverage, predecessors, tissue=tissue, reference=reference)
    _tables(facts, table, coverage, predecessors, terminal, tissue)
    facts.figure("path", figures.on_map(path, cells), "Trajectory", "Grey: states outside the path. Star: root cell.")
    facts.figure(
        "predecessors",
        figures.transition_scores(predecessors, terminal),
        f"Candidate predecessors of {terminal}",
        "Left: how gradual the transition is. Right: support by donor bootstraps.",
    )
    facts.figure(
        "subsets",
        figures.by_subset(path),
        "Pseudotime by state, and connectivity of the states",
        "Line: 10% to 90% of the cells. Right: PAGA connectivity.",
    )
    markers = values.loc[path.cells.index, _markers(path, table, definitions, values.columns)]
    if markers.shape[1]:
        drawing = figures.trends(path, markers)
        facts.figure("markers", drawing, "Genes along the trajectory", "Thin: one donor; thick: mean of donors.")
    return table


def _tables(
    facts: Facts, table: pd.DataFrame, coverage: pd.DataFrame, predecessors: pd.DataFrame, terminal: str, tissue: str
) -> None:
    """Add the tables of donors, of genes and proteins, and of candidate predecessors."""
    facts.table(
        "donors",
        coverage,
        "Donors along the trajectory",
        "Cells per pseudotime tertile. reaches: ten tissue cells in the last; covers: also ten in the first.",
    )
    shown = pd.concat([table.head(25), table.tail(25)]).drop_duplicates(["kind", "feature"])
    facts.table(
        "features",
        shown.round(4),
        "Genes and proteins along the trajectory",
        f"Mean correlation within donors that reach the terminal state, among their cells of {tissue}.",
    )
    facts.table(
        "predecessors",
        predecessors.reset_index().round(3),
        f"Candidate predecessors of {terminal}",
        "Variance along the line joining both states, relative to other states (1: no more than they).",
    )


def _correlate(
    path: Trajectory, values: pd.DataFrame, proteins: pd.DataFrame, coverage: pd.DataFrame, *, tissue: str
) -> pd.DataFrame:
    """Correlate among the tissue's cells alone, so that dissociation, which affects all of them, is no trend."""
    reaching = path.cells[names.DONOR].astype(str).isin(coverage.loc[coverage["reaches"], "donor"])
    cells = path.cells[reaching & (path.cells[names.TISSUE].astype(str) == tissue)]
    parts = [
        gene_trends.correlate_pseudotime(frame.loc[cells.index].to_numpy(), frame.columns, cells, kind)
        for frame, kind in ((values, "gene"), (proteins, "protein"))
        if frame.shape[1]
    ]
    return pd.concat(parts, ignore_index=True)


def _predecessors(path: Trajectory) -> pd.DataFrame:
    """Add the share of donor bootstraps in which each state is the predecessor."""
    share = path.draws["predecessor"].value_counts(normalize=True)
    return path.predecessors.assign(draws=share.reindex(path.predecessors.index, fill_value=0.0))


def _markers(path: Trajectory, table: pd.DataFrame, definitions: Definitions, measured: pd.Index) -> list[str]:
    """Choose the genes that are drawn: markers of the states on the path, and the genes that increase most."""
    subsets = definitions.subsets
    markers = [gene for state in path.states if state in subsets for gene in subsets[state].up[:MARKERS]]
    return [gene for gene in dict.fromkeys([*markers, *_increasing(table).head(DRAWN)]) if gene in measured][:DRAWN]


def mark_ambient(table: pd.DataFrame, ambient: pd.DataFrame, tissue: str, states: tuple[str, ...]) -> pd.Series:
    """Mark genes whose counts are mostly ambient RNA in one of the path's states in the tissue."""
    here = ambient[(ambient["tissue"] == tissue) & ambient["subset"].isin(states)]
    return (table["kind"] == "gene") & table["feature"].isin(here["gene"])


def _increasing(table: pd.DataFrame) -> pd.Series:
    """Return the genes that increase, strongest first, without mitochondrial and mostly ambient ones."""
    gene = (table["kind"] == "gene") & ~genes.mitochondrial(pd.Index(table["feature"])) & ~table["ambient"]
    return table.loc[gene & (table["correlation"] > 0), "feature"]


def _summarise(
    facts: Facts, path: Trajectory, table: pd.DataFrame, coverage: pd.DataFrame, predecessors: pd.DataFrame,
    *, tissue: str, reference: str,
) -> None:  # fmt: skip
    """Add numbers, the sentence, the warnings, and the finding if the transition is supported."""
    agreement, terminal = path.draws["agreement"].dropna(), path.states[-1]
    covering = int(coverage["covers"].sum())
    facts.number(
        cells=len(path.cells),
        donors=len(coverage),
        donors_covering=covering,
        root_cell=path.root,
        path=" → ".join(path.states),
        terminal_state=terminal,
        predecessor=path.states[-2],
        bootstraps=len(path.draws),
        predecessor_support=path.predecessor_support,
        is_supported=path.is_supported,
        transition_score=float(predecessors["transition_score"].iloc[0]),
        agreement_median=agreement.median(),
        agreement_lowest=agreement.min(),
        agreement_with_diffusion=path.cells["pseudotime"].corr(path.cells["diffusion"], method="spearman"),
    )
    text = sentence(path, table, coverage, predecessors, tissue)
    facts.summary(text)
    if path.is_supported:
        facts.finding(
            Finding(
                Kind.TRAJECTORY,
                " → ".join(path.states),
                f"{tissue} against {reference}",
                subset=terminal,
                effect=float(predecessors["transition_score"].iloc[0]),
                unit="transition score",
                donors_target=covering,
                concerns=[Concern.FEW_DONORS] if covering < FEWEST_DONORS else [],
                text=text,
                figure=f"{facts.stem}.path.png",
                table="trajectory.csv",
            )
        )
    for warning in _warnings(path, predecessors, covering):
        facts.warn(warning)


def _warnings(path: Trajectory, predecessors: pd.DataFrame, covering: int) -> list[str]:
    """Return what limits the trajectory."""
    agreement, terminal = path.draws["agreement"].dropna(), path.states[-1]
    warnings = []
    if not path.is_supported:
        warnings.append(
            f"No state shows a clear gradual transition into {terminal}; the trajectory shown is the best candidate "
            "and may not be real."
        )
    if covering < FEWEST_DONORS:
        donors = "donor covers" if covering == 1 else "donors cover"
        warnings.append(f"Only {covering} {donors} the whole trajectory; results are descriptive.")
    if len(agreement) and agreement.median() < STABLE:
        warnings.append(f"The order is unstable under donor bootstraps (median correlation {agreement.median():.2f}).")
    if path.predecessor_support < STABLE:
        others = ", ".join(f"{name} {share:.0%}" for name, share in predecessors["draws"].items() if share > 0)
        warnings.append(f"The predecessor of {terminal} differs between donor bootstraps: {others}.")
    return warnings


def sentence(
    path: Trajectory, table: pd.DataFrame, coverage: pd.DataFrame, predecessors: pd.DataFrame, tissue: str
) -> str:
    """Describe in one sentence the path, the donors that cover it, and its stability."""
    agreement = path.draws["agreement"].median()
    stable = f"; order correlates with donor bootstraps at r = {agreement:.2f}" if np.isfinite(agreement) else ""
    donors = f"{int(coverage['covers'].sum())} of {len(coverage)} donors cover the full trajectory{stable}"
    return (
        f"{tissue}: {path.states[-1]} has no counterpart in the reference tissue; {_predecessor(path, predecessors)}. "
        f"Path from the root: {' → '.join(path.states)}; {donors}. "
        f"Genes that increase along it: {', '.join(_increasing(table).head(4))}."
    )


def _predecessor(path: Trajectory, predecessors: pd.DataFrame) -> str:
    """Describe the predecessor and its support, or that none is supported."""
    best = predecessors.iloc[0]
    support = f", in {path.predecessor_support:.0%} of {len(path.draws)} donor bootstraps" if len(path.draws) else ""
    score = f"transition score {best['transition_score']:.1f}{support}"
    if not path.is_supported:
        return f"no state shows a clear gradual transition into it (highest: {best.name}, {score})"
    return f"its predecessor is {best.name} ({score})"
