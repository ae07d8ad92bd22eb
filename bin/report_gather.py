#!/usr/bin/env python3
"""Gather the facts and figures of all tasks into the content of the report."""

import base64
import json
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from sscite import command
from sscite.errors import UserError


def main(
    facts: Annotated[Path, typer.Option(exists=True, help="Folder of the tasks' facts files (*.json).")],
    figures: Annotated[Path, typer.Option(help="Folder of their figures (*.png); may be absent.")] = Path("figures"),
    settings: Annotated[Path | None, typer.Option(exists=True, help="The run's parameters (JSON).")] = None,
    output: Annotated[Path, typer.Option(help="Where report_data.json, multiqc/ and run/ go.")] = Path(),
) -> None:
    """Gather the facts and figures of all tasks into report_data.json, tables for MultiQC, and run/."""
    import yaml

    from sscite.report import gather

    found = [read_fact(path) for path in sorted(facts.glob("*.json"))]
    parameters = json.loads(settings.read_text(encoding="utf-8")) if settings else {}
    words: dict[str, dict[str, str]] = {}
    for room in sorted(files("sscite.report").joinpath("words").iterdir(), key=lambda item: item.name):
        words |= yaml.safe_load(room.read_text(encoding="utf-8"))
    images = {
        path.name: "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
        for path in sorted(figures.glob("*.png"))
    }
    content = gather.arrange(found, words=words, figures=images, settings=parameters)

    for folder in ("multiqc", "run"):
        (output / folder).mkdir(parents=True, exist_ok=True)
    write_json(output / "report_data.json", content)
    write_json(output / "run" / "parameters.json", parameters)
    write_json(output / "run" / "versions.json", content["versions"])
    for name, table in gather.multiqc(found).items():
        write_json(output / "multiqc" / name, table)


def read_fact(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        message = f"{path}: not a facts file ({error}); it should be what a task of the pipeline wrote"
        raise UserError(message) from error


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    command.run(main)
