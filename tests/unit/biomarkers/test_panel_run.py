"""The whole panel step on small files: many donors, one donor, few cells, no antibodies."""

from __future__ import annotations

import json
from pathlib import Path

import flowkit as fk
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from mudata import MuData
from scipy import sparse

from sscite.biomarkers.panel.run import Sources, run
from sscite.subsets.definitions.questions import Biomarker

PROTEINS = ["CD3", "CD14", "CD38", "IgG1"]
LEVELS = {"T": [6, 0, 0, 0], "X": [6, 0, 6, 0], "M": [0, 6, 0, 0]}  # X is the T cells with CD38
CONTRASTS = "contrast,contrast_id,variable,reference,target,tissue,subset,block,covariates\n"


def write(folder: Path, *, donors: int, cells: int, proteins: bool = True) -> Sources:
    """Write a cohort: each donor has 60 T, 60 monocytes and `cells` of subset X."""
    rng = np.random.default_rng(0)
    kinds = np.tile(np.repeat(["T", "M", "X"], [60, 60, cells]), donors)
    number = len(kinds)
    donor = np.repeat([f"d{i}" for i in range(donors)], 120 + cells)
    index = pd.Index([f"L:{i}" for i in range(number)])
    counts = sparse.csr_matrix(rng.poisson(2, (number, 5)).astype(np.float32))
    rna = AnnData(counts, obs=pd.DataFrame(index=index), var=pd.DataFrame(index=["CD38", "CCR1", "G1", "G2", "G3"]))
    parts = {"rna": rna}
    if proteins:
        values = np.array([LEVELS[kind] for kind in kinds]) + rng.normal(0, 0.8, (number, 4))
        protein = AnnData(np.zeros((number, 4), np.float32), obs=pd.DataFrame(index=index))
        protein.var = pd.DataFrame(
            {"feature": PROTEINS, "clone": "", "gene": ["CD3E", "CD14", "CD38", ""]}, index=PROTEINS
        )
        protein.layers["dsb"] = values.astype(np.float32)
        parts["prot"] = protein
    MuData(parts).write(folder / "cohort.h5mu")
    lineage = np.where(kinds == "M", "monocyte/DC", "CD4 T")
    subset = np.where(kinds == "X", "X", np.where(kinds == "T", "naive", "classical"))
    table = {"library": "L", "sample": donor, "donor": donor, "tissue": "blood", "lineage": lineage, "subset": subset}
    pd.DataFrame({**table, "qc_pass": True}, index=index).to_parquet(folder / "cells.parquet")
    people = {
        "library_id": "L",
        "library": "L",
        "sample": np.unique(donor),
        "donor": np.unique(donor),
        "tissue": "blood",
    }
    pd.DataFrame(people).to_csv(folder / "samples.csv", index=False)
    (folder / "contrasts.csv").write_text(CONTRASTS)
    (folder / "surface.gmt").write_text("SURFACE\ttest\tCCR1\tCD38\n")
    isotype = pd.DataFrame({"protein": PROTEINS, "quality_class": ["good", "good", "good", "isotype"], "meaning": ""})
    isotype.to_csv(folder / "L.adt_quality.csv", index=False)
    names = [folder / name for name in ("cohort.h5mu", "cells.parquet", "samples.csv", "contrasts.csv", "surface.gmt")]
    quality = [folder / "L.adt_quality.csv"]
    return Sources(names[0], names[1], quality, [], names[2], names[3], names[4], [Biomarker("X")])


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def find(stem: str = "X_blood", **options) -> tuple[dict, pd.DataFrame]:
        run(write(tmp_path, **options), reference_tissue="blood", seed=0)
        facts = json.loads((tmp_path / f"{stem}.biomarkers_panel.json").read_text())
        return facts, pd.read_csv(tmp_path / "panel" / "panels.csv")

    return find


def test_a_subset_that_one_protein_defines_gets_that_panel_in_all_donors(step, tmp_path: Path):
    facts, panels = step(donors=5, cells=40)
    row = panels.iloc[0]
    assert (row["status"], row["panel"], row["validation"]) == ("panel", "CD38+", "held-out donors")
    assert row["f1"] > 0.97
    assert facts["numbers"]["flowkit_agreement"] == 1
    gating = fk.parse_gating_xml(str(tmp_path / "panel" / "X_blood.gatingml.xml"))
    assert len(gating.get_gate_ids()) >= 1
    gates = pd.read_csv(tmp_path / "panel" / "gates.csv")
    assert "IgG1" not in set(gates["protein"])


def test_one_donor_gives_a_panel_that_is_marked_as_not_cross_validated_over_donors(step):
    facts, panels = step(donors=1, cells=40)
    row = panels.iloc[0]
    assert row["panel"] == "CD38+"
    assert "not cross-validated over donors" in row["validation"]
    assert any("one donor" in warning for warning in facts["warnings"])


def test_a_subset_of_20_cells_is_assessed_and_its_thresholds_called_uncertain(step):
    facts, panels = step(donors=4, cells=5)
    assert panels["cells"].tolist() == [20]
    assert any("only 20 cells" in warning for warning in facts["warnings"])


def test_a_cohort_without_antibodies_is_skipped_and_its_tables_are_empty(step):
    facts, panels = step("cohort", donors=3, cells=20, proteins=False)
    assert (facts["status"], facts["reason"]) == ("skipped", "no_antibodies")
    assert panels.empty


def test_a_subset_without_cells_is_a_skip(step, tmp_path: Path):
    sources = write(tmp_path, donors=2, cells=0)
    run(sources, reference_tissue="blood", seed=0)
    facts = json.loads((tmp_path / "cohort.biomarkers_panel.json").read_text())
    assert (facts["status"], facts["reason"]) == ("skipped", "no_subsets")
