"""Find, report and draw the panels of all subsets in question: what `bin/biomarkers_panel.py` calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sscite import command, io
from sscite.biomarkers.panel import assess, figures, gatingml, inputs, report, rna, targets
from sscite.biomarkers.panel.assess import Assessed
from sscite.biomarkers.panel.gates import inside
from sscite.biomarkers.panel.inputs import Cohort
from sscite.biomarkers.panel.targets import Antibodies, Target
from sscite.biomarkers.panel.validation import draw_cells
from sscite.cohort import file as store
from sscite.compare.contrast import contrast as design
from sscite.compare.contrast.contrast import Comparison
from sscite.compare.contrast.eligibility import compare
from sscite.errors import Reason, Skipped
from sscite.subsets.definitions.questions import Biomarker
from sscite.subsets.signatures import gene_sets

RNA_CELLS = 10_000
STEP = "biomarkers_panel"
TABLES = {
    "panels": report.PANEL_COLUMNS, "gates": report.GATE_COLUMNS, "sizes": report.SIZE_COLUMNS,
    "auroc": assess.AUROC_COLUMNS, "groups": assess.GROUP_COLUMNS,
    "donors": ["subset", "tissue", "donor", "cells", "purity", "yield", "f1"],
    "next_panel": ["subset", "tissue", *rna.CANDIDATE_COLUMNS],
}  # fmt: skip
Tables = dict[str, list[pd.DataFrame]]


@dataclass(frozen=True)
class Sources:
    """Files that the step reads, and the questions of the user."""

    cohort: Path
    cells: Path
    quality: Sequence[Path]
    summaries: Sequence[Path]
    samples: Path
    contrasts: Path
    surface: Path
    questions: Sequence[Biomarker]


def run(sources: Sources, *, reference_tissue: str, seed: int, folder: Path = Path()) -> None:
    """Find the panels; write a folder `panel` of tables and GatingML files, and a summary per subset."""
    tables: Tables = {name: [] for name in TABLES}
    try:
        cohort = inputs.read_cohort(sources.cohort, sources.cells)
        contrasts = design.load(sources.contrasts)
        chosen = targets.choose_targets(
            cohort.cells, inputs.reported_subsets(sources.summaries), contrasts, sources.questions,
            reference_tissue=reference_tissue,
        )  # fmt: skip
        if not chosen:
            raise Skipped(
                Reason.NO_SUBSETS, "no contrast reports a subset, and no subset named in subsets.yaml has cells"
            )
        quality = inputs.read_quality(sources.quality)
        people = design.load_samples(sources.samples)
        for target in chosen:
            comparisons = _comparisons(contrasts, people, target)
            _one(cohort, target, quality, comparisons, sources, tables, seed=seed, folder=folder)
    except Skipped as skipped:
        with command.step(STEP, "cohort", seed=seed, folder=folder) as facts:
            facts.skip(skipped)
    (folder / "panel").mkdir(exist_ok=True)
    for name, parts in tables.items():
        table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TABLES[name])
        io.write_table(rounded(table), folder / "panel" / f"{name}.csv")


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Round numbers to six significant digits."""
    numbers = table.select_dtypes("number").columns
    return table.assign(**{name: [float(f"{v:.6g}") if v % 1 else v for v in table[name]] for name in numbers})


def _one(
    cohort: Cohort,
    target: Target,
    quality: pd.DataFrame,
    comparisons: list[Comparison],
    sources: Sources,
    tables: Tables,
    *,
    seed: int,
    folder: Path,
) -> None:
    """Find the panel of one subset; add to the tables and write its summary, figures and GatingML."""
    with command.step(STEP, f"{target.subset}_{target.tissue}", seed=seed, folder=folder) as facts:
        tissue = cohort.of_tissue(target.tissue)
        quality = _of(quality, tissue, sources)
        antibodies = targets.offer_antibodies(tissue.protein, cohort.antibodies.index, quality)
        assessed = assess.assess(tissue, target, antibodies, seed=seed)
        modalities, candidates = _rna(assessed, tissue, antibodies, sources, seed=seed)
        found = {
            "panels": report.panel_row(assessed, target, modalities),
            "gates": report.gate_table(assessed, target, cohort.antibodies, quality, cohort.unit),
            "sizes": report.size_table(assessed.within, target),
            "auroc": assess.auroc_table(assessed, target, antibodies, quality),
            "groups": assess.group_table(assessed, target, tissue, comparisons),
            "donors": assess.donor_table(assessed, target),
            "next_panel": candidates.assign(subset=target.subset, tissue=target.tissue)[TABLES["next_panel"]],
        }
        for name, table in found.items():
            tables[name].append(table)
        _tell(facts, assessed, target, antibodies, modalities, found)
        _draw(facts, assessed, target, tissue, antibodies)
        facts.number(flowkit_agreement=_gatingml(assessed, target, tissue, antibodies, folder))


def _of(quality: pd.DataFrame, tissue: Cohort, sources: Sources) -> pd.DataFrame:
    """Return the quality rows of the libraries that hold samples of the tissue."""
    samples = io.read_table(sources.samples)
    libraries = set(samples.loc[samples["sample"].isin(set(tissue.cells["sample"])), "library_id"])
    return quality[quality["library_id"].isin(libraries)] if libraries else quality


