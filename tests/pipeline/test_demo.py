"""The demo's results hold what was planted: findings 1, 3, 4, 5 and 6, and no more than is there.

Reads the run of `make demo`, or a finished one: SSCITE_DEMO_RESULTS and SSCITE_DEMO_COHORT name its folders.
"""

import json
import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from described import undescribed
from layout.stubs import OPEN, headers

from sscite import simulate
from sscite.report.columns import tips
from sscite.simulate import composition

SRC, ILD, DISEASE = "SRC_against_SSc_without_SRC", "ILD_against_SSc_without_ILD", "SSc_against_healthy"


pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Path:
    given = os.environ.get("SSCITE_DEMO_RESULTS")
    return Path(given) if given else request.getfixturevalue("demo")


@pytest.fixture(scope="module")
def planted(root: Path) -> Path:
    return Path(os.environ.get("SSCITE_DEMO_COHORT", root / "demo" / "cohort"))


@pytest.fixture(scope="module")
def cells(results, planted) -> pd.DataFrame:
    """Join what the pipeline says of each cell and what is true of it (`true_...`)."""
    said = pd.read_parquet(results / "5_cohort" / "cells.parquet")
    truth = pd.read_parquet(planted / "truth" / "cells.parquet").set_index("cell").add_prefix("true_")
    return said.join(truth, how="inner")


@pytest.fixture(scope="module")
def counted(results) -> pd.DataFrame:
    return pd.read_csv(results / "7_compare" / "composition.csv", dtype={"sample": str, "donor": str})


def answer(results: Path, contrast: str) -> pd.DataFrame:
    return pd.read_csv(results / "7_compare" / contrast / "composition.csv", keep_default_na=False)


