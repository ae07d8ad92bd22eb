"""Tooltips of the report's tables are the descriptions of docs/columns.md."""

import pytest

from sscite.report import columns, render

PAGE = """# Columns

## Words used in many tables

| column | meaning |
|---|---|
| `p_value` | p value |

## design.csv

| column | meaning |
|---|---|
| `p_value` | Fisher's exact test |
| `low high` | limits, see [methods](methods.md) |

## identity.csv

| column | meaning |
|---|---|
| `doubt` | why |

## stage.csv

| column | meaning |
|---|---|
| `doubt` | another |

## Tables of the report alone

| column | meaning |
|---|---|
| `doubt` | in the report |
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "columns.md"
    path.write_text(PAGE)
    monkeypatch.setattr(columns, "PAGE", path)
    columns.sections.cache_clear()
    yield
    columns.sections.cache_clear()


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize(
    ("step", "p_value", "doubt"),
    [("compare_design", "Fisher's exact test", "in the report"), ("compare_stage", "p value", "another")],
)
def test_the_table_of_the_step_goes_before_words_of_many_tables(step: str, p_value: str, doubt: str):
    found = columns.tips(step, "any", ["p_value", "low", "doubt", "age"])
    assert found == {"p_value": p_value, "low": "low, high: limits, see methods", "doubt": doubt}


@pytest.mark.usefixtures("page")
def test_a_heading_of_a_table_shows_the_description_of_the_page():
    template = '{% import "macros.html.j2" as page %}{{ page.table(["p_value"], [[0.5]], "Tests", tips=tips) }}'
    tips = columns.tips("compare_design", "any", ["p_value"])
    assert 'title="Fisher&#39;s exact test"' in render._environment().from_string(template).render(tips=tips)
