"""Rank scores of gene sets, and the files they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from sscite.errors import UserError
from sscite.simulate import cohort
from sscite.subsets.signatures import aucell, gene_sets


def test_a_set_on_top_scores_one_and_an_absent_one_zero():
    counts = sp.csr_matrix(np.r_[[9, 8, 7], np.ones(57), np.zeros(40)][None].astype(np.float32))
    member = np.zeros((100, 2), bool)
    member[:3, 0] = True
    member[90:, 1] = True
    assert aucell.score(counts, member, seed=0).tolist() == [[1.0, 0.0]]


def test_scores_agree_with_decouplers_aucell():
    import decoupler as dc

    rng = np.random.default_rng(0)
    dense = rng.permuted(np.tile(np.arange(1, 201, dtype=np.float32), (30, 1)), axis=1)
    member = np.zeros((200, 1), bool)
    member[rng.choice(200, 15, replace=False)] = True
    genes = [f"g{i}" for i in range(200)]
    net = pd.DataFrame({"source": "s", "target": np.array(genes)[member[:, 0]], "weight": 1.0})
    theirs = dc.mt.aucell(pd.DataFrame(dense, columns=genes), net, tmin=3, n_up=10)
    theirs = theirs[0] if isinstance(theirs, tuple) else theirs
    ours = aucell.score(sp.csr_matrix(dense), member, seed=0)
    assert np.corrcoef(theirs.iloc[:, 0], ours[:, 0])[0, 1] > 0.99


def test_sets_with_fewer_than_three_measured_genes_are_left_out():
    kept, member, table = aucell.membership({"x": ["a", "b", "c"], "y": ["a", "z"]}, pd.Index(["c", "b", "a"]))
    assert kept == ["x"]
    assert member.sum() == 3
    assert table["measured"].tolist() == [3, 1]


def test_gmt_yaml_and_regulator_tables_are_read(tmp_path: Path):
    (tmp_path / "a.gmt").write_text("S1\tsource\tA\tB\nS2\tsource\tC\n")
    (tmp_path / "b.yaml").write_text("S3: [D, E]\nS1: [B, A]\n")
    (tmp_path / "c.tsv").write_text("".join(f"TF\tT{i}\tActivation\t1\n" for i in range(10)) + "FEW\tX\tUnknown\t2\n")
    found = gene_sets.read([tmp_path])
    assert found["S1"] == ["A", "B"]
    assert found["S3"] == ["D", "E"]
    assert len(found["TF"]) == 10
    assert "FEW" not in found


def test_a_set_given_twice_with_other_genes_is_refused_and_endings_in_capitals_are_read(tmp_path: Path):
    (tmp_path / "A.GMT").write_text("S1\tsource\tno\t1e3\n")
    assert gene_sets.read([tmp_path]) == {"S1": ["no", "1e3"]}
    (tmp_path / "b.yaml").write_text("S1: [yes]\n")
    with pytest.raises(UserError, match="gene set 'S1' has other genes than in"):
        gene_sets.read([tmp_path])
    (tmp_path / "b.yaml").write_text("S2: [no, 0x10]\n")
    assert gene_sets.read([tmp_path])["S2"] == ["no", "0x10"]
    (tmp_path / "c.yaml").write_text("S3: [A]\nS3: [B]\n")
    with pytest.raises(UserError, match=r"c\.yaml, line 2: 'S3' is given twice"):
        gene_sets.read([tmp_path])


def test_broken_files_are_all_named(tmp_path: Path):
    (tmp_path / "a.gmt").write_text("S1\tsource\n")
    (tmp_path / "b.yaml").write_text("[1]\n")
    with pytest.raises(UserError) as raised:
        gene_sets.read([tmp_path / "a.gmt", tmp_path / "b.yaml"])
    assert len(raised.value.problems) == 2


def test_the_sets_of_the_project_can_be_read(root: Path):
    found = gene_sets.read([root / "assets" / "gene_sets", root / "assets" / "genes" / "human" / "dissociation.gmt"])
    assert {"DISSOCIATION_STRESS", "INTERFERON_TYPE_I", "INTERFERON_TYPE_II", "NFKB_TARGETS"} <= set(found)


def test_the_planted_sets_of_a_simulated_cohort_can_be_read_beside_those_of_the_project(root: Path, tmp_path: Path):
    (tmp_path / "gene_sets.gmt").write_text(cohort.gmt())
    names = gene_sets.read([root / "assets" / "gene_sets", root / "assets/genes/human/dissociation.gmt", tmp_path])
    assert {"NFKB_TARGETS", "PLANTED_NFKB_TARGETS"} <= set(names)
