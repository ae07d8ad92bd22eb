"""docs/columns.md describes every column that the steps name in their code."""

from pathlib import Path

import pytest
from described import described, sections
from layout.stubs import headers

from sscite.adt import normalisation
from sscite.biomarkers.donors import report as donors
from sscite.biomarkers.donors import run as donors_run
from sscite.biomarkers.panel import assess, rna
from sscite.biomarkers.panel import report as panel
from sscite.compare.abundance import milo
from sscite.compare.calibration import relabelling
from sscite.compare.composition import differential as composition
from sscite.compare.composition import influence, stress
from sscite.compare.contrast import contrast
from sscite.compare.design import confounding
from sscite.compare.enrichment import competitive
from sscite.compare.expression import differential as expression
from sscite.compare.expression import proteins
from sscite.compare.identity import run as identity
from sscite.compare.ligand_receptor import liana
from sscite.compare.pseudobulk import ambient
from sscite.compare.stage import longitudinal
from sscite.compare.tissue_blood import differences
from sscite.compare.trajectory import gene_trends
from sscite.names import COLUMNS, SAMPLE_COLUMNS
from sscite.samples.files import FILES

TABLES = {
    "1_samples/samples.csv": SAMPLE_COLUMNS,
    "1_samples/files.csv": FILES,
    "1_samples/contrasts.csv": contrast.COLUMNS,
    "3_adt/L.adt_quality.csv": normalisation.QUALITY_COLUMNS,
    "3_adt/L.adt_cells.parquet": normalisation.CELL_COLUMNS,
    "7_compare/ambient_genes.csv": ambient.GENE_COLUMNS,
    "7_compare/identity.csv": identity.COLUMNS,
    "7_compare/c/composition.csv": [*composition.COLUMNS, *influence.COLUMNS, *stress.COLUMNS],
    "7_compare/c/design_confounding.csv": confounding.CONFOUNDING,
    "7_compare/c/design_power.csv": confounding.POWER,
    "7_compare/c/abundance.csv": milo.COLUMNS,
    "7_compare/c/calibration.csv": relabelling.COLUMNS,
    "7_compare/c/expression.csv": expression.COLUMNS,
    "7_compare/c/protein.csv": proteins.COLUMNS,
    "7_compare/c/enrichment.csv": competitive.COLUMNS,
    "7_compare/kidney/tissue_blood.csv": differences.COLUMNS,
    "7_compare/kidney/ligand_receptor.csv": liana.COLUMNS,
    "7_compare/kidney/ligand_receptor_questions.csv": liana.NAMED_COLUMNS,
    "7_compare/kidney_s/trajectory.csv": gene_trends.COLUMNS,
    "7_compare/stage/stage.csv": longitudinal.COLUMNS,
    "8_biomarkers/panel/panels.csv": panel.PANEL_COLUMNS,
    "8_biomarkers/panel/gates.csv": panel.GATE_COLUMNS,
    "8_biomarkers/panel/sizes.csv": panel.SIZE_COLUMNS,
    "8_biomarkers/panel/auroc.csv": assess.AUROC_COLUMNS,
    "8_biomarkers/panel/groups.csv": assess.GROUP_COLUMNS,
    "8_biomarkers/panel/next_panel.csv": rna.CANDIDATE_COLUMNS,
    "8_biomarkers/donors/variables.csv": donors.VARIABLE_COLUMNS,
    "8_biomarkers/donors/selected.csv": donors.SELECTED_COLUMNS,
    "8_biomarkers/donors/held_out.csv": donors.RANK_COLUMNS,
    "8_biomarkers/donors/correlations.csv": donors.CORRELATION_COLUMNS,
    "8_biomarkers/donors/features.csv": donors_run.FEATURE_COLUMNS,
}


@pytest.mark.parametrize("path", TABLES)
def test_every_column_of_a_table_is_described(path: str):
    assert described(Path(path), list(TABLES[path]), sections()) == []


def test_every_column_of_cells_is_described():
    plain = [name for name in COLUMNS if name != "n_cells"]  # of genes
    assert described(Path("5_cohort/cells.parquet"), plain, sections()) == []


def test_an_unknown_column_and_an_unknown_table_are_found():
    assert described(Path("stage/stage.csv"), ["z", "zz"], sections()) == ["zz"]
    assert described(Path("other.csv"), ["z"], sections()) == ["other.csv: no section", "z"]


STUBS = {f"{step}/{name}": columns for (step, name), columns in headers().items()}


@pytest.mark.parametrize("table", STUBS)
def test_every_column_of_a_stub_is_described(table: str):
    room, _, rest = table.partition("_")
    step, name = rest.split("/")
    folder = step if room == "biomarkers" else "7_compare" if step == "pseudobulk" else room
    assert described(Path(folder, name), STUBS[table], sections()) == []
