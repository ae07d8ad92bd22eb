"""Doublets of two types score high; what cannot be judged is said."""

import numpy as np
import pytest
from anndata import AnnData
from scipy import sparse

from sscite.errors import Reason, Skipped
from sscite.samples.doublets import choose_threshold, expected_rate, score
from sscite.samples.scrublet import likelihood_ratio, simulated_share


def two_types(cells=300, genes=200, doublets=30):
    """Two types with 50 genes of their own each; the last cells are sums of one of each."""
    rng = np.random.default_rng(1)
    means = np.full((2, genes), 0.3)
    means[0, :50], means[1, 50:100] = 4, 4
    single = rng.poisson(means[np.arange(cells) % 2])
    pairs = single[: 2 * doublets : 2] + single[1 : 2 * doublets : 2]
    return AnnData(sparse.csr_matrix(np.vstack([single, pairs])), obs={"doublet": np.repeat([0, 1], [cells, doublets])})


def test_planted_doublets_outrank_singlets():
    data = two_types()
    frame, _, simulated = score(data, seed=0)
    truth = data.obs["doublet"].to_numpy(bool)
    scores = frame["doublet_score"].to_numpy()
    ahead = (scores[truth][:, None] > scores[~truth]).mean()
    assert ahead > 0.99
    assert len(simulated) == 2 * len(data)
    assert frame.index.equals(data.obs_names)


def test_the_same_seed_gives_the_same_scores():
    first, again, other = (score(two_types(), seed=seed)[0]["doublet_score"] for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)


def test_few_cells_are_not_scored():
    with pytest.raises(Skipped) as skipped:
        score(two_types(cells=40, doublets=5), seed=0)
    assert skipped.value.reason == Reason.TOO_FEW_CELLS


def test_a_cell_without_genes_has_no_score_and_is_no_doublet():
    data = two_types()
    data.X = sparse.vstack([sparse.csr_matrix((1, data.n_vars), dtype=data.X.dtype), data.X[1:]], format="csr")
    frame = score(data, seed=0)[0]
    assert np.isnan(frame["doublet_score"].iloc[0])
    assert not frame["doublet"].iloc[0]


def test_loading_predicts_eight_doublets_in_a_thousand_cells():
    assert expected_rate(1000) == pytest.approx(0.008)
    assert expected_rate(100_000) == 0.3


def test_the_score_is_the_chance_of_being_a_doublet():
    # half of the neighbours simulated, ρ = 0.1, r = 2: 0.5 * 0.05 / (0.9 - 0.5 * 0.85)
    assert likelihood_ratio(np.array([0.5]), 0.1)[0] == pytest.approx(0.025 / 0.475)


def test_neighbours_are_counted_without_the_point_itself():
    # on a line: cells at 0 and 1, simulated at 1.1 and 1.15; one neighbour each
    shares = simulated_share(np.array([[0.0], [1.0], [1.1], [1.15]]), 2, 1)
    assert shares.tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3, 2 / 3])


def test_at_most_the_expected_share_is_flagged_and_only_above_the_median_simulated_doublet():
    scores = np.linspace(0, 1, 101)
    assert choose_threshold(scores, np.array([0.2, 0.5, 0.9]), 0.1) == pytest.approx(0.9)
    assert choose_threshold(scores, np.array([0.2, 0.95, 0.99]), 0.1) == pytest.approx(0.95)
    frame, numbers, _ = score(two_types(), seed=0)
    assert frame["doublet"].sum() <= numbers["expected_rate"] * len(frame) + 1
