"""The report is one HTML file that says everything it was given, and nothing as code."""

from __future__ import annotations

import pytest
from unit.report.test_gather import arrange, fact

from sscite.report.render import number, render


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "–"), (1234567, "1\u202f234\u202f567"), (0.04567, "0.04567"), (1e-5, "1e-05"), (True, "yes"), (3.0, "3")],
)
def test_numbers_are_written_as_a_person_would(value: object, written: str):
    assert number(value) == written


def test_names_from_the_users_files_are_escaped():
    html = render(arrange([fact("samples_load", "<script>alert(1)</script>")]))
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_missing_figure_is_said():
    figure = {"name": "f", "file": "lost.png", "title": "t", "caption": ""}
    assert "lost.png did not arrive" in render(arrange([fact("demux_call", "L1", figures=[figure])]))


def test_the_report_needs_no_network():
    html = render(arrange([fact("samples_load", "L1")]))
    assert "http://" not in html
    assert "https://" not in html


def test_a_table_longer_than_the_report_says_so():
    table = {"name": "t", "title": "T", "caption": "", "columns": ["a"], "rows": 201, "records": [[1]] * 200}
    assert "first 200 of 201 rows" in render(arrange([fact("samples_load", "L1", tables=[table])]))
