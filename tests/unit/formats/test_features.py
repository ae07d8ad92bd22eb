"""Features without a type are antibodies if their names are those of known antibodies and of no gene."""

from __future__ import annotations

import pytest

from sscite.formats import split_features
from sscite.formats.features import feature_frame


def kinds(names, ids="", types=""):
    return dict(zip(names, split_features(feature_frame(names, ids, types)).tolist(), strict=True))


def test_a_protein_beside_its_gene_is_an_antibody():
    assert kinds(["PTPRC", "CD45RA", "CD4"]) == {"PTPRC": "rna", "CD45RA": "prot", "CD4": "rna"}


def test_three_names_of_proteins_are_antibodies_without_their_genes():
    assert kinds(["CD45RA", "CD16", "CD56", "LYZ"]) == {"CD45RA": "prot", "CD16": "prot", "CD56": "prot", "LYZ": "rna"}


def test_one_name_that_old_annotations_have_as_a_gene_stays_a_gene():
    assert kinds(["CD97", "LYZ", "MS4A1"]) == {"CD97": "rna", "LYZ": "rna", "MS4A1": "rna"}


@pytest.mark.parametrize("kind", ["", "Gene Expression"])
def test_a_known_protein_without_the_identifier_that_the_genes_have_is_an_antibody(kind):
    names = ["CD4", "LYZ", "PTPRC", "CD45RA", "CD19"]
    ids = ["ENSG00000010610", "ENSG00000090382", "ENSG00000081237", "", ""]
    expected = {"CD4": "rna", "LYZ": "rna", "PTPRC": "rna", "CD45RA": "prot", "CD19": "prot"}
    assert kinds(names, ids, kind) == expected


def test_an_ensembl_identifier_or_the_type_of_another_assay_is_stronger_than_the_name():
    assert kinds(["PTPRC", "CD45RA"], ["", "ENSG00000081237"]) == {"PTPRC": "rna", "CD45RA": "rna"}
    assert kinds(["PTPRC", "CD45RA"], "", ["Gene Expression", "CRISPR Guide Capture"])["CD45RA"] == ""
