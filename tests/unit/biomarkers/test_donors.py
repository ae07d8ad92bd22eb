from __future__ import annotations

import json
from itertools import permutations, product
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from sscite.biomarkers.donors import correlation, discrimination, features, variables
from sscite.biomarkers.donors.correlation import correlate
from sscite.biomarkers.donors.discrimination import auc_interval, choose_pairs, discriminate, held_out_margins
from sscite.biomarkers.donors.run import run
from sscite.biomarkers.donors.variables import list_variables
from sscite.compare.contrast.contrast import Contrast
from sscite.subsets.definitions.questions import Clinical

GROUP = np.repeat([0, 1], [7, 5])


def table(seed: int, group: np.ndarray = GROUP, *, shift: float = 0.0, number: int = 40) -> np.ndarray:
    """Features of donors, of which the first three differ between the groups."""
    values = np.random.default_rng(seed).normal(size=(len(group), number))
    values[:, :3] += shift * group[:, None]
    return values


def test_the_held_out_donors_do_not_enter_their_own_rule():
    values = table(0, shift=2)
    pairs, margin, chosen = held_out_margins(values - values.mean(axis=0), GROUP)
    changed = values.copy()
    i, j = pairs[0]
    changed[[i, j]] += np.random.default_rng(1).normal(size=(2, values.shape[1])) * 5
    _, _, again = held_out_margins(changed - changed.mean(axis=0), GROUP)
    assert set(again[0]) == set(chosen[0])
    assert any(set(a) != set(b) for a, b in zip(again[1:], chosen[1:], strict=True))
    assert len(margin) == 7 * 5


def test_a_fold_chooses_the_features_of_the_largest_t_and_weighs_them_as_diagonal_discriminant_analysis():
    values, rest = table(3, shift=1.5), np.delete(np.arange(12), [2, 9])
    pairs, margin, chosen = held_out_margins(values - values.mean(axis=0), GROUP)
    fold = [tuple(pair) for pair in pairs].index((2, 9))
    t = stats.ttest_ind(values[rest][GROUP[rest] == 1], values[rest][GROUP[rest] == 0]).statistic
    assert set(chosen[fold]) == set(np.argsort(-np.abs(t))[:3])
    expected = 0.0
    for feature in chosen[fold]:
        x = values[rest, feature]
        within = (
            LinearDiscriminantAnalysis(store_covariance=True).fit(x[:, None], GROUP[rest]).covariance_[0, 0] * 10 / 8
        )
        variance = 0.9 * within + 0.1 * x.var(ddof=1)
        difference = x[GROUP[rest] == 1].mean() - x[GROUP[rest] == 0].mean()
        expected += difference / variance * (values[9, feature] - values[2, feature])
    assert margin[fold] == pytest.approx(expected)


def test_planted_features_separate_held_out_donors_and_are_chosen_in_most_folds():
    found = discriminate(table(1, shift=4), GROUP, seed=0)
    assert found.auc == 1
    assert found.p == pytest.approx(1 / 792)  # the only labeling of 12 choose 5 with these margins
    assert found.exact
    assert found.selected[:3].mean() > 0.9
    assert set(np.flatnonzero(found.weight)) == {0, 1, 2}
    assert roc_auc_score(GROUP, found.rank) == 1


def test_the_auc_of_noise_is_half_and_its_p_uniform():
    rng = np.random.default_rng(5)
    found = [discriminate(table(seed, number=20), rng.permutation(GROUP), seed=seed, draws=1) for seed in range(2)]
    assert all(one.exact for one in found)
    p = []
    for seed in range(200):
        values, labels = table(100 + seed, np.zeros(9), number=12), rng.permutation(np.repeat([0, 1], [5, 4]))
        p.append(discriminate(values, labels, seed=seed).p)
    assert stats.kstest(p, "uniform").pvalue > 0.05
    assert np.mean([one.null.mean() for one in found]) == pytest.approx(0.5, abs=0.02)


def test_the_interval_of_an_auc_solves_hanley_and_mcneils_variance_and_holds_at_one():
    for auc, n0, n1 in [(0.8, 10, 6), (0.55, 21, 6), (0.95, 4, 17)]:
        for t in auc_interval(auc, n0, n1):
            q1, q2 = t / (2 - t), 2 * t**2 / (1 + t)
            m = (n0 + n1) / 2
            variance = (t * (1 - t) + (m - 1) * (q1 - t**2) + (m - 1) * (q2 - t**2)) / (n0 * n1)
            assert abs(auc - t) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)
    low, high = auc_interval(1.0, 8, 4)
    assert high == 1
    assert 0.5 < low < 0.8


