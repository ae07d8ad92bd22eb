"""The RO-Crate says what ran, with which values, on which files."""

from __future__ import annotations

from unit.report.facts import cohort, fact, table
from unit.report.test_gather import arrange

from sscite.report import crate


def entities() -> dict[str, dict]:
    read = fact("samples_inspect", "cohort", tables=[table("files", ["file", "sha256"], ["L1.h5", "ab12"])])
    content = arrange([*cohort(), read], settings={"seed": 7}, defaults={"seed": 0}, run={"nextflow": "25.04.4"})
    return {entity["@id"]: entity for entity in crate.metadata(content)["@graph"]}


def test_the_run_is_an_action_of_the_workflow_on_values_and_files():
    found = entities()
    action = found["#run"]
    assert action["@type"] == "CreateAction"
    assert action["instrument"] == {"@id": "run/main.nf"}
    assert {"@id": "#value-seed"} in action["object"]
    assert {"@id": "report.html"} in action["result"]
    assert found["#value-seed"]["value"] == "7"
    assert found["#value-seed"]["exampleOfWork"] == {"@id": "#parameter-seed"}
    assert found["#input-0"]["sha256"] == "ab12"


def test_every_reference_names_an_entity_of_the_crate():
    found = entities()
    references = [
        item["@id"]
        for entity in found.values()
        for value in entity.values()
        for item in (value if isinstance(value, list) else [value])
        if isinstance(item, dict) and set(item) == {"@id"}
    ]
    assert {name for name in references if not name.startswith("http")} <= set(found)


def test_the_crate_follows_the_workflow_run_profile():
    root = entities()["./"]
    assert {"@id": "https://w3id.org/ro/wfrun/workflow/0.5"} in root["conformsTo"]
    assert root["mainEntity"] == {"@id": "run/main.nf"}
