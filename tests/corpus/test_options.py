"""Every script ends in exit 2 with one message for files that do not exist, values of another type, unknown options."""

from __future__ import annotations

import importlib.util
import inspect
import typing
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from typer.models import ArgumentInfo
from typer.testing import CliRunner

from sscite import command
from sscite.errors import UserError

SCRIPTS = sorted(ROOT.glob("bin/*.py"))
MISSING = "no_such_folder/no_such_file.h5"
ALSO = {"demux_call": ["--id", "L1"]}  # options that a script needs though none of them alone is required


def main_of(script: Path) -> Callable[..., None]:
    spec = importlib.util.spec_from_file_location(f"bin_{script.stem}", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def options(main: Callable[..., None]) -> dict[str, tuple[type, bool]]:
    """Return of each option its type (the first of a union, the item of a list) and whether it is required."""
    found = {}
    for name, parameter in inspect.signature(main).parameters.items():
        hint = typing.get_type_hints(main, include_extras=True)[name]
        kind, declared = typing.get_args(hint)[:2] if typing.get_origin(hint) is typing.Annotated else (hint, None)
        kinds = [part for part in typing.get_args(kind) if part is not type(None)]
        label = f"--{name.replace('_', '-')}" if not isinstance(declared, ArgumentInfo) else f"argument {name}"
        found[label] = (kinds[0] if kinds else kind, parameter.default is parameter.empty)
    return found


def required(main: Callable[..., None]) -> list[str]:
    """Return values for all required options: files that do not exist, and values of the right type."""
    value = {Path: MISSING, int: "1", float: "1", bool: ""}
    needed = {name: value.get(kind, "x") for name, (kind, needed) in options(main).items() if needed}
    named = [part for name, given in needed.items() if name.startswith("--") for part in (name, given)]
    return [*named, *(given for name, given in needed.items() if not name.startswith("--"))]


def result(main: Callable[..., None], arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    return CliRunner().invoke(command.application(main), arguments)


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if "simulate" not in path.stem], ids=lambda path: path.stem
)
def test_files_that_do_not_exist_are_refused(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    main = main_of(script)
    if not any(kind is Path and needed for kind, needed in options(main).values()):
        pytest.skip("no file is required")
    ended = result(main, [*required(main), *ALSO.get(script.stem, [])], tmp_path, monkeypatch)
    if isinstance(ended.exception, UserError):
        assert all(problem and "Traceback" not in problem for problem in ended.exception.problems)
        assert any("no_such" in problem for problem in ended.exception.problems)
    else:
        assert ended.exit_code == 2, ended.exception
        assert "no_such" in ended.output


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_unknown_option_is_refused(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    main = main_of(script)
    ended = result(main, ["--no-such-option", "1", *required(main)], tmp_path, monkeypatch)
    assert ended.exit_code == 2
    assert "No such option" in ended.output


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_word_for_a_number_is_refused(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    main = main_of(script)
    numbers = [name for name, (kind, _) in options(main).items() if kind in (int, float)]
    if not numbers:
        pytest.skip("no option is a number")
    ended = result(main, [numbers[0], "many", *required(main)], tmp_path, monkeypatch)
    assert ended.exit_code == 2
    assert numbers[0] in ended.output or numbers[0].replace("-", "_") in ended.output
