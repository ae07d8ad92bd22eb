"""All text in figures is literal, and constant or absent values have bins."""

import numpy as np
import pytest

from sscite import figures


def test_a_dollar_in_a_name_is_drawn_as_it_is(tmp_path):
    figure, axes = figures.new(4, 3)
    axes.bar(["$a_b$", "cost $5", "\\frac{1}{2} $", "$\\unknown$"], [1, 10, 100, 1000])
    axes.set_yscale("log")
    axes.set_title("$\\nothing{ of $x")
    figures.save(figure, tmp_path / "f")
    drawn = (tmp_path / "f.svg").read_text(encoding="utf-8")
    for text in ("$a_b$", "cost $5", "$\\nothing{ of $x", ">100<", ">1,000<"):
        assert text in drawn


@pytest.mark.parametrize("values", [[], [np.nan], [5, 5, 5], [0, 0], [1e-9], [1e12, 1e12], [0.1, 0.1 + 1e-17]])
@pytest.mark.parametrize("log", [False, True])
def test_edges_rise_for_any_values(values, log):
    edges = figures.edges(values, 10, log=log)
    assert len(edges) == 11
    assert (np.diff(edges) > 0).all()
