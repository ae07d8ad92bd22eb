"""Gene sets: Fisher's test by hand, the ranking test against gseapy, stress genes left out, questions by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.command import Facts
from sscite.compare.enrichment import competitive, report, robustness
from sscite.subsets.definitions.questions import GeneSets

GENES = pd.Index([f"G{i}" for i in range(200)])


def test_fisher_equals_the_sum_of_the_hypergeometric_by_hand():
    universe = pd.Index([f"G{i}" for i in range(20)])
    table = competitive.fisher(["G0", "G1", "G2", "G3"], universe, {"set": ["G0", "G1", "G2", "G3", "G4"]})
    assert table.loc[0, "overlap"] == 4
    assert table.loc[0, "p_value"] == pytest.approx(5 / 4845)  # C(5,4) of C(20,4)


def test_the_running_score_equals_gseapy():
    import gseapy

    rng = np.random.default_rng(0)
    statistic = rng.normal(size=200)
    members = [f"G{i}" for i in rng.choice(200, 15, replace=False)]
    peer = gseapy.prerank(
        pd.Series(statistic, GENES).sort_values(ascending=False), {"set": members}, min_size=5, permutation_num=10,
        outdir=None, no_plot=True, seed=0, threads=1,
    )  # fmt: skip
    curve = competitive.running_scores(statistic, competitive.membership({"set": members}, GENES)[0])[0]
    assert curve[np.abs(curve).argmax()] == pytest.approx(float(peer.res2d.loc[0, "ES"]), abs=1e-6)


def test_the_competitive_test_keeps_its_level_and_finds_a_shifted_set():
    rng = np.random.default_rng(1)
    members, _ = competitive.membership(
        {f"s{i}": list(rng.choice(GENES, 20, replace=False)) for i in range(400)}, GENES
    )
    p = competitive.competitive(rng.normal(size=200), members)[1]
    assert (p < 0.05).mean() < 0.08
    shifted = rng.normal(size=200) + 1.5 * members[0]
    effect, p = competitive.competitive(shifted, members[:1])
    assert effect[0] > 1
    assert p[0] < 1e-4


def test_sets_with_fewer_than_five_measured_genes_are_left_out():
    assert competitive.membership({"few": ["G0", "G1", "absent"], "five": list(GENES[:5])}, GENES)[1] == ["five"]


def test_a_set_that_rests_on_stress_genes_loses_its_p_without_them():
    stressed = ["FOS", "JUN", "JUNB", "EGR1", "IER2", "DUSP1", "ATF3", "NFKBIA", "HSPA1A", "HSPA1B"]
    rng = np.random.default_rng(2)
    genes = pd.DataFrame({"gene": [*stressed, *GENES], "statistic": np.r_[np.full(10, 4.0), rng.normal(size=200)]})
    genes = genes.assign(p_value=0.5, level="subset", subset="a", contrast_id="c")
    table = competitive.rank_contrast(genes, {"own": {"S": [*stressed, *GENES[:8]]}})
    assert table.loc[0, "p_value"] < 1e-6
    assert table.loc[0, "p_without_stress"] > 0.01


def answers() -> pd.DataFrame:
    """Three sets in subset `a`, of which one is higher and one lower; one in a lineage and a subset named `b`."""
    rows = [
        ("subset", "a", "UP", 1.0, 0.001, 0.01, 0.02), ("subset", "a", "DOWN", -1.0, 0.002, 0.02, np.nan),
        ("subset", "a", "NONE", 0.1, 0.5, 0.5, 0.6), ("lineage", "b", "UP", 1.0, 0.001, 0.01, 0.02),
        ("subset", "b", "UP", 0.1, 0.4, 0.4, 0.4),
    ]  # fmt: skip
    columns = ["level", "subset", "gene_set", "effect", "p_value", "fdr", "p_without_stress"]
    return pd.DataFrame(rows, columns=columns).assign(contrast_id="c", source="own", leading_genes="X")


def test_a_question_takes_its_sets_in_its_subset_and_not_in_a_lineage_of_that_name():
    found = competitive.of_question(answers(), GeneSets("b", ("UP", "DOWN")))
    assert found[["level", "subset", "gene_set"]].to_numpy().tolist() == [["subset", "b", "UP"]]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (GeneSets("a", ("NONE", "UP")), "NONE, UP in a: yes (UP, p = 0.001, without stress genes p = 0.02)."),
        (GeneSets("a", ("DOWN",)), "DOWN in a: no, lower (p = 0.002)."),
        (GeneSets("b", ("UP",)), "UP in b: no (p = 0.4, without stress genes p = 0.4)."),
        (GeneSets("a", ("OTHER",)), "OTHER in a: not answered, none of the gene sets was tested in it."),
        (GeneSets("c", tuple("UVWXYZ")), "U, V, W, X and 2 more in c: not answered, the subset was not tested."),
    ],
)
def test_a_question_is_answered_in_a_sentence(question: GeneSets, sentence: str):
    assert report.answer(answers(), question) == sentence


def test_every_question_has_its_table_and_number_and_none_where_nothing_is_asked(tmp_path):
    def facts_of(*questions: GeneSets) -> dict:
        facts = Facts("compare_enrichment", "c", seed=None, folder=tmp_path)
        report.describe(facts, answers(), "x against y", questions, ranked=True)
        return facts.content

    two = facts_of(GeneSets("a", ("UP", "OTHER")), GeneSets("b", ("UP",)))
    titles = {table["title"]: table["caption"] for table in two["tables"] if table["name"] != "sets"}
    assert titles == {
        "Named in subsets.yaml: UP, OTHER in a": "Not tested: OTHER.",
        "Named in subsets.yaml: UP in b": "",
    }
    smallest = {name: value for name, value in two["numbers"].items() if "smallest" in name}
    assert smallest == {"question_1_smallest_p": 0.001, "question_2_smallest_p": 0.4}
    none = facts_of()
    assert [table["name"] for table in none["tables"]] == ["sets"]
    assert two["summary"].startswith(f"{none['summary']} UP, OTHER in a: yes")


def test_curves_are_drawn_of_what_was_asked_and_then_of_the_clearest():
    rng = np.random.default_rng(0)
    genes = pd.DataFrame({"gene": GENES, "statistic": rng.normal(size=200), "p_value": 0.5})
    genes = pd.concat([genes.assign(level=level, subset=name) for level, name in [("subset", "a"), ("lineage", "b")]])
    sets = {"own": {name: list(GENES[:10]) for name in ("UP", "DOWN", "NONE")}}
    drawing = report.curves(genes, answers(), sets, (GeneSets("a", ("NONE",)),))
    titles = [place.get_title().replace("\n", " ").partition(",")[0] for place in drawing.axes]
    assert [title for title in titles if title] == ["NONE a", "UP a", "UP b", "DOWN a"]


def test_a_set_of_two_sources_is_one_headline():
    sets = {"hallmark": {"HALLMARK_HYPOXIA": ["a", "b", "c"]}, "own": {"HYPOXIA": ["x", "y"], "MOSTLY": ["a", "b"]},
            "other": {"APART": ["a", "q", "r", "s"]}}  # fmt: skip
    rows = [("hallmark", "HALLMARK_HYPOXIA", "A", 1e-5), ("own", "HYPOXIA", "A", 1e-4), ("own", "MOSTLY", "A", 1e-3),
            ("other", "APART", "A", 1e-3), ("own", "HYPOXIA", "B", 1e-2)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["source", "gene_set", "subset", "p_value"]).assign(level="subset", fdr=0.01)
    found = robustness.headlines(table, sets)
    assert list(zip(found["gene_set"], found["subset"], strict=True)) == [
        ("HALLMARK_HYPOXIA", "A"), ("APART", "A"), ("HYPOXIA", "B"),
    ]  # fmt: skip


def test_a_set_that_one_donor_or_stress_carries_says_so():
    row = pd.Series({"effect": 2.0, "effect_given_stress": 0.3, "p_given_stress": 0.4, "p_without_stress": 0.01,
                     "adjustable": True, "worst_p": 0.2})  # fmt: skip
    assert [c.name for c in robustness.concerns(row)] == ["STRESS", "ONE_DONOR"]
    solid = row.replace({0.3: 1.8, 0.2: 0.001})
    assert robustness.concerns(solid) == []
    unadjusted = pd.Series({**solid, "adjustable": False, "effect_given_stress": np.nan, "p_given_stress": np.nan})
    assert [c.name for c in robustness.concerns(unadjusted)] == ["STRESS_NOT_ADJUSTABLE"]