def test_many_donors_give_200_folds_in_which_all_occur_about_equally_often():
    for n0, n1 in [(40, 30), (25, 20), (9, 300)]:
        pairs = choose_pairs(np.arange(n0), np.arange(n0, n0 + n1))
        assert len(set(map(tuple, pairs))) == len(pairs) == max(200, n0, n1)
        counts = np.bincount(pairs.ravel(), minlength=n0 + n1)
        assert counts.min() >= 1
        for part in (counts[:n0], counts[n0:]):
            assert part.max() - part.min() <= 1
    assert len(choose_pairs(np.arange(4), np.arange(4, 21))) == 68


def test_the_correlation_is_spearmans_and_its_p_the_permutation_p():
    rng = np.random.default_rng(2)
    values, outcome = rng.normal(size=(7, 3)), rng.integers(0, 4, 7).astype(float)
    found = correlate(values, outcome, np.empty((7, 0)), seed=0, draws=5000)
    expected = [stats.spearmanr(values[:, i], outcome).statistic for i in range(3)]
    assert found.rho == pytest.approx(np.array(expected))
    ranked = stats.rankdata(outcome)
    every = np.array([np.corrcoef(stats.rankdata(values[:, 0]), ranked[list(o)])[0, 1] for o in permutations(range(7))])
    assert found.p[0] == pytest.approx((np.abs(every) >= abs(expected[0]) - 1e-9).mean(), abs=0.02)
    assert (found.family_p >= found.p - 1e-9).all()


def test_a_correlation_that_a_covariate_explains_is_gone_when_adjusted_for():
    rng = np.random.default_rng(4)
    age = rng.normal(size=60)
    values = np.column_stack([age + 0.3 * rng.normal(size=60), rng.normal(size=60)])
    severity = age + 0.3 * rng.normal(size=60)
    plain = correlate(values, severity, np.empty((60, 0)), seed=0, draws=999)
    adjusted = correlate(values, severity, stats.rankdata(age)[:, None], seed=0, draws=999)
    assert plain.family_p[0] < 0.01
    assert adjusted.p[0] > 0.05
    ranks = [stats.rankdata(x) for x in (values[:, 0], severity, age)]
    r = np.corrcoef(ranks)
    partial = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert adjusted.rho[0] == pytest.approx(partial)


def test_the_interval_of_a_correlation_is_bonett_and_wrights():
    low, high = correlation.interval(np.array([0.5]), 28, 0)
    half = 1.959964 * np.sqrt(1.125 / 25)
    assert (low[0], high[0]) == pytest.approx((np.tanh(np.arctanh(0.5) - half), np.tanh(np.arctanh(0.5) + half)))
    assert np.isnan(correlation.interval(np.array([0.5]), 4, 1)[0]).all()


def sheet(**columns: list[str]) -> pd.DataFrame:
    """A samplesheet of blood samples, one per donor."""
    number = len(next(iter(columns.values())))
    donors = [f"d{i:02d}" for i in range(number)]
    return pd.DataFrame(
        {"library": "L", "sample": [f"s{d}" for d in donors], "donor": donors, "tissue": "blood"} | columns
    )


def test_variables_are_the_contrasts_and_the_covariates_by_their_kind():
    people = sheet(
        disease=["A", "A", "A", "B", "B", "B"], age=["50", "60", "", "41", "55", "70"],
        extent=["none", "limited", "diffuse", "limited", "none", "diffuse"], sex=["f", "m", "f", "m", "f", "m"],
        site=["x"] * 6, drug=["1", "2", "0", "", "", ""],
    )  # fmt: skip
    contrast = Contrast("B against A", "b", "disease", ("A",), ("B",), tissue=("blood",))
    questions = [Clinical("extent", order=("none", "limited", "diffuse")), Clinical("age", adjust=("sex",))]
    found = {one.name: one for one in list_variables([contrast], people, questions, "blood")}
    assert list(found) == ["disease", "extent", "age", "sex", "site", "drug"]
    assert (found["disease"].kind, found["disease"].counts) == (variables.GROUPS, (3, 3))
    assert list(found["extent"].outcome) == [0, 1, 2, 1, 0, 2]
    assert list(found["age"].outcome) == [50, 60, 41, 55, 70]
    assert found["age"].missing == 1
    assert found["age"].adjust.shape == (5, 1)
    assert found["site"].reason == "it does not vary between the donors"
    assert found["drug"].missing == 3
    assert found["sex"].comparison == "m against f"


