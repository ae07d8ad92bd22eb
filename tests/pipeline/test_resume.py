"""What -resume repeats after an edit of each kind of input, counted on stubs whose files depend on what a task read.

The counts stand in docs/platforms.md ("What a change repeats").
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT
from pipeline.conftest import NEXTFLOW, nextflow

pytestmark = pytest.mark.pipeline

SHEET = "library,sample,donor,tissue,counts,group\n" + "".join(
    f"L{n},S{n},D{n},blood,{n}.h5,{group}\n" for n, group in ((1, "a"), (2, "a"), (3, "b"), (4, "b"))
)
CONTRASTS = "contrast,variable,reference,target\nb against a,group,a,b\n"
REPORT = {"REPORT_GATHER", "REPORT_RENDER"}
BIOMARKERS = {"BIOMARKERS_PANEL", "BIOMARKERS_DONORS"}
# the questions that are a task for each contrast
EACH = {f"COMPARE_{question}" for question in ("COMPOSITION", "CALIBRATION", "ABUNDANCE", "EXPRESSION", "ENRICHMENT")}
OF_A_LIBRARY = {
    "SAMPLES_CHECK", "SAMPLES_LOAD", "SAMPLES_AMBIENT", "SAMPLES_DOUBLETS", "DEMUX_CALL", "DEMUX_GENOTYPES",
    "ADT_NORMALIZE", "ANNOTATE_CELLTYPIST", "ANNOTATE_PROTEIN",
}  # fmt: skip


class Cohort:
    """A stub run that is edited and resumed; each edit starts from the run before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for number in range(1, 6):
            (folder / f"{number}.h5").write_text(str(number))
        shutil.copy(ROOT / "assets" / "subsets.yaml", folder)
        self.write("samplesheet.csv", SHEET)
        self.write("contrasts.csv", CONTRASTS)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def tasks(self) -> Counter[str]:
        """Run with -resume; give the number of tasks that ran by process."""
        run = nextflow(
            "-stub-run", "-profile", "stub,local", "-resume", "--outdir", "out", "--input", "samplesheet.csv",
            "--contrasts", "contrasts.csv", "--subsets", "subsets.yaml", folder=self.folder,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        return Counter(re.findall(r"Submitted process > (?:\w+:)?(\w+)", run.stdout))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    cohort = Cohort(tmp_path_factory.mktemp("resume"))
    assert cohort.tasks().total() > 50
    return cohort


def test_comments_and_layout_repeat_the_validation_and_the_report_alone(cohort: Cohort):
    cohort.edit("subsets.yaml", "lineages:", "# a comment\nlineages:")
    cohort.edit("contrasts.csv", "b against a,group,a,b", "b against a,group, a ,b ")
    cohort.edit("samplesheet.csv", "library,", "# a comment\nlibrary,")
    assert set(cohort.tasks()) == {"SAMPLES_VALIDATE", "SAMPLES_INSPECT", *REPORT}


def test_a_contrast_runs_that_contrast_alone(cohort: Cohort):
    cohort.write("contrasts.csv", CONTRASTS + "a against b,group,b,a\n")
    tasks = cohort.tasks()
    assert set(tasks) == {"SAMPLES_VALIDATE", *EACH, "COMPARE_DESIGN", *BIOMARKERS, *REPORT}
    assert tasks.total() == 11


def test_a_question_repeats_what_answers_it(cohort: Cohort):
    cohort.edit("subsets.yaml", "receptor: CXCR3", "receptor: CCR5")
    tasks = cohort.tasks()
    answers = {"COMPARE_ENRICHMENT", "COMPARE_TRAJECTORY", "COMPARE_LIGAND_RECEPTOR", *BIOMARKERS}
    assert set(tasks) == {"SAMPLES_VALIDATE", *answers, *REPORT}


def test_a_marker_gene_repeats_from_the_subsets_on(cohort: Cohort):
    cohort.edit("subsets.yaml", "needs: [EGR1], up: [EGR1,", "needs: [EGR1], up: [EGR1, FOS,")
    tasks = cohort.tasks()
    assert {"SUBSETS_CLUSTER", "COMPARE_PSEUDOBULK", "COMPARE_ABUNDANCE"} <= set(tasks)
    assert not {name for name in tasks if name.startswith(("DEMUX", "ADT", "ANNOTATE", "COHORT"))}


def test_a_covariate_repeats_the_comparison_alone(cohort: Cohort):
    sheet = (cohort.folder / "samplesheet.csv").read_text().splitlines()
    values = ["age", "50", "60", "70", "80"]
    rows = [line for line in sheet if not line.startswith("#")]
    cohort.write("samplesheet.csv", "".join(f"{row},{value}\n" for row, value in zip(rows, values, strict=True)))
    before = {name for name in cohort.tasks() if not name.startswith(("COMPARE", "BIOMARKERS", "REPORT"))}
    assert before == {"SAMPLES_VALIDATE", "SUBSETS_COLLECT", "SUBSETS_EXPORT"}


def test_a_library_runs_its_own_tasks_and_those_of_the_cohort(cohort: Cohort):
    cohort.edit("samplesheet.csv", "L4,S4,D4,blood,4.h5,b,80\n", "L4,S4,D4,blood,4.h5,b,80\nL5,S5,D5,blood,5.h5,b,55\n")
    tasks = cohort.tasks()
    assert {name: tasks[name] for name in OF_A_LIBRARY} == dict.fromkeys(OF_A_LIBRARY, 1)
    assert tasks["COHORT_MERGE"] == 1


def test_changed_code_repeats_the_tasks_of_its_room_and_later_ones(tmp_path: Path):
    """In a copy of the pipeline whose package is edited; the run ends at a file of counts that cannot be read."""
    copy = tmp_path / "pipeline"
    copy.mkdir()
    for part in ("main.nf", "nextflow.config", "nextflow_schema.json", "modules", "conf", "bin", "assets", "src"):
        source = ROOT / part
        shutil.copytree(source, copy / part) if source.is_dir() else shutil.copy(source, copy / part)
    (tmp_path / "1.h5").write_text("no counts")
    (tmp_path / "samplesheet.csv").write_text("library,sample,donor,tissue,counts\nL1,S1,D1,blood,1.h5\n")

    def said() -> str:
        options = ["-profile", "local", "-resume", "--input", "samplesheet.csv", "--outdir", "out"]
        environment = os.environ | {"NXF_ANSI_LOG": "false"}
        command = [str(NEXTFLOW), "run", str(copy), *options]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment, timeout=600
        ).stdout

    assert "Submitted process > SAMPLES:SAMPLES_VALIDATE" in said()
    with (copy / "src" / "sscite" / "demux" / "em.py").open("a") as file:
        file.write("# changed\n")
    assert "Cached process > SAMPLES:SAMPLES_VALIDATE" in said()
    with (copy / "src" / "sscite" / "samples" / "text.py").open("a") as file:
        file.write("# changed\n")
    assert "Submitted process > SAMPLES:SAMPLES_VALIDATE" in said()
