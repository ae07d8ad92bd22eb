"""Tasks of two libraries and two contrasts, with values by hand."""

import pandas as pd
import pytest

from sscite.plan.tasks import in_order, plan_tasks, waits

GROUPS = {"library": ["L1", "L2"], "contrast": ["a", "b"], "cohort": ["cohort"]}
# L1: 1,000 cells, 2 million values, with its raw counts 5,000 and 3 million
SIZES = pd.DataFrame(
    {"cells": [1000, 3000], "values": [2e6, 4e6], "file_cells": [5000, 3000], "file_values": [3e6, 4e6]},
    index=["L1", "L2"],
)


def needs(per, size, memory, cpu, after=(), **more):
    return {
        "per": per, "size": size, "after": list(after), "cores": 1, "cores_used": 1.0, "memory_mb": memory,
        "cpu_s": cpu, "work_mb": [1, 0, 0], "results_mb": [0, 0, 0.5], **more,
    }  # fmt: skip


TABLE = {
    "kept": 0.5,
    "processes": {
        "TEST": needs("contrast", "cohort", [50, 0, 0], [7, 0, 0], ["MERGE"], also=["markers"]),
        "STACK": needs("cohort", "largest", [100, 10, 1], [5, 1, 0], ["LABEL"]),
        "MERGE": needs("cohort", "cohort", [100, 10, 1], [5, 1, 0], ["STACK"], cores=2, cores_used=1.5),
        "LOAD": needs("library", "files", [10, 1, 2], [1, 0, 1]),
        "LABEL": needs("library", "library", [10, 1, 2], [1, 1, 0], ["LOAD"]),
    },
}


@pytest.fixture(scope="module")
def tasks() -> pd.DataFrame:
    return plan_tasks(SIZES, GROUPS, TABLE)


def test_processes_follow_what_they_read():
    assert in_order(TABLE["processes"]) == ["LOAD", "LABEL", "STACK", "MERGE", "TEST"]


def test_a_task_for_each_library_or_contrast_and_those_of_a_name(tasks):
    named = {process: list(group["name"]) for process, group in tasks.groupby("process")}
    assert named == {
        "LOAD": ["L1", "L2"], "LABEL": ["L1", "L2"], "STACK": ["cohort"], "MERGE": ["cohort"],
        "TEST": ["a", "b", "markers"],
    }  # fmt: skip


def test_a_library_needs_memory_by_its_own_cells_and_values(tasks):
    memory = tasks.set_index(["process", "name"])["memory_mb"]
    assert memory["LOAD", "L1"] == 10 + 1 * 5 + 2 * 3
    assert memory["LABEL", "L1"] == 10 + 1 * 1 + 2 * 2
    assert memory["LABEL", "L2"] == 10 + 1 * 3 + 2 * 4


def test_libraries_that_are_read_one_at_a_time_need_the_memory_of_the_largest(tasks):
    assert tasks.set_index("process")["memory_mb"]["STACK"] == 100 + 10 * 3 + 1 * 4


def test_the_cohort_holds_the_share_of_cells_that_is_kept(tasks):
    merge = tasks[tasks["process"] == "MERGE"].iloc[0]
    assert merge["memory_mb"] == 100 + 10 * 2 + 1 * 3
    assert merge["cpu_s"] == 5 + 1 * 2
    assert merge["seconds"] == pytest.approx(7 / 1.5 + 1)
    assert merge["results_mb"] == 0.5 * 3


def test_tasks_of_a_library_wait_for_their_own_and_those_of_the_cohort_for_all(tasks):
    assert waits(tasks, TABLE["processes"]) == [[], [], [0], [1], [2, 3], [4], [5], [5], [5]]


def test_processes_in_a_circle_are_a_mistake_of_the_table():
    with pytest.raises(ValueError, match="wait for one another"):
        in_order({"A": {"after": ["B"]}, "B": {"after": ["A"]}})