def test_a_category_without_an_order_a_missing_column_and_a_single_donor_are_reported_not_assessed():
    people = sheet(antibody=["a", "b", "c", "a", "b"], rare=["no", "no", "no", "no", "yes"])
    found = {one.name: one for one in list_variables([], people, [Clinical("weight")], "blood")}
    assert "3 levels without an order" in found["antibody"].reason
    assert "no such column" in found["weight"].reason
    assert found["rare"].counts == (4, 1)


def test_a_proportion_is_the_log_odds_over_a_donors_cells_and_rare_or_missing_features_are_listed():
    sums = features.Sums(
        pd.DataFrame([[features.PROPORTION, "X", "B", "log odds"], [features.PROTEIN, "CD3", "B", "mean"],
                      [features.PROPORTION, "rare", "B", "log odds"], [features.PROTEIN, "few", "B", "mean"]],
                     columns=features.COLUMNS),
        pd.Index(["s1", "s1b", "s2", "s3"]),
        np.array([[10, 40, 0, 1], [10, 60, 0, 1], [30, 90, 0, 1], [15, 50, 4, 1.0]]),
        np.array([[40, 40, 40, 5], [60, 60, 60, 5], [100, 100, 100, 5], [60, 10, 60, 5.0]]),
    )  # fmt: skip
    found = features.profile(sums, pd.Series(["a", "a", "b", "c"], index=["s1", "s1b", "s2", "s3"]))
    assert found.features["feature"].tolist() == ["X"]
    assert found.matrix[:, 0] == pytest.approx(np.log([20.5 / 80.5, 30.5 / 70.5, 15.5 / 45.5]))
    assert dict(zip(found.excluded["feature"], found.excluded["reason"], strict=True)) == {
        "CD3": "fewer than 20 cells in more than a fifth of the donors",
        "rare": "cells in fewer than 3 donors",
        "few": "fewer than 20 cells in more than a fifth of the donors",
    }


