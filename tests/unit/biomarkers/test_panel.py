from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from sscite.biomarkers.panel import auroc, gates, gatingml, inputs, rna, search, targets, validation
from sscite.biomarkers.panel.gates import Gate
from sscite.compare.contrast.contrast import Contrast
from sscite.subsets.definitions.questions import Biomarker

INF = np.inf


def planted(seed: int, *, donors: int = 6, cells: int = 400, proteins: int = 12, null: bool = False):
    """A subset with A high, B high and C low among eight populations; the other proteins do not differ."""
    rng = np.random.default_rng(seed)
    donor = np.repeat(np.arange(donors), cells)
    bits = rng.random((len(donor), 3)) < 0.5
    values = rng.normal(0, 1, (len(donor), proteins))
    values[:, :3] = np.where(bits, 4.0, 0.0) + rng.normal(0, 0.7, bits.shape)
    target = bits[:, 0] & bits[:, 1] & ~bits[:, 2]
    if null:
        target = rng.permutation(target)
    return values, [*"ABC", *(f"P{j}" for j in range(3, proteins))], target, donor


def test_auroc_is_that_of_scikit_learn_in_each_donor_and_nan_with_few_cells():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 4)).round(1)  # with ties
    labels, donors = rng.integers(-1, 2, 300), rng.integers(0, 3, 300)
    labels[(donors == 2) & (labels == 1)] = 0
    found = auroc.auroc(values, labels, donors)
    own = donors == 1
    assert found[1, 0, 2] == pytest.approx(roc_auc_score(labels[own] == 0, values[own, 2]))
    assert np.isnan(found[2, 1]).all()
    number, median, low, high = auroc.over_donors(found[:, 1])
    assert list(number) == [2] * 4
    assert low[0] <= median[0] <= high[0]


def test_purity_yield_and_f1_are_those_of_scikit_learn_with_the_same_weights():
    rng = np.random.default_rng(1)
    gated, target, weights = rng.random(50) < 0.5, rng.random(50) < 0.3, rng.random(50)
    found = gates.measure(gated, target, weights)
    assert found.purity == pytest.approx(precision_score(target, gated, sample_weight=weights))
    assert found.sensitivity == pytest.approx(recall_score(target, gated, sample_weight=weights))
    assert found.f1 == pytest.approx(f1_score(target, gated, sample_weight=weights))


def test_a_gate_holds_its_lower_and_not_its_upper_limit_and_no_missing_value():
    values = np.array([[1.0], [2.0], [3.0], [np.nan]])
    assert list(gates.inside(values, ["CD4"], [Gate("CD4", 1.0, 3.0)])) == [True, True, False, False]
    assert Gate("CD4", low=1).sign == "CD4+"
    assert Gate("CD4", high=1).sign == "CD4-"
    assert Gate("CD4", 1, 2).sign == "CD4 mid"


def test_the_best_interval_of_one_protein_is_that_of_trying_all_thresholds():
    rng = np.random.default_rng(2)
    target = rng.random(300) < 0.2
    values = (rng.normal(0, 1, 300) + 2 * target)[:, None]
    binned = search.bin_values(values, target, np.ones(300))
    box = search.search(binned, depth=1)[0]
    tried = [f1_score(target, values[:, 0] >= edge) for edge in binned.edges[0]]
    gate = search.to_gates(box, binned, ["A"])[0]
    assert gate.high == INF
    assert f1_score(target, values[:, 0] >= gate.low) == pytest.approx(max(tried), abs=0.002)


def test_between_separate_populations_the_threshold_lies_in_the_middle():
    target = np.repeat([True, False], [100, 300])
    values = np.where(target, np.linspace(9, 12, 400), np.linspace(-1, 1, 400))[:, None]
    binned = search.bin_values(values, target, np.ones(400))
    gate = search.to_gates(search.search(binned, depth=1)[0], binned, ["A"])[0]
    assert gate.low == pytest.approx((values[~target].max() + values[target].min()) / 2, abs=0.05)


