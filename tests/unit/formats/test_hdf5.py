"""HDF5 files that the library itself cannot read end in one message."""

from __future__ import annotations

import os
import signal
import time

import h5py
import numpy as np
import pytest

from sscite.errors import UserError
from sscite.formats import hdf5, read_counts
from sscite.formats.tenx import GENES


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as out:
        out["matrix/barcodes"] = ["AAACCCAAGAAACACT-1"]
    return path


def test_a_file_on_which_the_library_hangs_is_refused(file, monkeypatch):
    monkeypatch.setattr(hdf5, "PATIENCE", 0.05)
    monkeypatch.setattr(hdf5, "_touch", lambda *_: time.sleep(30))
    with pytest.raises(UserError, match="does not end; the file is damaged"):
        read_counts(file)


def test_a_file_on_which_the_library_crashes_is_refused(file, monkeypatch):
    monkeypatch.setattr(hdf5, "_touch", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(UserError, match="crashes on its structure"):
        read_counts(file)


def test_a_whole_file_and_one_that_is_not_hdf5_are_left_to_the_reader(file, tmp_path):
    hdf5.probe(file)
    (tmp_path / "text.h5").write_text("no HDF5")
    hdf5.probe(tmp_path / "text.h5")


@pytest.fixture
def unordered(tmp_path):
    """Return a file of two droplets, their values in no order, one of them zero, in chunks of two."""
    path = tmp_path / "b.h5"
    with h5py.File(path, "w") as out:
        matrix = out.create_group("matrix")
        matrix["barcodes"], matrix["shape"] = ["AAACCCAAGAAACACT-1", "AAACCCAAGAAACACG-1"], [3, 2]
        for name, texts in (("id", ["E1", "E2", "E3"]), ("name", ["A", "B", "C"]), ("feature_type", [GENES] * 3)):
            matrix[f"features/{name}"] = texts
        for name, values in (("data", [5, 7, 0, 2, 1]), ("indices", [2, 0, 2, 1, 0]), ("indptr", [0, 2, 5])):
            matrix.create_dataset(name, data=np.array(values, dtype=np.int64), chunks=(2,))
    return path


def test_values_in_no_order_are_read_block_by_block_into_the_order_of_the_features(unordered, monkeypatch):
    monkeypatch.setattr(hdf5, "BLOCK", 16)
    matrix = read_counts(unordered).matrix
    assert matrix.toarray().tolist() == [[7, 0, 5], [1, 2, 0]]
    assert matrix.data.tolist() == [7, 5, 1, 2] and matrix.indices.tolist() == [0, 2, 0, 1]
    assert matrix.dtype == matrix.indices.dtype == np.int32


def test_an_index_beyond_the_features_is_refused_in_whatever_block(unordered, monkeypatch):
    monkeypatch.setattr(hdf5, "BLOCK", 16)
    with h5py.File(unordered, "r+") as out:
        out["matrix/indices"][4] = 2**40
    with pytest.raises(UserError, match="lie between 0 and 1,099,511,627,776, outside 0 to 2"):
        read_counts(unordered)
