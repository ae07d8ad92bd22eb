"""Names of antibodies."""

from __future__ import annotations

import pandas as pd
import pytest

from sscite.adt.panels import canonical, read_mapping
from sscite.errors import UserError


@pytest.mark.parametrize(
    ("feature", "protein"),
    [
        ("CD3_UCHT1|CD3E|AHS0231|pAbO", "CD3"), ("CD3:UCHT1|CD3E|AHS0231|pAbO", "CD3"), ("Hu.CD3_UCHT1", "CD3"),
        ("CD3_TotalSeqB", "CD3"), ("anti-human CD3 (UCHT1)", "CD3"), ("CD3-1", "CD3"), ("CD3_PROT", "CD3"),
        ("CD3E", "CD3"),
        ("CD3-CTCATTGTAACTCCT", "CD3"), ("A0034_anti-human_CD3_UCHT1", "CD3"),
        ("CD45RA.HI100.PTPRC.AHS0009.pAbO", "CD45RA"),
        ("CD31", "CD31"), ("CD8a_TotalSeqB", "CD8"), ("CD8A", "CD8"), ("PD-1_TotalSeqB", "CD279"), ("TIM-3", "CD366"),
        ("Hu.HLA.DR", "HLA-DR"), ("HLA-DR|CD74|AHS0035|pAbO", "HLA-DR"), ("HLA-A,B,C", "HLA-ABC"), ("CCR7", "CD197"),
        ("HuMs.integrin.b7", "integrin-b7"), ("TCR γ/δ", "TCRgd"), ("FcεRIα", "FceRIa"), ("CD66a/c/e", "CD66ace"),
        ("B7-H1 (PD-L1)", "CD274"), ("C-kit (CD117)", "CD117"), ("MHCII (HLA-DR)", "HLA-DR"), ("CD278 _PROT", "CD278"),
        ("anti-mouse/human CD44", "CD44"), ("CD158e1", "CD158e"), ("TCR-V-7.2", "TCRVa7.2"), ("CD999", "CD999"),
    ],
)  # fmt: skip
def test_every_way_of_writing_an_antibody_gives_one_protein(feature: str, protein: str):
    assert canonical([feature])["protein"].tolist() == [protein]


@pytest.mark.parametrize(
    ("feature", "clone", "gene"),
    [("CD3_UCHT1|CD3E|AHS0231|pAbO", "UCHT1", "CD3E"), ("Hu.CD4_RPA.T4", "RPA.T4", "CD4"),
     ("anti_human_CD14_(Clone_M5E2)", "M5E2", "CD14"), ("CD56_PROT", "", "NCAM1"), ("HLA-DR-L243", "L243", "HLA-DRA")],
)  # fmt: skip
def test_clone_and_gene_are_found(feature: str, clone: str, gene: str):
    assert canonical([feature])[["clone", "gene"]].to_numpy().tolist() == [[clone, gene]]


@pytest.mark.parametrize(
    "feature",
    ["MouseIgG1kappaisotype_PROT", "IgG2a_control_TotalSeqB", "Isotype_MOPC.21", "Rat-IgG1-1", "Rag-IgG2c", "IgG1",
     "Armenian Hamster IgG", "mouse IgG1, k isotype Ctrl"],
)  # fmt: skip
def test_isotype_controls_are_known(feature: str):
    assert canonical([feature])["is_isotype"].tolist() == [True]


@pytest.mark.parametrize("feature", ["IgD", "IgM_PROT", "IgA_PROT", "IgG Fc", "Ig light chain k", "CD16"])
def test_immunoglobulins_as_targets_are_no_isotype_controls(feature: str):
    assert canonical([feature])["is_isotype"].tolist() == [False]


def test_a_second_clone_gets_its_name_appended_and_the_first_keeps_the_plain_one():
    assert canonical(["CD4-1", "CD4-2", "CD3_UCHT1", "CD3_SK7"])["protein"].tolist() == [
        "CD4",
        "CD4_2",
        "CD3",
        "CD3_SK7",
    ]


def test_an_unknown_name_is_kept_and_marked():
    panel = canonical(["Foo_PROT"])
    assert panel[["protein", "gene", "matched"]].to_numpy().tolist() == [["Foo", "", False]]


def test_a_users_row_goes_first_and_its_gene_follows_from_the_protein():
    extra = pd.DataFrame({"feature": ["Foo_PROT"], "protein": ["CD19"]})
    assert canonical(["Foo_PROT"], extra=extra)[["protein", "gene", "matched"]].to_numpy().tolist() == [
        ["CD19", "CD19", True]
    ]


def test_a_mapping_without_columns_or_with_doubles_is_refused_with_every_problem():
    with pytest.raises(UserError, match="no column 'protein'"):
        read_mapping(pd.DataFrame({"feature": ["a"]}))
    with pytest.raises(UserError) as caught:
        read_mapping(pd.DataFrame({"feature": ["a", "a", "b"], "protein": ["CD3", "CD4", ""]}))
    assert len(caught.value.problems) == 2
