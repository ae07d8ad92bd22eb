"""Gene sets: Fisher's test by hand, the ranking test against gseapy, stress genes left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sscite.compare import enrichment

GENES = pd.Index([f"G{i}" for i in range(200)])


def test_fisher_equals_the_sum_of_the_hypergeometric_by_hand():
    universe = pd.Index([f"G{i}" for i in range(20)])
    table = enrichment.fisher(["G0", "G1", "G2", "G3"], universe, {"set": ["G0", "G1", "G2", "G3", "G4"]})
    assert table.loc[0, "overlap"] == 4
    assert table.loc[0, "p_value"] == pytest.approx(5 / 4845)  # C(5,4) of C(20,4)


def test_the_running_score_equals_gseapy():
    import gseapy

    rng = np.random.default_rng(0)
    statistic = rng.normal(size=200)
    members = [f"G{i}" for i in rng.choice(200, 15, replace=False)]
    peer = gseapy.prerank(
        pd.Series(statistic, GENES).sort_values(ascending=False), {"set": members}, min_size=5, permutation_num=10,
        outdir=None, no_plot=True, seed=0, threads=1,
    )  # fmt: skip
    curve = enrichment.running_scores(statistic, enrichment.membership({"set": members}, GENES)[0])[0]
    assert curve[np.abs(curve).argmax()] == pytest.approx(float(peer.res2d.loc[0, "ES"]), abs=1e-6)


def test_the_competitive_test_keeps_its_level_and_finds_a_shifted_set():
    rng = np.random.default_rng(1)
    members, _ = enrichment.membership({f"s{i}": list(rng.choice(GENES, 20, replace=False)) for i in range(400)}, GENES)
    p = enrichment.competitive(rng.normal(size=200), members)[1]
    assert (p < 0.05).mean() < 0.08
    shifted = rng.normal(size=200) + 1.5 * members[0]
    effect, p = enrichment.competitive(shifted, members[:1])
    assert effect[0] > 1
    assert p[0] < 1e-4


def test_sets_with_fewer_than_five_measured_genes_are_left_out():
    assert enrichment.membership({"few": ["G0", "G1", "absent"], "five": list(GENES[:5])}, GENES)[1] == ["five"]


def test_a_set_that_rests_on_stress_genes_loses_its_p_without_them():
    stressed = ["FOS", "JUN", "JUNB", "EGR1", "IER2", "DUSP1", "ATF3", "NFKBIA", "HSPA1A", "HSPA1B"]
    rng = np.random.default_rng(2)
    genes = pd.DataFrame({"gene": [*stressed, *GENES], "statistic": np.r_[np.full(10, 4.0), rng.normal(size=200)]})
    genes = genes.assign(p_value=0.5, level="subset", subset="CD14_EGR1", contrast_id="c")
    table = enrichment.rank_contrast(genes, {"own": {"NFKB1": [*stressed, *GENES[:8]]}})
    assert table.loc[0, "p_value"] < 1e-6
    assert table.loc[0, "p_without_stress"] > 0.01
    assert len(enrichment.nfkb(table)) == 1