def _comparisons(contrasts: list[design.Contrast], people: pd.DataFrame, target: Target) -> list[Comparison]:
    """Return the groups of every contrast between donors in the tissue."""
    found = []
    for contrast in contrasts:
        if contrast.variable != "tissue" and (not contrast.tissue or target.tissue in contrast.tissue):
            try:
                found.append(compare(contrast, people[people["tissue"] == target.tissue], min_donors=1))
            except Skipped:
                continue
    return found


def _rna(
    assessed: Assessed, tissue: Cohort, antibodies: Antibodies, sources: Sources, *, seed: int
) -> tuple[report.Modalities, pd.DataFrame]:
    """Compare RNA and protein on at most 10,000 cells of the lineage; list surface genes without an antibody."""
    rng = np.random.default_rng([seed, 19])
    places = np.flatnonzero(assessed.parent)
    rows, _ = draw_cells(assessed.target[places], assessed.donors[places], limit=RNA_CELLS, rng=rng)
    places = places[rows]
    mask = np.zeros(store.read_shape(sources.cohort)[0], dtype=bool)
    mask[tissue.rows[places]] = True
    expression = store.gather(sources.cohort, cells=mask)
    genes = store.read_index(sources.cohort, "var")
    target, fold = assessed.target[places], assessed.fold[places]
    columns = tissue.antibodies.index.get_indexer(pd.Index(antibodies.offered))
    modalities = report.Modalities(
        rna.held_out_auroc(expression, target, fold),
        rna.held_out_auroc(tissue.protein[np.ix_(places, columns)], target, fold),
    )
    surface = genes.isin([gene for names in gene_sets.read([sources.surface]).values() for gene in names])
    candidates = rna.surface_candidates(
        expression[:, np.flatnonzero(surface)], genes[surface], target, assessed.donors[places],
        set(tissue.antibodies.get("gene", pd.Series(dtype=str))),
    )  # fmt: skip
    return modalities, candidates


def _tell(
    facts: command.Facts,
    assessed: Assessed,
    target: Target,
    antibodies: Antibodies,
    modalities: report.Modalities,
    found: dict[str, pd.DataFrame],
) -> None:
    """Add sentences, warnings, numbers and tables to the summary."""
    facts.summary(report.sentence(assessed, target, modalities))
    for warning in report.warnings(assessed, target, antibodies):
        facts.warn(warning)
    chosen = assessed.within.chosen
    facts.number(
        antibodies_offered=len(antibodies.offered), antibodies=assessed.within.size, purity=chosen.purity,
        held_out_yield=chosen.sensitivity, f1=chosen.f1, p_value=assessed.within.p,
    )  # fmt: skip
    shown = {name: rounded(table) for name, table in found.items()}
    facts.table("panel", shown["panels"], "Panel", "Key: subset. Purity and yield in held-out cells.")
    facts.table("gates", shown["gates"], "Gates in order", report.NOT_TESTED)
    facts.table("sizes", shown["sizes"], "What each further antibody adds", "Held-out F1; the first against no gate.")
    facts.table("groups", shown["groups"], "Expected percent of the lineage per group", "Mean over donors.")
    facts.table("next_panel", shown["next_panel"].head(15), "Surface genes without an antibody in this panel",
                "Candidates for the next panel: AUROC of the RNA in the lineage, donor by donor.")  # fmt: skip
    excluded = pd.DataFrame(sorted(antibodies.excluded.items()), columns=["protein", "reason"])
    facts.table("excluded", excluded, "Antibodies not offered")


def _draw(facts: command.Facts, assessed: Assessed, target: Target, tissue: Cohort, antibodies: Antibodies) -> None:
    """Draw the gates, the AUROCs and the held-out measures."""
    columns = tissue.antibodies.index.get_indexer(pd.Index(antibodies.offered))
    if assessed.gates:
        drawing = figures.draw_gates(assessed, target, tissue.protein[:, columns], antibodies, tissue.unit)
        facts.figure("gates", drawing, "Gates in sequence",
                     "Grey: cells inside all gates before; coloured dots: cells of the subset.")  # fmt: skip
    facts.figure("auroc", figures.draw_auroc(assessed, target, antibodies), "AUROC of each protein",
                 "The proteins that separate the subset best within its lineage.")  # fmt: skip
    facts.figure("sizes", figures.draw_sizes(assessed), "Purity and yield by number of antibodies",
                 "Grey: donors; blue: all donors weighted alike.")  # fmt: skip


def _gatingml(assessed: Assessed, target: Target, tissue: Cohort, antibodies: Antibodies, folder: Path) -> float | None:
    """Write the gates as GatingML 2.0, gate the cells with FlowKit, and return the share of cells that agree."""
    plots = [gatingml.biplots(panel.gates) for panel in (assessed.lineage, assessed.within)]
    names = [
        command.file_stem(f"{name}_{number}")
        for name, each in zip((target.lineage, target.subset), plots, strict=True)
        for number in range(1, len(each) + 1)
    ]
    if not names:
        return None
    path = folder / "panel" / f"{command.file_stem(f'{target.subset}_{target.tissue}')}.gatingml.xml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gatingml.to_xml([*plots[0], *plots[1]], names))
    proteins = list(dict.fromkeys(gate.protein for gate in assessed.gates))
    values = tissue.protein[:, tissue.antibodies.index.get_indexer(pd.Index(proteins))]
    theirs = gatingml.gate_with_flowkit(path, pd.DataFrame(values, columns=proteins), names[-1])
    return float((theirs == inside(values, proteins, assessed.gates)).mean())
