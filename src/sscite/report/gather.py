"""Arrange the facts of all tasks in the order that the report tells them. Pure functions on plain dictionaries."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from sscite import __version__
from sscite.reading import read_json
from sscite.report import alerts, crate, grades, key_findings, methods, multiqc, provenance, sections
from sscite.report.study import contrast_names, study

ROOMS = {
    "samples": "Samples and quality",
    "demux": "Sample demultiplexing",
    "adt": "Surface protein",
    "annotate": "Cell types",
    "cohort": "Integrated cohort",
    "subsets": "Immune subsets",
    "compare": "Comparison of donors, groups and tissues",
    "biomarkers": "Biomarkers: gating panels and clinical variables",
}
# within a room, steps in the order they build on each other; a step not named here comes last
STEPS = [
    "samples_validate", "samples_check", "samples_inspect", "samples_load", "samples_ambient", "samples_doublets",
    "demux_call", "demux_genotypes", "adt_method", "adt_normalize",
    "annotate_model", "annotate_celltypist", "annotate_protein",
    "cohort_merge", "cohort_integrate", "cohort_map",
    "subsets_cluster", "subsets_signatures", "subsets_tissue", "subsets_collect", "subsets_export",
    "compare_pseudobulk", "compare_identity", "compare_design", "compare_composition", "compare_calibration",
    "compare_abundance", "compare_expression", "compare_enrichment", "compare_tissue_blood", "compare_trajectory",
    "compare_ligand_receptor", "compare_stage", "biomarkers_panel", "biomarkers_donors",
]  # fmt: skip

SCHEMA_VERSION = 1
Fact = dict[str, Any]


def run(
    facts: Path,
    *,
    settings: Path | None,
    schema: Path | None,
    workflow: Path | None,
    main: Path | None,
    output: Path,
) -> None:
    """Read the facts of all tasks; write report.json, multiqc/, run/ and ro-crate-metadata.json."""
    found = [read_fact(path) for path in sorted(facts.glob("*.json"))]
    parameters = read_setting(settings)
    content = arrange(
        found,
        words=read_words(),
        settings=parameters,
        defaults=defaults(read_setting(schema)),
        run=read_setting(workflow),
    )
    missing = [_named(item, contrast_names(found)) for item in alerts.unfinished(found)]
    content["unanswered"] = [*missing, *content["unanswered"]]
    for folder in ("multiqc", "run"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    write_json(output / "report.json", content)
    write_json(output / "run" / "parameters.json", parameters)
    write_json(output / "run" / "versions.json", content["provenance"]["versions"])
    for name, table in multiqc.content(found).items():
        write_json(output / "multiqc" / name, table)
    write_json(output / "ro-crate-metadata.json", crate.metadata(content))
    if main:
        (output / "run" / "main.nf").write_bytes(main.read_bytes())
    (output / "multiqc" / "multiqc_config.yml").write_text(multiqc.CONFIG, encoding="utf-8")


def arrange(
    facts: list[Fact],
    *,
    words: dict[str, dict[str, str]],
    settings: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
    run: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Arrange the facts of a run as the content of its report (`report.json`, see `report/schema`).

    Parameters
    ----------
    facts
        One dictionary per task, as `sscite.command.Facts` writes it.
    words
        Title and method of each step, in words.
    settings, defaults
        The run's parameters and their defaults.
    run
        What Nextflow knows of the run: its version, the command line, the container, ...
    """
    facts = sorted(facts, key=_position)
    names = contrast_names(facts)
    return {
        "schema_version": SCHEMA_VERSION,
        "sscite_version": __version__,
        "study": study(facts),
        "grades": {grade.value: definition for grade, definition in grades.DEFINITIONS.items()},
        "findings": key_findings.rows(facts),
        "negative": [_named(item, names) for item in alerts.negative(facts)],
        "unanswered": [_named(item, names) for item in alerts.unanswered(facts)],
        "warnings": [_named(item, names) for item in alerts.warnings(facts)],
        "rooms": sections.rooms(facts, words=words, titles=ROOMS, contrasts=names),
        "methods": methods.paragraphs(facts, settings or {}),
        "provenance": provenance.provenance(facts, settings=settings or {}, defaults=defaults or {}, run=run or {}),
    }


def _named(item: dict[str, Any], contrasts: dict[str, str]) -> dict[str, Any]:
    """Name contrasts as the user wrote them."""
    return {**item, "ids": [contrasts.get(name, name) for name in item["ids"]]}


def read_fact(path: Path) -> Fact:
    """Read the facts of a task."""
    return read_json(path, "the step summary of a task")


def read_setting(path: Path | None) -> dict[str, Any]:
    """Read a JSON file of Nextflow; nothing if there is none."""
    return read_json(path, "JSON written by Nextflow") if path else {}


def read_words() -> dict[str, dict[str, str]]:
    """Read the title and the method of each step."""
    words: dict[str, dict[str, str]] = {}
    for room in sorted(files("sscite.report").joinpath("words").iterdir(), key=lambda item: item.name):
        words |= yaml.safe_load(room.read_text(encoding="utf-8"))
    return words


def write_json(path: Path, content: object) -> None:
    """Write JSON that a person can read."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the default of each parameter of nextflow_schema.json."""
    groups = schema.get("$defs", {}).values()
    return {name: rule.get("default") for group in groups for name, rule in group["properties"].items()}


def _position(fact: Fact) -> tuple[int, int, str, str]:
    room = list(ROOMS).index(room_of(fact)) if room_of(fact) in ROOMS else len(ROOMS)
    step = STEPS.index(fact["step"]) if fact["step"] in STEPS else len(STEPS)
    return room, step, fact["step"], fact["id"]


def room_of(fact: Fact) -> str:
    """Return the step group of a fact: `demux` of `demux_call`."""
    return fact["step"].partition("_")[0]
