"""Numbers are written in one way everywhere."""

from __future__ import annotations

import pytest

from sscite import text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"), (float("nan"), "–"), (True, "yes"), (1920, "1,920"), (3465.5, "3,466"), (0, "0"), (3.0, "3"),
        (0.0183, "0.0183"), (4.125, "4.12"), (12.34, "12.3"), (123.4, "123"), (-0.5, "−0.500"),
        (2.13e-48, "2.1 × 10⁻⁴⁸"), ("CD16", "CD16"),
    ],
)  # fmt: skip
def test_a_number_has_one_form(value: object, written: str):
    assert text.number(value) == written


@pytest.mark.parametrize(
    ("fraction", "written"),
    [(0.05, "5.0%"), (0.0262, "2.6%"), (0.47, "47%"), (1.0, "100%"), (0.999, "99.9%"), (0, "0%"), (1e-6, "<0.01%")],
)
def test_a_percentage_has_no_space(fraction: float, written: str):
    assert text.percent(fraction) == written


def test_a_p_value_that_underflows_is_not_zero():
    assert text.p_value(0.0) == "p < 10⁻³⁰⁰"
    assert text.p_value(0.0178) == "p = 0.018"
    assert text.p_value(None) == "p not available"


@pytest.mark.parametrize(("count", "written"), [(1, "1 library"), (2, "2 libraries"), (0, "0 libraries")])
def test_one_thing_is_not_written_as_several(count: int, written: str):
    assert text.plural(count, "library", "libraries") == written


def test_a_list_ends_with_and():
    assert text.listing([]) == ""
    assert text.listing(["a"]) == "a"
    assert text.listing(["a", "b", "c"]) == "a, b and c"
    assert text.listing(list("abcdefg"), most=3) == "a, b and 5 more"
