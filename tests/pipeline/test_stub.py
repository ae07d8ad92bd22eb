"""The whole graph runs on empty files in seconds, and parameters are checked before any task."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pipeline.conftest import nextflow

pytestmark = pytest.mark.pipeline

SHEET = "library,sample,donor,tissue,counts\nL1,S1,D1,blood,counts.h5\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    (tmp_path / "counts.h5").touch()
    path = tmp_path / "samplesheet.csv"
    path.write_text(SHEET)
    return path


@pytest.mark.parametrize(("ambient_rna", "parser"), [("flag", "v1"), ("correct", "v2")])
def test_the_whole_graph_runs_on_stubs(
    sheet: Path, tmp_path: Path, ambient_rna: str, parser: str, monkeypatch: pytest.MonkeyPatch
):
    """With Nextflow's present parser, and with the stricter one that replaces it."""
    monkeypatch.setenv("NXF_SYNTAX_PARSER", parser)
    options = ["--outdir", "out", "--ambient_rna", ambient_rna, "--publish_dir_mode", "link"]
    run = nextflow("-stub-run", "-profile", "stub,local", "--input", sheet, *options, folder=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    files = {"trace.txt", "timeline.html", "execution.html", "dag.mmd"}
    assert files <= {path.name for path in (tmp_path / "out" / "run").iterdir()}
    assert not (tmp_path / "results").exists()
    assert (tmp_path / "out" / "report.html").stat().st_nlink == 2


def test_a_task_requests_memory_by_the_size_of_its_input(sheet: Path, tmp_path: Path):
    """100 MB of counts hold some 70 million values, of which SAMPLES_LOAD takes about 13 bytes each.

    The other files of a stub run are empty: at least 1 GB is requested, more where a step without cells takes more.
    """
    with (tmp_path / "counts.h5").open("wb") as file:
        file.truncate(100_000_000)
    nextflow("-stub-run", "-profile", "stub,local", "--input", sheet, "--outdir", "out", folder=tmp_path)
    scripts = [path.read_text() for path in tmp_path.glob("work/*/*/.command.run")]
    requested = {
        name: int(re.findall(r"SSCITE_MEMORY_MB=(\d+)", text)[0])
        for text in scripts
        for name in re.findall(r"name: '(?:\w+:)?(\w+)", text)[:1]
    }
    assert 1500 < requested["SAMPLES_LOAD"] < 4000
    assert requested["SAMPLES_DOUBLETS"] == 1000
    assert requested["COHORT_MERGE"] == 1000


def test_a_misspelt_parameter_is_refused_with_the_nearest_name(sheet: Path, tmp_path: Path):
    run = nextflow("-stub-run", "-profile", "stub,local", "--input", sheet, "--resolutoin", 2, folder=tmp_path)
    assert run.returncode == 2
    assert "unknown parameter --resolutoin; did you mean --resolution" in run.stdout
    assert "Submitted process" not in run.stdout


def test_all_wrong_values_are_told_at_once(sheet: Path, tmp_path: Path):
    options = ["--adt_method", "dbs", "--seed", "x", "--min_donors", 1, "--reference_tissue", "it's"]
    run = nextflow("-stub-run", "-profile", "stub,local", "--input", sheet, *options, folder=tmp_path)
    assert run.returncode == 2
    for words in (
        "choose one of auto, per_library, dsb",
        "--seed is 'x'",
        "--min_donors is 1: at least 2",
        "quotes, backslashes",
    ):
        assert words in run.stdout


def test_help_lists_the_parameters_by_group(tmp_path: Path):
    run = nextflow("--help", folder=tmp_path)
    assert run.returncode == 0
    assert run.stdout.index("Demux: hashtags") < run.stdout.index("--demux_method") < run.stdout.index("ADT: surface")
