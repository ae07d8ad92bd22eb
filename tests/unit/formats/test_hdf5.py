"""HDF5 files that the library itself cannot read end in one message."""

from __future__ import annotations

import os
import signal
import time

import h5py
import pytest

from sscite.errors import UserError
from sscite.formats import hdf5, read_counts


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