def test_a_planted_panel_of_three_is_found_with_its_thresholds_and_no_fourth_antibody():
    values, names, target, donor = planted(3)
    fold, across = validation.make_folds(target, donor, seed=0)
    panel = validation.find_panel(values, names, target, donor, fold, seed=0)
    assert across
    assert {gate.sign for gate in panel.gates} == {"A+", "B+", "C-"}
    own = gates.inside(values, names, [Gate("A", 2), Gate("B", 2), Gate("C", high=2)])
    assert panel.chosen.f1 == pytest.approx(f1_score(target, own), abs=0.03)
    assert panel.gateable
    assert panel.support("A") == 1


def test_held_out_measures_come_from_gates_found_without_the_donor():
    values, names, target, donor = planted(4)
    values[donor == 0, 0] += 6  # this donor's A is shifted: gates of the others must fail there
    fold, _ = validation.make_folds(target, donor, seed=0)
    panel = validation.find_panel(values, names, target, donor, fold, seed=0)
    size = panel.size - 1
    assert panel.per_donor[size][0].purity < 0.7
    assert min(panel.per_donor[size][d].purity for d in range(1, 6)) > 0.85


def test_donors_stay_whole_in_a_fold_and_every_fold_has_target_cells():
    donors = np.repeat(np.arange(7), 10)
    target = np.isin(donors, [0, 3, 6])
    fold = validation.donor_folds(target, donors)
    assert all(len(set(fold[donors == d])) == 1 for d in range(7))
    assert all(target[fold == f].any() for f in range(fold.max() + 1))
    assert fold.max() == 2


def test_a_subset_of_one_donor_leaves_out_cells_and_says_so():
    values, names, target, donor = planted(5, donors=1, cells=1000)
    fold, across = validation.make_folds(target, donor, seed=0)
    assert not across
    assert set(fold) == set(range(5))
    assert validation.find_panel(values, names, target, donor, fold, seed=0).chosen.f1 > 0.9


def test_without_a_relation_p_is_uniform_and_no_panel_is_offered():
    p, claims = [], []
    for seed in range(40):
        values, names, target, donor = planted(seed, donors=3, cells=60, proteins=10, null=True)
        fold, _ = validation.make_folds(target, donor, seed=seed)
        panel = validation.find_panel(values, names, target, donor, fold, seed=seed)
        p.append(panel.p)
        claims.append(panel.gateable)
    assert stats.kstest(p, "uniform").pvalue > 0.05
    assert sum(claims) <= 2


def test_a_common_subset_is_not_gateable_only_because_most_cells_belong_to_it():
    rng = np.random.default_rng(6)
    donor = np.repeat(np.arange(4), 200)
    target = rng.random(800) < 0.8  # taking every cell has F1 0.89
    values = rng.normal(0, 1, (800, 5)) + 0.3 * target[:, None] * np.array([1, 0, 0, 0, 0])
    fold, _ = validation.make_folds(target, donor, seed=0)
    panel = validation.find_panel(values, list("ABCDE"), target, donor, fold, seed=0)
    assert panel.whole.f1 == pytest.approx(0.89, abs=0.03)
    assert not panel.gateable


def test_drawn_cells_stand_for_all_cells_of_each_donor_and_side():
    donors = np.repeat([0, 1], [900, 100])
    target = np.arange(1000) % 10 == 0
    rows, weight = validation.draw_cells(target, donors, limit=200, rng=np.random.default_rng(0))
    assert len(rows) <= 200
    for donor, number in ((0, 810), (1, 90)):
        assert weight[(donors[rows] == donor) & ~target[rows]].sum() == pytest.approx(number)