def files(folder: Path, people: pd.DataFrame, *, proteins: bool = True, constant: bool = False) -> dict[str, Path]:
    """Write what the step reads: 60 cells per sample in two lineages; subset X is more frequent in level `yes`."""
    rng = np.random.default_rng(0)
    rows, bulk = [], []
    for place, (sample, donor, tissue) in enumerate(people[["sample", "donor", "tissue"]].itertuples(index=False)):
        high = people.get("SRC", pd.Series("no", index=people.index))[place] == "yes"
        x = 10 if constant else int(rng.integers(30, 38) if high else rng.integers(5, 14))
        base = [sample, donor, tissue]
        rows += [[*base, "lineage", "all", "B", 60, 120, 120], [*base, "lineage", "all", "T", 60, 120, 120]]
        rows += [[*base, "subset", "B", "X", x, 60, 120], [*base, "subset", "B", "B, other", 60 - x, 60, 120]]
        bulk += [[*base, "lineage", lineage, "all", 60] for lineage in ("B", "T")]
    columns = ["sample", "donor", "tissue", "level", "parent", "subset", "cells", "parent_cells", "total_cells"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "composition.csv", index=False)
    obs = pd.DataFrame(bulk, columns=["sample", "donor", "tissue", "level", "name", "parent", "n_cells"])
    obs.index = obs.index.astype(str)
    summed = anndata.AnnData(np.ones((len(obs), 2), np.float32), obs=obs)
    if proteins:
        summed.obsm["prot"] = np.zeros((len(obs), 2)) if constant else rng.normal(size=(len(obs), 2))
        summed.uns["prot"] = np.array(["CD3", "CD19"])
    summed.write_h5ad(folder / "pseudobulk.h5ad")
    pd.DataFrame({"sample": np.repeat(people["sample"], 60), "lineage": "B", "qc_pass": True}).to_parquet(
        folder / "cells.parquet"
    )
    people.assign(library_id="L").to_csv(folder / "samples.csv", index=False)
    header = "contrast,contrast_id,variable,reference,target,tissue,subset,block,covariates\n"
    (folder / "contrasts.csv").write_text(header + "SRC against rest,src,SRC,no,yes,blood,,,\n" * ("SRC" in people))
    return {
        name.split(".")[0]: folder / name
        for name in ("composition.csv", "pseudobulk.h5ad", "cells.parquet", "samples.csv", "contrasts.csv")
    }


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the whole step in a folder and return its summary and its tables."""
    monkeypatch.chdir(tmp_path)

    def assess(people: pd.DataFrame, **options) -> tuple[dict, dict[str, pd.DataFrame]]:
        run(**files(tmp_path, people, **options), quality=[], questions=[], reference_tissue="blood", seed=0)
        facts = json.loads((tmp_path / "cohort.biomarkers_donors.json").read_text())
        return facts, {path.stem: pd.read_csv(path) for path in (tmp_path / "donors").glob("*.csv")}

    return assess


def test_the_step_finds_the_planted_subset_and_writes_tables_figures_and_a_finding(step, tmp_path: Path):
    facts, tables = step(sheet(SRC=["no"] * 8 + ["yes"] * 5, age=[str(40 + i) for i in range(13)]))
    row = tables["variables"].set_index("variable").loc["SRC"]
    assert row["auc"] == 1
    assert row["best_feature"] == "X of B"
    assert row["family_p"] <= 0.01
    assert [f["kind"] for f in facts["findings"] if f["comparison"] == "SRC against rest"] == ["discrimination"]
    assert "AUC 1" in facts["summary"]
    assert {f["name"] for f in facts["figures"]} == {"auc", "donors", "correlations"}
    assert len(tables["held_out"]) == 13
    assert facts["numbers"]["features"] * 13 == len(tables["features"])
    assert set(tables["features"]["kind"]) == {"proportion", "protein"}


def test_too_few_donors_for_a_claim_are_a_warning(step):
    facts, tables = step(sheet(SRC=["no"] * 3 + ["yes"] * 3))
    assert tables["variables"]["smallest_p"].tolist() == [pytest.approx(0.1)]  # 2 of 20 labelings
    assert any("smallest p" in warning and "no claim" in warning for warning in facts["warnings"])
    assert facts["findings"] == []


def test_one_donor_in_a_level_no_antibodies_and_missing_values_are_reported(step):
    people = sheet(SRC=["no"] * 6 + ["yes"], severity=["3", "1", "", "2", "2", "4", ""])
    facts, tables = step(people, proteins=False)
    rows = tables["variables"].set_index("variable")
    assert "SRC 1, rest 6" in rows.loc["SRC", "not_assessed"]
    assert rows.loc["severity", ["donors", "without_value"]].tolist() == [5, 2]
    assert set(tables["features"]["kind"]) == {"proportion"}
    assert any("not assessed" in warning for warning in facts["warnings"])


def test_constant_features_leave_nothing_to_assess_and_a_sheet_without_variables_is_skipped(step):
    facts, tables = step(sheet(SRC=["no"] * 6 + ["yes"] * 4), constant=True)
    assert tables["variables"]["not_assessed"].tolist() == ["no feature varies between the donors"]
    assert facts["findings"] == []


def test_a_sheet_without_clinical_variables_is_a_skip_with_its_reason(step):
    facts, tables = step(sheet(site=["x"] * 5))
    assert (facts["status"], facts["reason"]) == ("skipped", "no_variable")
    assert tables["variables"].empty


def test_all_labelings_of_few_donors_are_permuted_through_the_whole_procedure():
    values = table(8, np.zeros(7), number=10)
    group = np.array([1, 0, 0, 1, 0, 1, 0])
    found = discriminate(values, group, seed=0)
    every = []
    for ones in product([0, 1], repeat=7):
        if sum(ones) == 3:
            _, margin, _ = held_out_margins(values - values.mean(axis=0), np.array(ones))
            every.append((discrimination.auc_of(margin), margin.mean()))
    own = (found.auc, held_out_margins(values - values.mean(axis=0), group)[1].mean())
    assert len(every) == 35
    assert found.p == pytest.approx(np.mean([each >= own or np.allclose(each, own) for each in every]))