def donor_percents(counted: pd.DataFrame, planted: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Percent of blood cells by sample and subset, and the samples' sheet; stage samples are left out."""
    sheet = pd.read_csv(planted / "samplesheet.csv", keep_default_na=False).set_index("sample")
    sheet = sheet[(sheet["tissue"] == "blood") & (sheet["group"] != "")]
    rows = counted[(counted["level"] == "subset") & counted["sample"].isin(sheet.index)]
    return rows.pivot_table(index="sample", columns="subset", values="cells").loc[sheet.index], sheet


def test_every_column_of_every_table_is_described(results):
    assert undescribed(results) == {}


def test_every_sample_is_there_and_cells_are_assigned_to_their_own(cells):
    called = cells[cells["sample"].astype(str) != ""]
    assert set(called["sample"]) == set(cells["true_sample"])
    assert (called["sample"] == called["true_sample"])[~called["true_doublet"]].mean() > 0.99
    assert (~called["true_doublet"]).sum() > 0.9 * (~cells["true_doublet"]).sum()


def test_lineages_and_the_two_rare_states_are_recovered(cells):
    single = cells[~cells["true_doublet"] & (cells["tissue"] == "blood")]
    kept = single[single["true_lineage"].isin(["monocyte/DC", "CD4 T", "CD8 T", "NK", "B", "pDC"])]
    assert (kept["lineage"] == kept["true_lineage"]).mean() > 0.95
    for subset in ("CD14_EGR1", "CD8_TEM_T2ISG"):
        said, true = kept["subset"] == subset, kept["true_subset"] == subset
        f1 = 2 * (said & true).sum() / (said.sum() + true.sum())
        assert f1 > 0.7, subset


@pytest.mark.parametrize("subset", ["CD14_EGR1", "CD8_TEM_T2ISG"])
def test_donors_proportions_follow_the_truth(counted, planted, subset):
    found, _ = donor_percents(counted, planted)
    truth = pd.read_csv(planted / "truth" / "samples.csv")
    true = truth[truth["subset"] == subset].set_index("sample")["proportion"].loc[found.index]
    share = found[subset] / found.sum(axis=1)
    assert np.corrcoef(share, true)[0, 1] > 0.9


def test_finding_1_cd14_egr1_is_raised_in_renal_crisis(results):
    table = answer(results, SRC)
    rows = table[(table["subset"] == "CD14_EGR1") & (table["finding"] == "up")]
    assert len(rows)
    others = set(table.loc[table["finding"] != "", "subset"]) - {"CD14_EGR1", *composition.RAISED_IN_SRC}
    assert len(others) <= 1


def test_finding_3_the_kidney_s_macrophages_follow_cd14_egr1(results, cells):
    ordered = pd.read_csv(results / "7_compare" / "kidney_THBS1_Mac" / "trajectory_cells.csv").set_index("cell")
    kidney = ordered[ordered["tissue"] == "kidney"]
    place = kidney.groupby("subset")["pseudotime"].median()
    assert ordered.loc[ordered["tissue"] == "blood", "pseudotime"].median() < place["CD14_EGR1"] < place["THBS1_Mac"]
    planted = cells["true_position"].reindex(kidney.index)  # 0 CD14_EGR1, 1 THBS1_Mac
    assert kidney["pseudotime"].corr(planted, method="spearman") > 0.6
    along = pd.read_csv(results / "7_compare" / "kidney_THBS1_Mac" / "trajectory.csv").set_index("feature")
    assert along.loc["THBS1", "lowest"] > 0


def test_finding_4_egr1_follows_the_stage_of_the_crisis(results):
    table = pd.read_csv(results / "7_compare" / "stage" / "stage.csv")
    rows = table[(table["kind"] == "gene") & (table["feature"] == "EGR1") & (table["unit"] == "monocyte/DC")]
    level = rows[rows["tissue"] == "blood"].set_index("stage")["value"]
    assert level["onset"] > level["before"] + 1
    assert level["onset"] > level["after"] + 0.5


def test_finding_5_t2isg_is_raised_in_lung_disease_and_found_in_lung(results, cells):
    table = answer(results, ILD)
    assert ((table["subset"] == "CD8_TEM_T2ISG") & (table["finding"] == "up")).any()
    lung = cells[(cells["tissue"] == "lung") & (cells["lineage"] == "CD8 T")]
    share = (lung["subset"] == "CD8_TEM_T2ISG").groupby(lung["donor"]).mean()
    assert len(share) == 3
    assert (share > 0.2).all()


def test_finding_6_composition_separates_patients_from_healthy_donors(results, counted, planted):
    counts, sheet = donor_percents(counted, planted)
    logs = np.log((counts + 0.5).div((counts + 0.5).sum(axis=1), axis=0))
    logs = logs.sub(logs.mean(axis=1), axis=0).to_numpy()
    healthy = np.flatnonzero((sheet["disease"] == "HD").to_numpy())

    def distance(group: np.ndarray) -> float:
        inside = np.isin(np.arange(len(logs)), group)
        return float(((logs[inside].mean(axis=0) - logs[~inside].mean(axis=0)) ** 2).sum())

    chance = [distance(np.array(group)) for group in combinations(range(len(logs)), len(healthy))]
    assert np.mean(np.array(chance) >= distance(healthy) - 1e-9) < 0.05
    table = answer(results, DISEASE).query("finding != ''")
    right = {
        **dict.fromkeys(composition.RAISED_IN_DISEASE, "up"),
        **dict.fromkeys(composition.LOWERED_IN_DISEASE, "down"),
    }
    assert sum(right.get(row.subset) == row.finding for row in table.itertuples()) >= 1


def test_the_planted_lineages_are_those_of_the_default_subsets(planted):
    truth = pd.read_csv(planted / "truth" / "samples.csv")
    assert set(truth["subset"]) <= set(simulate.subsets().index)


def test_no_figure_is_blank_or_touches_its_edge(results):
    """Every figure is opened: it holds ink, and a white margin shows that no text is cut."""
    from PIL import Image

    bad = []
    for path in sorted(results.rglob("*.png")):
        pixels = np.asarray(Image.open(path).convert("L"))
        edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        if (pixels < 200).mean() < 0.001 or (edges < 250).any():
            bad.append(path.name)
    assert not bad


def test_every_planted_finding_is_reported_and_nothing_else_is_graded_strong(results):
    """The report lists CD14_EGR1 in SRC and CD8_TEM_T2ISG in ILD as raised; no other finding is strong."""
    found = json.loads((results / "report.json").read_text(encoding="utf-8"))["findings"]
    raised = {(f["feature"], f["contrast"]) for f in found if f["kind"] == "composition" and f["direction"] == "up"}
    assert {("CD14_EGR1", SRC), ("CD8_TEM_T2ISG", ILD)} <= raised
    changed = composition.RAISED_IN_DISEASE + composition.LOWERED_IN_DISEASE + composition.RAISED_IN_SRC
    changed += composition.RAISED_IN_ILD + composition.LOWERED_IN_ILD
    planted_subsets = {"CD14_EGR1", "CD8_TEM_T2ISG", "THBS1_Mac", *changed}
    strong = [f for f in found if f["grade"] == "strong"]
    assert not [f["title"] for f in strong if not planted_subsets & {f["feature"], f["subset"]}]


def test_the_report_is_small_and_lists_its_figures(results):
    html = (results / "report.html").read_text(encoding="utf-8")
    assert len(html) < 8_000_000
    assert "is missing." not in html


def test_every_column_of_the_reports_tables_has_a_tooltip(results):
    """But for columns that the user's files name: covariates, lineages, samples."""
    own = {*pd.read_csv(results / "1_samples" / "samples.csv", nrows=0).columns}
    bare = {}
    for room in json.loads((results / "report.json").read_text(encoding="utf-8"))["rooms"]:
        for entry in (entry for group in room["groups"] for entry in group["entries"]):
            for table in entry["tables"]:
                found = tips(entry["step"], table["name"], table["columns"])
                named_by_data = table["name"] in ("agreement", "cell_types", "cells")
                if missing := {*table["columns"]} - {*found} - own and not named_by_data:
                    bare[entry["step"], table["name"]] = missing
    assert not bare


@pytest.mark.parametrize(("step", "name"), headers(), ids=[f"{step}/{name}" for step, name in headers()])
def test_tables_have_the_columns_of_their_stubs(results, step, name):
    folder = "7_compare" if step.startswith("compare_") else f"*_{step.split('_')[0]}"
    depth = "" if step in ("compare_pseudobulk", "compare_identity") else "**/" if step.startswith("compare") else ""
    tables = [path for path in results.glob(f"{folder}/{depth}*{name}") if path.name.endswith(name)]
    if step == "compare_composition":
        tables = [path for path in tables if path.parent.name != "7_compare"]
    if not tables:
        pytest.skip("the demo has no such table")
    expected = headers()[step, name]
    for path in tables:
        found = path.open(encoding="utf-8").readline().strip().split(",")
        assert (found[: len(expected)] if name in OPEN else found) == expected, path
