"""What the simulated states express."""

import numpy as np
import pytest
import yaml

from sscite import simulate
from sscite.simulate import profiles


def test_every_subset_that_the_pipeline_seeks_is_simulated(root):
    asked = yaml.safe_load((root / "assets" / "subsets.yaml").read_text(encoding="utf-8"))["lineages"]
    known = simulate.subsets()
    for lineage, part in asked.items():
        assert set(part["subsets"]) <= set(known.index[known["lineage"] == lineage])


def test_markers_are_highest_in_their_subset_among_its_lineage():
    book, table = profiles.build(2000), simulate.subsets()
    of = {name: book.rates[book.rows(name), book.genes.get_loc("EGR1")] for name in table.index}
    monocytes = table.index[table["lineage"] == "monocyte/DC"]
    assert max(monocytes, key=lambda name: of[name]) == "CD14_EGR1"
    assert of["CD14_EGR1"] > 5 * of["CD14_VCAN"]


def test_rates_are_shares_without_mitochondrial_genes():
    book = profiles.build(1000)
    assert book.rates.shape == (len(simulate.subsets()), 1000)
    assert np.allclose(book.rates.sum(axis=1), 1)
    assert book.mitochondrial.sum() == pytest.approx(1)
    assert (book.rates[:, book.genes.str.startswith("MT-")] == 0).all()
    assert (book.size > 0).all()


def test_shares_of_a_tissue_sum_to_about_a_hundred():
    assert np.allclose(simulate.subsets()[["blood", "kidney", "lung"]].sum(), 100, atol=2)


def test_too_few_genes_are_refused_by_number():
    with pytest.raises(ValueError, match="at least"):
        profiles.build(200)
