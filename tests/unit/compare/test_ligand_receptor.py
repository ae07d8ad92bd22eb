"""Ligands and receptors: donors behind a pair, the question by name, and the packaged resource."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from sscite.command import Facts
from sscite.compare.ligand_receptor import liana, report
from sscite.errors import Skipped
from sscite.subsets.definitions.questions import Recruitment
from sscite.subsets.definitions.subsets import load_definitions

PAIR = {"sender": "Mac", "receiver": "T", "ligand": "CXCL10", "receptor": "CXCR3"}
QUESTION = Recruitment(("CXCL9", "CXCL10"), "CXCR3", "T")
EMPTY = pd.DataFrame(columns=[*PAIR, "magnitude_rank", "specificity_rank"])


def tissue(*, second_donor_expresses: bool) -> AnnData:
    """Twenty macrophages and twenty T cells of two donors; macrophages make CXCL10, T cells carry CXCR3."""
    values = np.zeros((40, 2), np.float32)
    values[: 20 if second_donor_expresses else 10, 0] = 1
    values[20:, 1] = 1
    obs = pd.DataFrame({"donor": (["a"] * 10 + ["b"] * 10) * 2, "subset": ["Mac"] * 20 + ["T"] * 20})
    return AnnData(
        sparse.csr_matrix(values), obs=obs.set_index(obs.index.astype(str)), var=pd.DataFrame(index=["CXCL10", "CXCR3"])
    )


@pytest.mark.parametrize(("both", "donors"), [(True, 2), (False, 1)])
def test_the_donors_who_show_a_pair_are_counted(both: bool, donors: int):
    data = tissue(second_donor_expresses=both)
    rows, share = liana.expression_fractions(data)
    table = liana.count_donors(pd.DataFrame([PAIR]), rows, share, data.var_names)
    assert table[["donors", "donors_tested"]].to_numpy().tolist() == [[donors, 2]]


def test_recruitment_is_answered_by_name_also_where_liana_has_no_rank():
    answer = ask(QUESTION)
    first = answer.table.iloc[0]
    assert first[["ligand", "sender", "receiver_donors"]].tolist() == ["CXCL10", "Mac", 2]
    assert first["sender_share"] == pytest.approx(1)
    assert report.sentence(answer) == (
        "CXCL9/CXCL10 to CXCR3 on T: possible; CXCL10 is expressed by 100% of Mac "
        "(2 donors with at least ten cells each), CXCR3 by 100% of T (2 donors with at least ten cells each)."
        " Not detected: CXCL9."
    )


def ask(question: Recruitment) -> liana.Answer:
    """Ask the small tissue, of which LIANA ranked nothing."""
    data = tissue(second_donor_expresses=True)
    return liana.answer_question(data, EMPTY, *liana.expression_fractions(data), question)


def test_what_keeps_a_question_from_an_answer_is_named():
    answer = ask(Recruitment(("CCL2",), "CXCR3", "Treg"))
    assert answer.table.empty
    assert report.sentence(answer) == ("CCL2 to CXCR3 on Treg: not assessable, absent or too rare: CCL2, Treg.")


def test_of_a_complex_the_rarest_part_counts():
    data = tissue(second_donor_expresses=True)
    both = np.c_[data.X.toarray(), [1] * 5 + [0] * 20 + [1] * 15]  # of Mac 5 of 20, of T 15 of 20
    wide = AnnData(sparse.csr_matrix(both), obs=data.obs, var=pd.DataFrame(index=["CXCL10", "CXCR3", "PART"]))
    question = Recruitment(("CXCL10_PART",), "CXCR3_PART", "T")
    answer = liana.answer_question(wide, EMPTY, *liana.expression_fractions(wide), question)
    assert answer.table.set_index("sender")["sender_share"].to_dict() == {"Mac": 0.25, "T": 0}
    assert answer.table["receiver_share"].tolist() == pytest.approx([0.75, 0.75])


def test_every_question_has_its_table_and_figure_and_none_where_nothing_is_asked(tmp_path):
    def facts_of(*questions: Recruitment) -> dict:
        facts = Facts("compare_ligand_receptor", "lung", seed=None, folder=tmp_path)
        table = pd.DataFrame(columns=liana.COLUMNS)
        report.report_interactions(facts, table, [ask(q) for q in questions], "lung", cells=40, donors=2)
        return facts.content

    other = Recruitment(("CXCR3",), "CXCL10", "Mac")
    two = facts_of(QUESTION, Recruitment(("CCL2",), "CCR2", "T"), other)
    assert [figure["name"] for figure in two["figures"]] == ["recruitment_1", "recruitment_3"]
    assert [table["title"] for table in two["tables"][1:]] == [
        "Recruitment: CXCL9/CXCL10 to CXCR3 on T", "Recruitment: CXCR3 to CXCL10 on Mac",
    ]  # fmt: skip
    none = facts_of()
    assert none["figures"] == []
    assert [table["name"] for table in none["tables"]] == ["pairs"]
    assert two["summary"].startswith(f"{none['summary']} CXCL9/CXCL10 to CXCR3 on T: possible")


def test_answers_are_put_together_and_pairs_are_marked_that_a_question_names():
    answers = [ask(QUESTION), ask(Recruitment(("CXCR3",), "CXCL10", "Mac"))]
    table = liana.answers_table(answers, "lung")
    assert table.columns.tolist() == liana.NAMED_COLUMNS
    assert table[["ligand", "sender"]].to_numpy().tolist() == [
        ["CXCL10", "Mac"], ["CXCL10", "T"], ["CXCR3", "T"], ["CXCR3", "Mac"],
    ]  # fmt: skip
    assert liana.answers_table([], "lung").columns.tolist() == liana.NAMED_COLUMNS
    pairs = pd.DataFrame({"ligand": ["CXCL10", "CXCL10", "CCL5"], "receptor": ["CXCR3", "CCR5", "CXCR3"]})
    assert liana.is_named(pairs, [QUESTION]) == [True, False, False]
    assert liana.is_named(pairs, []) == [False] * 3


def test_the_default_questions_are_about_two_lineages(root):
    assert liana.lineages_of_questions(load_definitions(root / "assets" / "subsets.yaml")) == {"CD8 T", "monocyte/DC"}


@pytest.mark.parametrize(("lineages", "groups"), [({"A"}, 12), (set(), 22)])
def test_beyond_twenty_subsets_the_lineages_that_no_question_names_enter_whole(lineages: set[str], groups: int):
    subset = [f"{lineage}{i}" for lineage in "AB" for i in range(11) for _ in range(10)]
    cells = pd.DataFrame({"tissue": "lung", "subset": subset, "lineage": [name[0] for name in subset], "donor": "a"})
    chosen = liana.select_cells(cells.set_index(cells.index.astype(str)), "lung", lineages, min_cells=10, seed=0)
    assert chosen["subset"].nunique() == groups


def test_the_packaged_resource_has_the_chemokines_of_cxcr3():
    pairs = liana.resource()
    found = set(pairs.loc[pairs["receptor"] == "CXCR3", "ligand"])
    assert {"CXCL9", "CXCL10", "CXCL11"} <= found


def test_one_subset_alone_is_skipped():
    cells = pd.DataFrame({"tissue": "lung", "subset": "Mac", "lineage": "x", "donor": "a"}, index=map(str, range(30)))
    with pytest.raises(Skipped, match="1 subsets"):
        liana.select_cells(cells, "lung", set(), min_cells=10, seed=0)


@pytest.mark.parametrize("names", [["ENSG00000169245", "ENSG00000186810"], ["CXCL10", "CCL5"]])
def test_without_an_expressed_pair_it_is_skipped_with_what_was_looked_for(names: list[str]):
    data = tissue(second_donor_expresses=True)
    data.var_names = names
    with pytest.raises(Skipped, match=r"no pair .*LGALS9, .* and others.* human gene symbols are expected"):
        liana.consensus(data, seed=0)


def test_a_tissue_without_any_measured_gene_of_a_pair_is_skipped():
    data = tissue(second_donor_expresses=True)[:, :0].copy()
    with pytest.raises(Skipped, match="0 of the"):
        liana.consensus(data, seed=0)


def test_one_expressed_pair_is_enough():
    found = liana.consensus(tissue(second_donor_expresses=True), seed=0)
    assert found[["sender", "receiver", "ligand", "receptor"]].to_numpy().tolist() == [list(PAIR.values())]


def test_genes_of_a_question_are_read_and_those_outside_the_resource_change_no_rank():
    pairs = pd.DataFrame({"ligand": ["L"], "receptor": ["R_S"]})
    assert liana.genes_needed(pairs, [Recruitment(("L", "OWN"), "P_Q", "T")]) == [
        "L",
        "R",
        "S",
        "OWN",
        "P",
        "Q",
    ]
    data = tissue(second_donor_expresses=False)
    loud = sparse.hstack([data.X, np.full((40, 1), 9, np.float32)]).tocsr()
    wide = AnnData(loud, obs=data.obs.copy(), var=pd.DataFrame(index=["CXCL10", "CXCR3", "OWN"]))
    pd.testing.assert_frame_equal(liana.consensus(wide, seed=0), liana.consensus(data, seed=0))
