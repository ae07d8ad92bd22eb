"""The reader of subsets.yaml."""

from __future__ import annotations

import pytest

from sscite import names
from sscite.errors import UserError
from sscite.subsets.definitions.subsets import load_definitions, subset_names


def test_the_default_file_names_every_subset_of_the_study_within_known_lineages(root):
    found = load_definitions(root / "assets" / "subsets.yaml")
    count = {lineage.name: len(lineage.subsets) for lineage in found.lineages}
    assert count == {"monocyte/DC": 12, "CD8 T": 6, "CD4 T": 7, "NK": 3, "B": 7, "pDC": 2}
    assert found.subsets["CD14_EGR1"].up == ("EGR1", "NFKBIA", "IER2", "SGK1", "CCR1", "IL1B")
    assert found.subsets["CD8_TEM_T2ISG"].lineage == "CD8 T"
    assert found.by_annotated_lineage()["plasma"] == "B"
    assert set(found.by_annotated_lineage()) <= set(names.LINEAGES)


def test_contrasts_may_name_lineages_subsets_and_the_rest_of_a_lineage(root):
    assert {"NK", "NK_dim", "NK, other"} <= subset_names(root / "assets" / "subsets.yaml")


def test_needed_genes_are_read_and_genes_of_also_do_not_define(root):
    macrophage = load_definitions(root / "assets" / "subsets.yaml").subsets["THBS1_Mac"]
    assert (macrophage.needs, macrophage.defining) == (("THBS1",), ("THBS1",))
    assert macrophage.up == ("THBS1", "C1QA", "C1QB", "C1QC", "APOE")


def problems(tmp_path, content: str) -> str:
    path = tmp_path / "subsets.yaml"
    path.write_text(content)
    with pytest.raises(UserError) as raised:
        load_definitions(path)
    return str(raised.value)


def test_all_problems_are_listed_at_once(tmp_path):
    text = problems(
        tmp_path,
        "lineages:\n  T:\n    lineages: [T]\n    colour: red\n"
        "    subsets:\n      a: {up: [X], down: [X]}\n      b: {}\n"
        "  B:\n    subsets:\n      a: {up: Y}\n      c: {up: [Y], gate: true}\n      d: {up: [Y], gate: [CD3]}\n",
    )
    for part in (
        "unknown key 'colour'", "X both up and down", "'b' of lineage 'T': no gene",
        "neither 'lineages' nor 'labels'",
        "subset 'a' is used before, in 'T'", "'up' must be a list such as [A, B], found 'Y'",
        "'c' of lineage 'B': 'gate' without needs, proteins", "'gate' must be true or false, found ['CD3']",
    ):  # fmt: skip
        assert part in text


def test_a_file_without_lineages_says_what_to_write(tmp_path):
    path = tmp_path / "subsets.yaml"
    path.write_text("subsets: {}\n")
    with pytest.raises(UserError, match="write 'lineages:'"):
        load_definitions(path)


def test_the_default_questions_are_the_study_s(root):
    questions = load_definitions(root / "assets" / "subsets.yaml").questions
    assert questions.recruitment[0].ligands == ("CXCL9", "CXCL10", "CXCL11")
    assert (questions.recruitment[0].receptor, questions.recruitment[0].receiver) == ("CXCR3", "CD8_TEM_T2ISG")
    assert (questions.gene_sets[0].name, questions.gene_sets[0].subset) == ("NF-kB", "CD14_EGR1")
    assert (questions.trajectories[0].root_up, questions.trajectories[0].root_down) == (("S100A12",), ("HLA-DRB1",))


LINEAGE = "lineages:\n  T:\n    lineages: [T]\n    subsets:\n      a: {up: [X]}\n"


def test_questions_may_be_left_out(tmp_path):
    path = tmp_path / "subsets.yaml"
    path.write_text(LINEAGE)
    questions = load_definitions(path).questions
    assert (questions.gene_sets, questions.recruitment, questions.trajectories) == ((), (), ())


def test_every_problem_of_the_questions_is_told_with_its_place(tmp_path):
    text = problems(
        tmp_path,
        LINEAGE + "questions:\n  colour: red\n  gene_sets:\n    - {subset: b, sets: S}\n    - what\n"
        "  recruitment: {ligands: [L]}\n"
        "  trajectories:\n    - {lineage: B, without: [c], root: {down: [Y]}}\n    - {lineage: T}\n",
    )
    for part in (
        "questions: unknown key 'colour'", "gene_sets, number 1: subset 'b' is not defined in this file",
        "gene_sets, number 1: 'sets' must be a list", "gene_sets, number 2: expected a mapping",
        "recruitment: expected a list of mappings", "trajectories, number 1: lineage 'B' is not defined",
        "trajectories, number 1: without 'c' is not defined", "trajectories, number 1, root: no gene under 'up'",
        "trajectories, number 2: 'root' is missing",
    ):  # fmt: skip
        assert part in text
