"""One library: droplets, counts and truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sscite.simulate import cohort, plan, tenx
from sscite.simulate.library import Settings

GENES = 600


@pytest.fixture(scope="module")
def design() -> pd.DataFrame:
    return plan.design({"HD": 2, "SRC": 2}, kidney=2, samples_per_library=4)


@pytest.fixture(scope="module")
def drawn(design):
    settings = Settings(doublets=0.1, negatives=0.05, empties=1.5)
    counts, share = cohort.compose(design, cells=3000, settings=settings, seed=3)
    found = dict(cohort.libraries(design, counts, genes=GENES, settings=settings, seed=3))
    return found, counts, share, settings


def test_a_library_holds_its_cells_then_its_empty_droplets(drawn):
    library = drawn[0]["blood_1"]
    assert len(library.truth) == 2000
    assert library.counts.shape == (5000, len(library.features))
    assert len(set(library.barcodes)) == 5000
    totals = np.asarray(library.counts[:, :GENES].sum(axis=1)).ravel()
    assert np.median(totals[:2000]) > 20 * np.median(totals[2000:])


def test_ambient_rna_of_kidney_is_mostly_of_lost_epithelium_and_that_of_blood_holds_none(drawn):
    share = {}
    for name in ("blood_1", "kidney_1"):
        library = drawn[0][name]
        empty = np.asarray(library.counts[len(library.truth) :, :GENES].sum(axis=0)).ravel()
        share[name] = empty[library.features["name"].isin(["UMOD", "SLC12A1"])[:GENES]].sum() / empty.sum()
    # 80 + 25 per 10,000 in lost epithelium, which gives 0.6 of the ambient RNA
    assert 0.003 < share["kidney_1"] < 0.0065
    assert share["blood_1"] < 0.0002


def test_doublets_are_as_many_as_asked_and_carry_two_hashtags(drawn):
    library = drawn[0]["blood_1"]
    truth = library.truth
    assert truth["doublet"].sum() == 200
    cross = truth["doublet"] & (truth["sample"] != truth["second_sample"])
    assert (truth.loc[cross, "hashtag"] == "Doublet").all()
    tags = library.counts[:2000, library.features["name"].str.startswith("Hashtag").to_numpy()].toarray()
    second = np.sort(tags, axis=1)[:, -2]
    assert np.median(second[cross]) > 3 * np.median(second[~truth["doublet"]])


def test_the_highest_hashtag_is_the_samples_own(drawn, design):
    library = drawn[0]["blood_1"]
    truth = library.truth
    names = library.features["name"].to_numpy()
    at = np.flatnonzero(library.features["name"].str.startswith("Hashtag"))
    called = names[at][library.counts[: len(truth), at].toarray().argmax(axis=1)]
    single = truth["hashtag"].str.startswith("Hashtag").to_numpy()
    assert (called[single] == truth.loc[single, "hashtag"]).mean() > 0.98
    tag_of = design[design["library"] == "blood_1"].set_index("sample")["hashtag"]
    assert (truth.loc[single, "sample"].map(tag_of) == truth.loc[single, "hashtag"]).all()
    assert 0.02 < (truth["hashtag"] == "Negative").mean() < 0.08


def test_cells_are_stained_for_their_lineage(drawn):
    library = drawn[0]["blood_1"]
    single = ~library.truth["doublet"].to_numpy()
    lineage = library.truth["lineage"].to_numpy()
    column = {
        n: library.counts[:2000, i].toarray().ravel() for i, n in enumerate(library.features["name"]) if "_T" in n
    }
    for protein, positive in (("CD3", ["CD4 T", "CD8 T"]), ("CD19", ["B"]), ("CD14", ["monocyte/DC"])):
        level = column[f"{protein}_TotalSeqB"]
        inside = np.isin(lineage, positive)
        assert np.median(level[single & inside]) > 4 * np.median(level[single & ~inside])
    isotype = column["IgG1_control_TotalSeqB"]
    assert np.median(isotype[inside]) == pytest.approx(np.median(isotype[~inside]), abs=2)


def test_kidney_macrophages_lie_on_a_way_from_cd14_egr1(drawn):
    truth = drawn[0]["kidney_1"].truth
    on_way = truth[truth["position"].notna()]
    assert set(on_way["subset"]) == {"CD14_EGR1", "THBS1_Mac"}
    assert (on_way.loc[on_way["subset"] == "THBS1_Mac", "position"] >= 0.5).all()
    library = drawn[0]["kidney_1"]
    gene = np.flatnonzero(library.features["name"] == "THBS1")[0]
    level = library.counts[: len(truth), gene].toarray().ravel()[truth["position"].notna().to_numpy()]
    assert np.corrcoef(level, on_way["position"])[0, 1] > 0.4


def test_the_sample_table_counts_the_singlets_of_the_cell_table(drawn, design):
    found, counts, share, settings = drawn
    truth = pd.concat([library.truth for library in found.values()])
    table = cohort.sample_truth(design, share, settings, truth[~truth["doublet"]])
    assert table["cells"].sum() == (~truth["doublet"]).sum()
    assert np.allclose(table.groupby("sample")["proportion"].sum(), 1, atol=1e-4)
    assert counts.to_numpy().sum() == 3000


def test_a_library_does_not_depend_on_the_others(drawn, design):
    _, counts, _, settings = drawn
    name, again = next(iter(cohort.libraries(design, counts, genes=GENES, settings=settings, seed=3)))
    assert (again.counts != drawn[0][name].counts).nnz == 0


def test_contrasts_are_those_that_the_design_has_donors_for(design):
    names = set(cohort.contrasts(design)["contrast"])
    assert "SRC against healthy" in names
    assert "lung against blood" not in names
    assert "SRC against SSc without SRC" not in names


def test_the_10x_file_reads_back_sorted_by_barcode(tmp_path):
    counts = sparse.csr_matrix(np.array([[1, 0, 3], [0, 2, 0]], dtype=np.int32))
    features = pd.DataFrame({
        "id": ["G1", "G2", "CD3"], "name": ["A", "B", "CD3"],
        "feature_type": ["Gene Expression", "Gene Expression", "Antibody Capture"],
    })  # fmt: skip
    tenx.write(tmp_path / "x.h5", counts, np.array(["TTT-1", "AAA-1"]), features)
    import scanpy as sc

    read = sc.read_10x_h5(tmp_path / "x.h5", gex_only=False)
    assert list(read.obs_names) == ["AAA-1", "TTT-1"]
    assert read.X.toarray().tolist() == [[0, 2, 0], [1, 0, 3]]
    assert list(read.var["feature_types"]) == list(features["feature_type"])
