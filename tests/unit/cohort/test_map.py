"""Mapping new cells onto a finished cohort."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from sscite.cohort.map import reference
from sscite.cohort.map import symphony as mapping
from sscite.errors import UserError


def cohort(rng: np.random.Generator) -> tuple[mapping.Reference, np.ndarray]:
    group = np.repeat([0, 1, 2], 200)
    centres = np.array([[6, 0, 0], [0, 6, 0], [0, 0, 6]], float)
    X = (centres[group] + rng.normal(0, 0.5, (600, 3))).astype(np.float32)
    labels = pd.DataFrame({"subset": np.array(["a", "b", "c"])[group]})
    return mapping.Reference(X, X, X[:, :2], labels), centres


def test_a_new_library_that_is_shifted_as_a_whole_gets_the_right_labels():
    rng = np.random.default_rng(0)
    reference, centres = cohort(rng)
    group = np.repeat([0, 1, 2], 50)
    new = (centres[group] + rng.normal(0, 0.5, (150, 3)) + [1.5, 1.5, -1.5]).astype(np.float32)
    moved = mapping.correct(new, np.repeat("new", 150), *mapping.centroids(reference, seed=0))
    found = mapping.transfer(moved, reference, seed=0)
    assert (found["subset"] == np.array(["a", "b", "c"])[group]).mean() > 0.98
    assert found["subset_confidence"].median() > 0.95
    assert np.linalg.norm(moved - centres[group], axis=1).mean() < np.linalg.norm(new - centres[group], axis=1).mean()


def test_cells_unlike_any_of_the_cohort_are_marked_as_far():
    reference, _ = cohort(np.random.default_rng(0))
    found = mapping.transfer(np.array([[6, 0, 0], [20, 20, 20]], np.float32), reference, seed=0)
    assert found["far"].tolist() == [False, True]


def test_memberships_of_a_cell_sum_to_one_and_favour_the_nearest_centre():
    soft = mapping.memberships(np.array([[1.0, 0.1]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert soft.sum() == 1
    assert soft[0, 0] > 0.99


def test_a_reference_that_is_not_a_finished_cohort_is_refused(tmp_path: Path):
    (tmp_path / "text.h5mu").write_text("no cohort")
    h5py.File(tmp_path / "other.h5mu", "w").close()
    with pytest.raises(UserError, match=r"text\.h5mu: cannot be read as the cohort\.h5mu .* not an HDF5 file"):
        reference.read(tmp_path / "text.h5mu")
    with pytest.raises(UserError, match=r"other\.h5mu: no mod/rna/obsm/X_pca"):
        reference.read(tmp_path / "other.h5mu")
