"""The run as a research object: `ro-crate-metadata.json` by the Workflow Run RO-Crate profile.

https://w3id.org/ro/wfrun/workflow/0.5: the workflow, its parameters and values, the files that were read with their
checksums, the folders that were written, and the software with its versions.
"""

from __future__ import annotations

from typing import Any

PROFILES = ["https://w3id.org/ro/wfrun/process/0.5", "https://w3id.org/ro/wfrun/workflow/0.5"]
WORKFLOW = "run/main.nf"
FOLDERS = {
    "1_samples": "Sheets as understood, quality of the libraries", "2_demux": "Samples of the cells",
    "3_adt": "Normalised surface proteins", "4_annotate": "Cell types", "5_cohort": "The integrated cohort",
    "6_subsets": "Subsets and signatures", "7_compare": "Comparisons of donors, groups and tissues",
    "8_biomarkers": "Gating panels, and features of donors that follow clinical variables",
    "multiqc": "Content for MultiQC", "run": "Trace, versions and parameters",
}  # fmt: skip
FILES = {
    "report.html": ("The report", "text/html"), "report.json": ("The report for programs", "application/json"),
}  # fmt: skip


def metadata(content: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a run's output folder.

    Parameters
    ----------
    content
        `report.json`.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(gen_preview=False)
    crate.name = "sscite run"
    crate.description = content["study"]["sentence"] or "A run of sscite"
    crate.root_dataset["conformsTo"] = [
        crate.add(ContextEntity(crate, profile, properties={"@type": "CreativeWork"})) for profile in PROFILES
    ]
    run = content["provenance"]["run"]
    workflow = crate.add_workflow(dest_path=WORKFLOW, main=True, lang="nextflow", lang_version=run.get("nextflow"))
    workflow["name"], workflow["version"] = "sscite", content["sscite_version"]
    inputs = [*_values(crate, workflow, content), *_read_files(crate, content)]
    action = crate.add_action(workflow, identifier="#run", object=inputs, result=_written(crate))
    action["name"], action["startTime"] = "Run of sscite", run.get("started")
    action["description"] = run.get("command", "")
    crate.root_dataset["mentions"] = action
    workflow["softwareRequirements"] = [
        crate.add(_software(crate, name, found)) for name, found in content["provenance"]["versions"].items()
    ]
    return crate.metadata.generate()


def _values(crate: Any, workflow: Any, content: dict[str, Any]) -> list[Any]:
    """Add each parameter of the workflow and its value in this run."""
    from rocrate.model.contextentity import ContextEntity

    values = []
    for row in content["provenance"]["parameters"]:
        formal = crate.add_formal_parameter(
            row["name"], "Text", identifier=f"#parameter-{row['name']}", defaultValue=_text(row["default"])
        )
        workflow.append_to("input", formal)
        properties = {"@type": "PropertyValue", "name": row["name"], "value": _text(row["value"])}
        value = crate.add(ContextEntity(crate, f"#value-{row['name']}", properties=properties))
        value["exampleOfWork"] = formal
        values.append(value)
    return values


def _read_files(crate: Any, content: dict[str, Any]) -> list[Any]:
    """Add the input files and models whose checksum is known."""
    from rocrate.model.contextentity import ContextEntity

    return [
        crate.add(
            ContextEntity(
                crate, f"#input-{i}", properties={"@type": "CreativeWork", "name": row["file"], "sha256": row["sha256"]}
            )
        )
        for i, row in enumerate(content["provenance"]["checksums"])
    ]


def _written(crate: Any) -> list[Any]:
    """Add the files and folders that every run writes."""
    files = [
        crate.add_file(dest_path=path, properties={"name": name, "encodingFormat": kind})
        for path, (name, kind) in FILES.items()
    ]
    folders = [crate.add_dataset(dest_path=f"{path}/", properties={"name": name}) for path, name in FOLDERS.items()]
    return [*files, *folders]


def _software(crate: Any, name: str, versions: list[str]) -> Any:
    from rocrate.model.contextentity import ContextEntity

    properties = {"@type": "SoftwareApplication", "name": name, "softwareVersion": ", ".join(versions)}
    return ContextEntity(crate, f"#software-{name}", properties=properties)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
