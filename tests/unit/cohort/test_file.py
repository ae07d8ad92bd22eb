"""The cohort on disk."""

from __future__ import annotations

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sscite.cohort import file as store
from sscite.cohort import writer


@pytest.fixture
def cohort(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "CHUNK", 16)
    monkeypatch.setattr(store, "BLOCK_NONZEROS", 40)
    dense = np.random.default_rng(0).poisson(0.7, (50, 9)).astype(np.float32)
    dense[7] = 0
    counts = sp.csr_matrix(dense)
    path = tmp_path / "merged.h5mu"
    cohort = writer.CohortWriter(path, 9)
    for rows in (slice(0, 20), slice(20, 50)):
        cohort.append(counts[rows], writer.log_normalise(counts[rows], dense[rows].sum(axis=1)))
    obs = pd.DataFrame({"library": "L"}, index=[f"c{i}" for i in range(50)])
    cohort.finish(obs, pd.DataFrame(index=[f"g{i}" for i in range(9)]), protein=None, uns={})
    return path, dense


def test_what_is_read_back_is_what_was_written(cohort):
    path, dense = cohort
    assert np.array_equal(store.gather(path, matrix="layers/counts").toarray(), dense)


def test_x_is_log1p_of_counts_per_ten_thousand_and_an_empty_cell_stays_empty(cohort):
    path, dense = cohort
    total = dense.sum(axis=1, keepdims=True)
    expected = np.log1p(1e4 * np.divide(dense, total, out=np.zeros_like(dense), where=total > 0))
    np.testing.assert_allclose(store.gather(path).toarray(), expected, rtol=1e-6)


def test_blocks_of_chosen_cells_and_genes_come_with_their_rows(cohort):
    path, dense = cohort
    mask = np.zeros(50, bool)
    mask[[3, 30, 49]] = True
    found = list(store.iterate(path, matrix="layers/counts", cells=mask, genes=np.array([8, 0])))
    assert len(found) > 1
    assert np.concatenate([rows for rows, _ in found]).tolist() == [3, 30, 49]
    assert np.array_equal(sp.vstack([block for _, block in found]).toarray(), dense[[3, 30, 49]][:, [8, 0]])


def test_counts_and_x_share_their_indices_on_disk(cohort):
    with h5py.File(cohort[0]) as file:
        assert file["mod/rna/X/indices"] == file["mod/rna/layers/counts/indices"]


def test_mudata_opens_the_file(cohort):
    import mudata

    path, dense = cohort
    opened = mudata.read_h5mu(path)
    assert opened.shape == dense.shape
    assert np.array_equal(opened["rna"].layers["counts"].toarray(), dense)


def test_read_counts_gives_known_genes_in_the_order_asked(cohort):
    path, dense = cohort
    found = store.read_counts(path, cells=["c30", "c3"], genes=["g5", "unknown", "g1"])
    assert list(found.obs_names) == ["c3", "c30"]
    assert list(found.var_names) == ["g5", "g1"]
    assert np.array_equal(found.X.toarray(), dense[[3, 30]][:, [5, 1]])


def test_bytes_do_not_depend_on_the_number_of_threads(tmp_path, monkeypatch):
    values = np.arange(5000, dtype=np.float32)
    contents = []
    for threads in (1, 4):
        monkeypatch.setattr(store, "THREADS", threads)
        path = tmp_path / f"{threads}.h5"
        with h5py.File(path, "w") as file, writer.ThreadPoolExecutor(threads) as pool:
            array = writer.ChunkedArray(file, "x", "float32", pool)
            array.append(values)
            array.finish()
        with h5py.File(path) as file:
            contents.append(file["x"].id.read_direct_chunk((0,))[1])
            assert np.array_equal(file["x"][:], values)
    assert contents[0] == contents[1]
