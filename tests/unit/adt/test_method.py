"""One method for the cohort."""

from __future__ import annotations

import pandas as pd
import pytest

from sscite.adt.method import choose, mixed
from sscite.errors import UserError


def libraries(**empties: int) -> pd.DataFrame:
    rows = [(name, 0 if n < 0 else 30, max(n, 0)) for name, n in empties.items()]
    return pd.DataFrame(rows, columns=["library_id", "proteins", "empties"])


def test_dsb_where_every_library_has_empty_droplets():
    assert choose(libraries(a=100, b=5000), "auto")["method"].tolist() == ["dsb", "dsb"]


def test_one_library_without_empty_droplets_decides_for_all_and_is_named():
    chosen = choose(libraries(a=99, b=5000), "auto")
    assert chosen["method"].tolist() == ["clr_protein", "clr_protein"]
    assert "in a;" in chosen["reason"][1]


def test_a_library_without_antibodies_gets_none_and_decides_nothing():
    assert choose(libraries(a=-1, b=5000), "auto")["method"].tolist() == ["", "dsb"]


def test_each_library_its_own_only_when_asked_for():
    chosen = choose(libraries(a=0, b=5000), "per_library")
    assert chosen["method"].tolist() == ["clr_protein", "dsb"]
    assert mixed(chosen)


def test_a_method_that_is_asked_for_is_taken():
    assert choose(libraries(a=0, b=5000), "clr_cell")["method"].tolist() == ["clr_cell", "clr_cell"]


def test_dsb_asked_for_without_empty_droplets_names_every_such_library():
    with pytest.raises(UserError) as caught:
        choose(libraries(a=0, b=5000, c=99), "dsb")
    assert [problem.split("'")[1] for problem in caught.value.problems] == ["a", "c"]


def test_an_unknown_method_is_refused_with_the_allowed_ones():
    with pytest.raises(UserError, match="choose one of auto, per_library, dsb"):
        choose(libraries(a=0), "DSB")
