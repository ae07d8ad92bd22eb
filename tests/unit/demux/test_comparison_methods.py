import warnings

import numpy as np
import pytest
from unit.demux.pools import mean_f, pool

from sscite.demux import comparison_methods, decision


@pytest.mark.parametrize("tags", [2, 3, 6])
def test_hashsolo_calls_as_scanpy_does(tags):
    counts, _ = pool(seed=tags, tags=tags, droplets=500, fold=8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import scanpy.external as sce
        from anndata import AnnData

        reference = AnnData(obs=counts.copy())
        sce.pp.hashsolo(reference, list(counts.columns), number_of_noise_barcodes=1 if tags == 2 else None)
    calls = decision.names_of(comparison_methods.hashsolo(counts.to_numpy()), list(counts.columns))
    assert (calls == reference.obs["Classification"].to_numpy().astype(str)).mean() > 0.995


@pytest.mark.parametrize("method", [comparison_methods.hashsolo, comparison_methods.ambient_ratio])
def test_witnesses_call_a_clear_pool(method):
    counts, truth = pool(seed=1)
    calls = decision.names_of(method(counts.to_numpy()), list(counts.columns))
    assert mean_f(calls, truth) > 0.95
    assert (calls[truth == "Doublet"] == "Doublet").mean() > 0.7


def test_two_equal_strong_tags_over_background_are_a_doublet_to_the_ambient_ratio():
    counts = np.full((100, 4), 5)
    counts[np.arange(98), np.arange(98) % 4] = 500
    counts[98, :2] = 500
    assert comparison_methods.ambient_ratio(counts)[[0, 1, 98, 99]].tolist() == [0, 1, -2, -1]
