"""A table of a stub has the columns that the step writes (tests/pipeline compares the others with the demo's)."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from layout.stubs import headers

from sscite.adt import normalisation
from sscite.biomarkers.donors import report as donors
from sscite.biomarkers.panel import report as panel
from sscite.compare.calibration import relabelling
from sscite.compare.composition import differential, influence, stress
from sscite.compare.design import confounding
from sscite.compare.enrichment import competitive
from sscite.compare.expression import differential as expression
from sscite.compare.expression import proteins
from sscite.compare.identity import run as identity
from sscite.compare.stage import longitudinal
from sscite.compare.tissue_blood import differences
from sscite.compare.trajectory import gene_trends
from sscite.subsets.tissue import counterparts

WRITTEN = {
    ("adt_normalize", "adt_quality.csv"): normalisation.QUALITY_COLUMNS,
    ("biomarkers_donors", "variables.csv"): donors.VARIABLE_COLUMNS,
    ("biomarkers_panel", "gates.csv"): panel.GATE_COLUMNS,
    ("biomarkers_panel", "panels.csv"): panel.PANEL_COLUMNS,
    ("compare_calibration", "calibration.csv"): relabelling.COLUMNS,
    ("compare_composition", "composition.csv"): [*differential.COLUMNS, *influence.COLUMNS, *stress.COLUMNS],
    ("compare_design", "design.csv"): confounding.COLUMNS,
    ("compare_enrichment", "enrichment.csv"): competitive.COLUMNS,
    ("compare_expression", "expression.csv"): expression.COLUMNS,
    ("compare_expression", "protein.csv"): proteins.COLUMNS,
    ("compare_identity", "identity.csv"): identity.COLUMNS,
    ("compare_stage", "stage.csv"): longitudinal.COLUMNS,
    ("compare_tissue_blood", "tissue_blood.csv"): differences.COLUMNS,
    ("compare_trajectory", "trajectory.csv"): [*gene_trends.COLUMNS, "ambient"],
    ("subsets_tissue", "tissue_states.csv"): counterparts.STATE_COLUMNS,
}


@pytest.mark.parametrize(
    ("table", "columns"), WRITTEN.items(), ids=lambda value: "/".join(value) if len(value) == 2 else ""
)
def test_a_stub_has_the_columns_of_the_step(table, columns):
    assert headers()[table] == list(columns)


def test_no_stub_writes_a_table_without_a_header():
    stubs = {path: path.read_text(encoding="utf-8").partition("\n    stub:")[2] for path in ROOT.glob("modules/*/*.nf")}
    touched = {path: re.findall(r"touch [^\n]*\.csv", stub) for path, stub in stubs.items()}
    assert {path: found for path, found in touched.items() if found} == {}
