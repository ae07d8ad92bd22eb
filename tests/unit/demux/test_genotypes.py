import numpy as np
import pandas as pd
import pytest

from sscite.demux import genotype_matching
from sscite.demux.assignment_report import warnings
from sscite.demux.genotypes import align_to_cells, assign, samples_of
from sscite.errors import UserError
from sscite.formats.genotypes import parse


def table(text: str) -> pd.DataFrame:
    lines = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(lines[1:], columns=lines[0])


def test_vireo_is_read():
    found = parse(
        table("cell donor_id prob_max prob_doublet\nA donor0 0.99 0.01\nB doublet 0.3 0.97\nC unassigned 0.6 0.2"),
        where="x",
    )
    assert found["genotype_call"].tolist() == ["donor0", "Doublet", "unassigned"]
    assert found["genotype_confidence"].tolist() == [0.99, 0.97, 0.6]


def test_souporcell_is_read_and_its_log_probabilities_become_posteriors():
    text = "barcode status assignment log_prob_singleton log_prob_doublet\nA singlet 1 -10 -12\nB doublet 0/1 -20 -10"
    found = parse(table(text), where="x")
    assert found["genotype_call"].tolist() == ["1", "Doublet"]
    assert found["genotype_confidence"].to_numpy() == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-10))])


def test_freemuxlet_posteriors_are_logarithms():
    text = "BARCODE DROPLET.TYPE BEST.GUESS BEST.POSTERIOR\nA SNG 0,0 -0.1\nB DBL 1,0 -0.5\nC AMB 1,1 -2"
    found = parse(table(text), where="x")
    assert found["genotype_call"].tolist() == ["0", "Doublet", "unassigned"]
    assert found["genotype_confidence"].to_numpy() == pytest.approx(np.exp([-0.1, -0.5, -2]))


def test_demuxlet_of_2017_is_read():
    found = parse(table("BARCODE BEST SNG.1ST PRB.DBL\nA SNG-P1 P1 0.1\nB DBL-P1-P2-0.500 P1 0.9"), where="x")
    assert found["genotype_call"].tolist() == ["P1", "Doublet"]
    assert found["genotype_confidence"].tolist() == [0.9, 0.9]


def test_a_table_of_no_known_tool_names_its_columns_and_the_allowed_tools():
    with pytest.raises(UserError, match=r"foo, bar.*vireo donor_ids.tsv, souporcell"):
        parse(table("foo bar\n1 2"), where="x")


def test_the_optimal_assignment_beats_the_greedy_one_and_knows_its_margin():
    counts = pd.DataFrame([[10, 9], [9, 0]], index=["S1", "S2"], columns=["g0", "g1"])
    assert genotype_matching.assign(counts) == ({"S1": "g1", "S2": "g0"}, pytest.approx(8 / 18))


def sheet(donors=("d0", "d1")) -> pd.DataFrame:
    return pd.DataFrame(
        {"sample": ["S1", "S2"], "donor": ["P1", "P2"], "tissue": ["blood", "lung"], "hashtag": ["A", "B"],
         "genotype_donor": list(donors)}
    )  # fmt: skip


