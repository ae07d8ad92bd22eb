"""Lineages: every label of the shared models has one, and labels of other models are read by name."""

import numpy as np
import pytest

from sscite.annotate import lineage, model_file
from sscite.errors import UserError
from sscite.names import LINEAGES


@pytest.mark.needs_data
@pytest.mark.parametrize(
    "name", ["Immune_All_Low", "Immune_All_High", "Healthy_COVID19_PBMC", "Human_Lung_Atlas", "HuBMAP_kidney"]
)
def test_the_mapping_of_a_shared_model_is_complete(data, name):
    labels = set(model_file.load(data / "celltypist" / f"{name}.pkl").cell_types)
    assert set(lineage.bundled()[name]) == labels
    assert lineage.mapping(sorted(labels))[1] == []


def test_bundled_lineages_are_of_the_vocabulary():
    assert {name for table in lineage.bundled().values() for name in table.values()} <= set(LINEAGES)


def test_labels_of_an_unknown_model_are_read_by_name_and_the_rest_is_other_and_listed():
    found, unknown = lineage.mapping(["CD14_EGR1", "CD8_TEM", "b cells", "red cell", "Xyzzy", "cDC2", "NK_dim", "Treg"])
    assert found == {
        "CD14_EGR1": "monocyte/DC", "CD8_TEM": "CD8 T", "b cells": "B", "red cell": "red cell", "Xyzzy": "other",
        "cDC2": "monocyte/DC", "NK_dim": "NK", "Treg": "CD4 T",
    }  # fmt: skip
    assert unknown == ["Xyzzy"]


def test_the_users_mapping_goes_first(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("cell_type,lineage\nXyzzy,mast\nTreg,other T\n")
    found, unknown = lineage.mapping(["Xyzzy", "Treg"], own=lineage.read_own(path))
    assert (found, unknown) == ({"Xyzzy": "mast", "Treg": "other T"}, [])


def test_all_problems_of_a_users_mapping_are_told(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("cell_type,lineage\nA,T\nA,B\n")
    with pytest.raises(UserError) as error:
        lineage.read_own(path)
    assert [word in str(error.value) for word in ("row 2: lineage 'T'", "'A' is given twice")] == [True, True]
    path.write_text("label,lineage\n")
    with pytest.raises(UserError, match="no column 'cell_type'"):
        lineage.read_own(path)


def test_the_best_score_within_each_lineage():
    best, present = lineage.best_per_lineage(np.array([[1.0, 5, 3], [2, 0, 9]]), ["NK", "B", "NK"])
    assert list(present) == ["B", "NK"]
    assert best.tolist() == [[5, 3], [0, 9]]
