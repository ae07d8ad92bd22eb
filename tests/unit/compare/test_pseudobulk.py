from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.compare.pseudobulk import sums
from sscite.errors import Reason, Skipped


def cells() -> pd.DataFrame:
    """Two samples: s1 has 3 monocytes (2 A, 1 unassigned) and 1 T cell; s2 has 1 monocyte B and 1 T cell."""
    return pd.DataFrame(
        {
            "sample": ["s1", "s1", "s1", "s1", "s2", "s2"],
            "donor": ["d1", "d1", "d1", "d1", "d2", "d2"],
            "tissue": "blood",
            "lineage": ["mono", "mono", "mono", "T", "mono", "T"],
            "subset": ["A", "A", "unassigned", "T1", "B", "T1"],
            "qc_pass": True,
            "doublet": False,
        },
        index=[f"L:{i}" for i in range(6)],
    )


def test_only_good_cells_of_a_sample_count():
    table = cells().assign(excluded=False)
    table.loc["L:0", "qc_pass"] = False
    table.loc["L:1", "doublet"] = True
    table.loc["L:2", "excluded"] = True
    table.loc["L:3", "sample"] = None
    assert list(sums.keep(table)) == [False, False, False, False, True, True]


def test_composition_has_zeros_and_counts_unassigned_cells_in_the_whole_only():
    table = sums.composition(cells()).set_index(["sample", "level", "subset"])
    assert table.loc[("s1", "subset", "A"), ["cells", "parent_cells", "total_cells"]].tolist() == [2, 3, 4]
    assert table.loc[("s1", "subset", "B"), ["cells", "parent_cells", "total_cells"]].tolist() == [0, 3, 4]
    assert table.loc[("s2", "lineage", "mono"), ["cells", "parent_cells", "total_cells"]].tolist() == [1, 2, 2]
    assert len(table) == 2 * (2 + 3)


def test_stress_scores_stand_in_the_rows_of_their_lineage():
    scores = pd.DataFrame({"mono": [0.5, -0.5], "T": [0.1, np.nan]}, index=["s1", "s2"])
    table = sums.with_stress(sums.composition(cells()), scores).set_index(["sample", "level", "subset"])["stress_score"]
    assert table["s1", "lineage", "mono"] == 0.5
    assert table["s1", "lineage", "T"] == 0.1
    assert table.drop(["s1"]).dropna().to_dict() == {("s2", "lineage", "mono"): -0.5}
    assert table.xs("subset", level="level").isna().all()


def test_the_same_subset_name_in_two_lineages_stays_two_subsets():
    table = cells().assign(subset=["naive"] * 6)
    found = sums.composition(table).query("level == 'subset' and sample == 's1'")
    assert dict(zip(found["parent"], found["cells"], strict=True)) == {"T": 1, "mono": 3}


def test_counts_are_summed_over_blocks_in_any_order_of_cells():
    table = cells()
    counts = np.arange(12).reshape(6, 2)
    order = pd.Index(["L:5", "L:4", "L:3", "L:2", "L:1", "L:0"])
    stored = sparse.csr_matrix(counts[::-1])
    member, keys = sums.membership(sums.groups(table), order)
    blocks = [(np.array([0, 1, 2]), stored[:3]), (np.array([3, 5]), stored[[3, 5]]), (np.array([4]), stored[[4]])]
    summed = sums.sum_blocks(member, blocks, 2)
    rows = sums.assemble(keys, table, summed, pd.DataFrame(index=["g1", "g2"]), member.sum(axis=1))
    assert rows["s1|lineage|all|mono"].X.toarray().tolist() == [[0 + 2 + 4, 1 + 3 + 5]]
    assert rows["s1|subset|mono|A"].X.toarray().tolist() == [[0 + 2, 1 + 3]]
    assert rows.obs.loc["s1|lineage|all|mono", "n_cells"] == 3
    assert rows.obs.loc["s2|subset|mono|B", ["sample", "donor", "level", "name", "parent"]].tolist() == [
        "s2", "d2", "subset", "B", "mono",
    ]  # fmt: skip
    assert np.issubdtype(rows.X.dtype, np.integer)


def test_protein_is_averaged_over_the_cells_that_have_it():
    member = sparse.csr_array(np.array([[1, 1, 0], [0, 0, 1]]))
    found = sums.mean_values(member, np.array([[1.0, np.nan], [3.0, 5.0], [2.0, np.nan]]))
    np.testing.assert_allclose(found, [[2.0, 5.0], [2.0, np.nan]])


def test_without_a_good_cell_the_step_is_skipped():
    with pytest.raises(Skipped) as error:
        sums.composition(cells().iloc[:0])
    assert error.value.reason is Reason.TOO_FEW_CELLS