def library(n: int = 40, *, sure: float = 0.95) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give n droplets of A, n of B, called with the same certainty."""
    index = [f"L:{i}" for i in range(2 * n)]
    first = np.arange(2 * n) < n
    rest = (1 - sure) / 3
    posteriors = pd.DataFrame(
        {"A": np.where(first, sure, rest), "B": np.where(first, rest, sure), "Doublet": rest, "Negative": rest},
        index=index,
    )
    call = np.where(first, "A", "B")
    return pd.DataFrame({"hto_call": call, "hto_confidence": sure, "hto_joint": call}, index=index), posteriors


def genotype(calls: list[str], index: pd.Index, confidence: float = 0.98) -> pd.DataFrame:
    return pd.DataFrame({"genotype_call": calls, "genotype_confidence": confidence}, index=index)


def test_both_agree_and_the_cell_gets_its_sample_donor_and_tissue():
    called, posteriors = library()
    frame, matching = assign(called, posteriors, sheet(), genotype(["d0"] * 40 + ["d1"] * 40, called.index))
    assert frame.iloc[0][["sample", "donor", "tissue"]].tolist() == ["S1", "P1", "blood"]
    assert (frame["sample"].iloc[40:] == "S2").all()
    assert matching.swapped == []


def test_the_probability_of_two_samples_is_kept_and_unknown_without_hashtags_and_genotypes():
    posteriors = pd.DataFrame({"A": [0.9, 0.1], "B": 0.0, "Doublet": [0.1, 0.9], "Negative": 0.0}, index=["c0", "c1"])
    called = pd.DataFrame({"hto_call": ["A", "Doublet"], "hto_joint": ["A", "Doublet"], "hto_confidence": 0.9},
                          index=posteriors.index)  # fmt: skip
    assert assign(called, posteriors, sheet(), None)[0]["demux_doublet"].tolist() == pytest.approx([0.1, 0.9])
    plain = pd.DataFrame({"S1": [0.5, 0.5], "S2": [0.5, 0.5]}, index=posteriors.index)
    assert assign(called, plain, sheet(), None)[0]["demux_doublet"].isna().all()


def test_without_names_in_the_sheet_donors_are_matched_by_the_cells():
    called, posteriors = library()
    _, matching = assign(called, posteriors, sheet(("", "")), genotype(["d1"] * 40 + ["d0"] * 40, called.index))
    assert matching.genotype == {"S1": "d1", "S2": "d0"}
    assert matching.margin == 1


def test_where_they_disagree_the_surer_one_wins_and_a_tie_stays_open():
    called, posteriors = library(sure=0.95)
    posteriors.iloc[0] = [0.55, 0.35, 0.05, 0.05]
    posteriors.iloc[1] = [0.999, 0.001, 0, 0]
    posteriors.iloc[2] = [1, 0, 0, 0]
    given = genotype(["d1", "d1", "d1"] + ["d0"] * 37 + ["d1"] * 40, called.index, 0.95)
    given.iloc[1, 1] = 0.5
    given.iloc[2, 1] = 1.0
    frame, _ = assign(called, posteriors, sheet(), given)
    assert frame["sample"].iloc[:3].tolist() == ["S2", "S1", ""]


def test_swapped_samples_are_shouted_about_and_not_repaired():
    called, posteriors = library()
    rows = sheet(("d1", "d0"))
    frame, matching = assign(called, posteriors, rows, genotype(["d0"] * 40 + ["d1"] * 40, called.index))
    assert matching.swapped == ["S1", "S2"]
    assert (frame["sample"].iloc[:40] == "S1").all()
    assert (
        "SWAPPED? 40 of 40 cells with the hashtag of sample 'S1' have genotype 'd0' (sample S2)"
        in warnings(matching, 0.0, rows)[0]
    )


def test_a_genotype_doublet_is_no_sample():
    called, posteriors = library()
    calls = ["Doublet"] + ["d0"] * 39 + ["d1"] * 40
    posteriors.iloc[0] = [0.6, 0.0, 0.4, 0.0]
    assert assign(called, posteriors, sheet(), genotype(calls, called.index))[0]["sample"].iloc[0] == ""


def test_negative_means_the_sample_without_a_hashtag():
    called, posteriors = library()
    rows = sheet().assign(hashtag=["A", ""])
    called.loc[called["hto_call"] == "B", ["hto_call", "hto_joint"]] = "Negative"
    frame, _ = assign(
        called, posteriors.rename(columns={"B": "Negative", "Negative": "B"}).drop(columns="B"), rows, None
    )
    assert (frame["sample"].iloc[40:] == "S2").all()


def test_two_samples_without_a_hashtag_cannot_be_told_apart():
    with pytest.raises(UserError, match="at most one"):
        samples_of(sheet().assign(hashtag=["", ""]), ["A"])


def test_a_library_of_one_sample_gives_it_all_cells():
    posteriors = pd.DataFrame({"S1": 1.0}, index=["L:a", "L:b"])
    called = pd.DataFrame({"hto_call": "", "hto_confidence": np.nan, "hto_joint": ""}, index=posteriors.index)
    frame, _ = assign(called, posteriors, sheet().iloc[:1], None)
    assert frame["sample"].tolist() == ["S1", "S1"]


def test_barcodes_of_another_library_are_refused():
    calls = table("cell donor_id prob_max prob_doublet\nAAAA donor0 0.99 0.01")
    with pytest.raises(UserError, match=r"0 of 2 cells"):
        align_to_cells(calls, pd.Index(["L:CCCC-1", "L:GGGG-1"]), where="x")


def test_two_tissues_of_one_donor_in_one_pool_have_the_same_genotype_and_keep_their_cells():
    called, posteriors = library()
    rows = sheet(("d0", "d0")).assign(donor=["P1", "P1"])
    for named in (rows, rows.assign(genotype_donor="")):
        frame, matching = assign(called, posteriors, named, genotype(["d0"] * 80, called.index))
        assert matching.genotype == {"S1": "d0", "S2": "d0"}
        assert frame["sample"].value_counts().to_dict() == {"S1": 40, "S2": 40}
        assert matching.swapped == []


@pytest.mark.parametrize("value", ["5", "-0.1", "high"])
def test_a_probability_outside_0_and_1_is_refused_with_its_row(value):
    with pytest.raises(UserError, match=f"x, row 3, column 'prob_max': '{value}' is not a probability"):
        parse(table(f"cell donor_id prob_max\nA d0 0.9\nB d1 {value}"), where="x")
