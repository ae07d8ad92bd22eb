"""report_gather.py and report_render.py end as scripts should."""

from __future__ import annotations

import json
from pathlib import Path

from unit.report.facts import fact


def test_facts_become_a_report(script, tmp_path: Path):
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "L1.samples_load.json").write_text(json.dumps(fact("samples_load", "L1", summary="all well")))
    assert script("report_gather.py", "--facts", "facts").returncode == 0
    assert script("report_render.py", "--content", "report.json").returncode == 0
    assert "all well" in (tmp_path / "report.html").read_text()


def test_a_file_that_is_no_facts_file_is_named(script, tmp_path: Path):
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "broken.json").write_text("{")
    result = script("report_gather.py", "--facts", "facts")
    assert result.returncode == 2
    assert "broken.json" in result.stderr
    assert "Traceback" not in result.stderr


def test_content_of_the_report_that_is_not_json_is_named(script, tmp_path: Path):
    (tmp_path / "report.json").write_text("{")
    result = script("report_render.py", "--content", "report.json")
    assert result.returncode == 2
    assert "report.json: cannot be read as the report.json of report_gather.py (it is not JSON)" in result.stderr
