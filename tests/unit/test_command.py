"""The three ends of a script, and what its facts say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sscite import command
from sscite.errors import Reason, Skipped, UserError
from sscite.findings import Concern, Finding, Kind


def test_a_users_error_ends_with_every_problem_and_exit_2(capsys: pytest.CaptureFixture[str]):
    def main() -> None:
        raise UserError(["row 2: no donor", "row 5: no tissue"])

    with pytest.raises(SystemExit) as end:
        command.run(main, [])
    assert end.value.code == 2
    assert capsys.readouterr().err == "error: row 2: no donor\nerror: row 5: no tissue\n"


def test_a_bug_keeps_its_traceback():
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command.run(main, [])


@pytest.mark.parametrize("identifier", ["../x", "a/b", "", "a\x00"])
def test_an_identifier_that_is_a_path_ends_with_exit_2(capsys: pytest.CaptureFixture[str], identifier: str):
    def main(id: command.Id) -> None: ...

    with pytest.raises(SystemExit) as end:
        command.run(main, ["--id", identifier])
    assert end.value.code == 2
    assert "cannot be a path; give a name such as" in capsys.readouterr().err


def test_a_step_on_a_lineage_with_a_slash_in_its_name_writes_its_facts(tmp_path: Path):
    with command.step("compare_trajectory", "kidney_monocyte/DC", folder=tmp_path):
        pass
    written = json.loads((tmp_path / "kidney_monocyte_DC.compare_trajectory.json").read_text())
    assert written["id"] == "kidney_monocyte/DC"


def test_an_unknown_option_ends_with_exit_2():
    def main() -> None: ...

    with pytest.raises(SystemExit) as end:
        command.run(main, ["--no-such-option"])
    assert end.value.code == 2


def test_a_skip_is_written_with_its_reason(tmp_path: Path):
    with command.step("adt_normalize", "L1", seed=3, folder=tmp_path):
        raise Skipped(Reason.NO_ANTIBODIES, "0 features")
    facts = json.loads((tmp_path / "L1.adt_normalize.json").read_text())
    assert (facts["status"], facts["reason"], facts["seed"]) == ("skipped", "no_antibodies", 3)
    assert "0 features" in facts["detail"]


def test_numbers_and_tables_become_plain_json(tmp_path: Path):
    with command.step("demux_call", "L1", folder=tmp_path) as facts:
        facts.number(cells=np.int64(5), rate=np.float32("nan"), ok=np.bool_(True))
        facts.table("t", pd.DataFrame({"a": [1.5, np.inf], "b": ["x", None]}), "T")
    content = json.loads((tmp_path / "L1.demux_call.json").read_text())
    assert content["numbers"] == {"cells": 5, "rate": None, "ok": True}
    assert content["tables"][0]["records"] == [[1.5, "x"], [None, None]]


def test_a_skipped_step_leaves_its_tables_with_a_header(tmp_path: Path):
    (tmp_path / "written.csv").write_text("a\n1\n")
    empty = {Path("L1/new.csv"): ["a", "b"], Path("written.csv"): ["a"]}
    with command.step("demux_call", "L1", folder=tmp_path, empty=empty):
        raise Skipped(Reason.NO_HASHTAGS)
    assert (tmp_path / "L1" / "new.csv").read_text() == "a,b\n"
    assert (tmp_path / "written.csv").read_text() == "a\n1\n"


def test_a_finding_is_written_with_its_concerns_by_name(tmp_path: Path):
    found = Finding(
        Kind.COMPOSITION,
        "CD14_EGR1",
        "SRC against SSc without SRC",
        p=float(np.float64(0.018)),
        concerns=[Concern.STRESS],
    )
    with command.step("compare_composition", "SRC", folder=tmp_path) as facts:
        facts.finding(found)
    [record] = json.loads((tmp_path / "SRC.compare_composition.json").read_text())["findings"]
    assert (record["kind"], record["feature"], record["p"]) == ("composition", "CD14_EGR1", 0.018)
    assert record["concerns"] == ["stress"]
    assert record["effect"] is None


def test_a_failed_step_leaves_no_facts(tmp_path: Path):
    with pytest.raises(UserError), command.step("demux_call", "L1", folder=tmp_path):
        raise UserError("bad")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("identifier", "stem"),
    [("L1", "L1"), ("a b;$(c)", "a_b_c"), ("../x", "x"), ("Ödem", "dem"), ("***", "unnamed"), ("007", "007")],
)
def test_any_identifier_becomes_a_file_name(identifier: str, stem: str):
    assert command.file_stem(identifier) == stem


def test_a_task_tells_what_it_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSCITE_MEMORY_MB", "2048")
    monkeypatch.setenv("SSCITE_ATTEMPT", "2")
    with command.step("demux_call", "L1", folder=tmp_path):
        pass
    assert json.loads((tmp_path / "L1.demux_call.json").read_text())["task"] == {"memory_mb": 2048, "attempt": 2}
