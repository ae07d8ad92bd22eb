"""The layout holds together: a step's process, module, script, science and test are found by its name."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from conftest import ROOT

from sscite.report.gather import ROOMS, STEPS

MODULES = sorted(path for path in ROOT.glob("modules/*/*.nf") if path.name != "main.nf")
SCRIPTS = sorted(ROOT.glob("bin/*.py"))
STEP_SCRIPTS = [path for path in SCRIPTS if path.stem.split("_")[0] in {"cohort", "demux", "subsets", "compare"}]
SOURCES = sorted(ROOT.glob("src/sscite/**/*.py"))


def step_of(module: Path) -> str:
    return f"{module.parent.name}_{module.stem}"


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_process_is_named_after_its_file_and_calls_its_script(module: Path):
    text = module.read_text(encoding="utf-8")
    step = step_of(module)
    assert re.findall(r"^process (\w+)", text, flags=re.MULTILINE) == [step.upper()]
    assert f"{step}.py" in text
    assert (ROOT / "bin" / f"{step}.py").is_file()
    code = ROOT / "src" / "sscite" / module.parent.name / module.stem
    assert code.with_suffix(".py").is_file() or (code / "__init__.py").is_file()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_process_has_a_stub_and_hides_no_container_or_publishing(module: Path):
    text = module.read_text(encoding="utf-8")
    assert re.search(r"^    stub:", text, flags=re.MULTILINE)
    assert not re.search(r"^\s*(container|publishDir|memory|cpus|time)\b", text, flags=re.MULTILINE)
    assert re.search(r"^    label '(tiny|small|medium|large)'", text, flags=re.MULTILINE)


@pytest.mark.parametrize("script", STEP_SCRIPTS, ids=name)
def test_a_script_calls_run_of_the_code_of_its_name(script: Path):
    room, step = script.stem.split("_", 1)
    text = script.read_text(encoding="utf-8")
    assert re.search(rf"from sscite\.{room}\.{step}(\.run)? import run$", text, flags=re.MULTILINE)
    assert len(re.findall(r"^    run\(", text, flags=re.MULTILINE)) == 1


def resources() -> dict[str, dict]:
    return json.loads((ROOT / "assets" / "resources.json").read_text(encoding="utf-8"))["processes"]


def test_what_a_run_takes_is_known_of_every_process_but_that_of_a_reference():
    """bin/plan_run.py counts a task for each library, contrast or cohort, as the tag of the process says."""
    per = {"${meta.id}": "library", "${contrast_id}": "contrast"}
    tags = {
        step_of(path).upper(): next((per[tag] for tag in per if f'tag "{tag}"' in path.read_text("utf-8")), "cohort")
        for path in MODULES
    }
    assert {process: needs["per"] for process, needs in resources().items()} | {"COHORT_MAP": "cohort"} == tags
    assert {other for needs in resources().values() for other in needs["after"]} <= set(tags)


def test_a_process_asks_by_its_input_where_that_was_measured():
    measured = {process for process, needs in resources().items() if "bytes_per_value" in needs}
    asking = {step_of(path).upper() for path in MODULES if " needs(task.process" in path.read_text(encoding="utf-8")}
    selector = re.search(r"withName: '(SAMPLES_\(CHECK.*)' \{", (ROOT / "conf" / "base.config").read_text())
    assert selector
    assert measured == asking == {step for path in MODULES if re.fullmatch(selector[1], step := step_of(path).upper())}


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_command_takes_further_options_and_spells_options_with_hyphens(module: Path):
    script = re.search(
        r'^    script:\n.*?"""\n(.*?)"""', module.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    assert script
    assert script[1].rstrip().endswith("${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}")
    assert not re.search(r"--[a-z]+_", script[1])


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_script_with_a_species_gets_that_of_the_run(module: Path):
    script = (ROOT / "bin" / f"{step_of(module)}.py").read_text(encoding="utf-8")
    assert ("command.Species" in script) == ('--species "${params.species}"' in module.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_step_but_the_report_gives_its_facts_to_the_report(module: Path):
    has_topic = "topic: 'facts'" in module.read_text(encoding="utf-8")
    assert has_topic == (module.parent.name != "report")


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_step_has_unit_tests_and_an_nf_test(module: Path):
    room = module.parent.name
    assert (ROOT / "tests" / "unit" / room / f"test_{module.stem}.py").is_file()
    assert (module.parent / "tests" / f"{module.stem}.nf.test").is_file()


def test_the_report_knows_every_step_and_no_other():
    steps = {step_of(module) for module in MODULES if module.parent.name != "report"}
    assert steps == set(STEPS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_its_words_and_its_method(room: str):
    assert (ROOT / "src" / "sscite" / "report" / "words" / f"{room}.yaml").is_file()
    assert (ROOT / "docs" / "methods" / f"{room}.md").is_file()


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_script_is_thin_and_executable(script: Path):
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env python3\n")
    assert script.stat().st_mode & 0o111
    assert len(text.splitlines()) <= 120
    top = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    heavy = {"scanpy", "anndata", "muon", "mudata", "celltypist", "pertpy", "pydeseq2", "matplotlib"}
    imported = {alias.name.split(".")[0] for node in top if isinstance(node, ast.Import) for alias in node.names}
    imported |= {(node.module or "").split(".")[0] for node in top if isinstance(node, ast.ImportFrom)}
    assert not imported & heavy


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_a_module_is_short(source: Path):
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 300


def test_main_is_the_story():
    assert len((ROOT / "main.nf").read_text(encoding="utf-8").splitlines()) <= 100


def imported(path: Path) -> set[str]:
    """Return the modules of the package that a script loads in the end, imports within functions among them."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            names = [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
            for name in {*names, *(name.rpartition(".")[0] for name in names)} - found:
                place = ROOT / "src" / Path(*name.split("."))
                files = [file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()]
                if name.startswith("sscite") and files:
                    found.add(name)
                    waiting += files
    return found


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_task_loads_no_code_of_a_later_room(module: Path):
    """The digest of the code in conf/local.config, which -resume depends on, is of the rooms up to the task's own."""
    rooms = [*ROOMS, "report"]
    later = {*rooms[rooms.index(module.parent.name) + 1 :], "simulate", "plan"}
    loaded = {name for name in imported(ROOT / "bin" / f"{step_of(module)}.py") if name.count(".")}
    loaded = {name for name in loaded if not name.startswith("sscite.subsets.definitions") and name != "sscite.subsets"}
    assert not {name for name in loaded if name.split(".")[1] in later}