def test_flowkit_reads_the_gates_and_holds_the_same_cells(tmp_path: Path):
    flow = [Gate("CD14", 0.5), Gate("CD16", high=0.25), Gate("HLA-DR", -0.5, 1.0)]
    plots = gatingml.biplots(flow)
    assert [len(plot) for plot in plots] == [2, 1]
    path = tmp_path / "gates.xml"
    path.write_bytes(gatingml.to_xml(plots, ["monocytes", "state"]))
    values = np.random.default_rng(0).normal(size=(2000, 3)).astype(np.float32)
    names = ["CD14", "CD16", "HLA-DR"]
    theirs = gatingml.gate_with_flowkit(path, pd.DataFrame(values, columns=names), "state")
    assert 0 < theirs.sum() < 2000
    assert np.array_equal(theirs, gates.inside(values, names, flow))


def test_dead_swapped_isotype_and_partly_measured_antibodies_are_not_offered():
    quality = pd.DataFrame(
        [("L1", "A", "good"), ("L2", "A", "dead"), ("L1", "B", "swapped"), ("L1", "C", "isotype"), ("L1", "D", "good"),
         ("L1", "E", "no signal"), ("L2", "E", "no clear gap"), ("L1", "F", "no signal")],
        columns=["library_id", "protein", "quality_class"],
    )  # fmt: skip
    values = np.ones((3, 6))
    values[0, 3] = np.nan
    found = targets.offer_antibodies(values, list("ABCDEF"), quality)
    assert found.offered == ["E"]
    assert found.excluded["A"] == "dead"
    assert found.excluded["D"] == "not in the panel of every library"


def cell_table(counts: dict[tuple[str, str, str], int]) -> pd.DataFrame:
    rows = [(donor, tissue, "mono", subset) for (donor, tissue, subset), n in counts.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["donor", "tissue", "lineage", "subset"])


def test_subsets_of_findings_and_questions_get_one_panel_per_tissue():
    cells = cell_table(
        {("d1", "blood", "X"): 20, ("d2", "blood", "X"): 20, ("d1", "kidney", "X"): 20, ("d1", "kidney", "Y"): 30}
    )
    contrast = Contrast("a", "a", "group", ("HD",), ("SRC",), tissue=("blood",))
    questions = [Biomarker(subset="X"), Biomarker(subset="Y"), Biomarker(subset="absent")]
    found = targets.choose_targets(cells, {"a": {"X"}}, [contrast], questions, reference_tissue="blood")
    assert [(t.subset, t.tissue, t.contrasts, t.named) for t in found] == [
        ("X", "blood", ("a",), True), ("Y", "kidney", (), True),
    ]  # fmt: skip


def test_only_composition_findings_with_an_adjusted_p_of_5_percent_count(tmp_path: Path):
    path = tmp_path / "a.compare_composition.json"
    path.write_text(
        '{"id": "a", "findings": [{"kind": "composition", "feature": "X", "p": 0.01},'
        '{"kind": "composition", "feature": "Y", "p": 0.2}, {"kind": "gene", "feature": "EGR1", "p": 0.01}]}'
    )
    assert inputs.reported_subsets([path]) == {"a": {"X"}}


def test_surface_genes_that_mark_the_subset_are_candidates_unless_an_antibody_covers_them():
    rng = np.random.default_rng(0)
    target, donors = np.arange(200) % 2 == 0, np.repeat([0, 1], 100)
    values = rng.poisson(1, (200, 3)).astype(float)
    values[target, :2] += 3
    found = rna.surface_candidates(
        sparse.csr_matrix(values), pd.Index(["CCR1", "CD14", "CD9"]), target, donors, {"CD14"}
    )
    assert list(found["gene"]) == ["CCR1"]
    assert found["auroc_median"][0] == pytest.approx(
        np.median([roc_auc_score(target[donors == d], values[donors == d, 0]) for d in (0, 1)])
    )
    fold = donors
    assert rna.held_out_auroc(sparse.csr_matrix(values), target, fold) > 0.9
