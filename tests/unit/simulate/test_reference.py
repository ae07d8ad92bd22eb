"""The labelled reference."""

from sscite import simulate
from sscite.simulate import reference


def test_every_label_has_cells_and_no_two_cells_are_mixed():
    counts, labels, genes = reference.cells(per_subset=8, genes=600, seed=11)
    assert counts.shape == (len(labels), len(genes)) == (8 * len(simulate.subsets()), 600)
    assert set(labels) == set(simulate.subsets()["label"])
