#!/usr/bin/env python3
"""Say what changed between two runs: findings, parameters, versions and numbers."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sscite import command
from sscite.errors import UserError


def main(
    before: Annotated[Path, typer.Argument(help="Output folder (or report.json) of the first run.")],
    after: Annotated[Path, typer.Argument(help="Output folder (or report.json) of the second run.")],
    output: Annotated[Path | None, typer.Option(help="Also write the changes as JSON.")] = None,
) -> None:
    """Print one line per change: `+` a finding gained, `-` one lost, `~` something that differs."""
    from sscite.report import compare

    changes = compare.compare(read(before), read(after))
    typer.echo("\n".join(compare.sentences(changes)))
    if output:
        output.write_text(json.dumps(changes, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> dict:
    file = path / "report.json" if path.is_dir() else path
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{file}: not found; give the output folder of a finished run, or its report.json"
        raise UserError(message) from error
    except json.JSONDecodeError as error:
        raise UserError(f"{file}: not JSON ({error}); give the report.json that a run wrote") from error
    if content.get("schema_version") != 1:
        raise UserError(f"{file}: schema_version is {content.get('schema_version')}; this version reads 1")
    return content


if __name__ == "__main__":
    command.run(main)
