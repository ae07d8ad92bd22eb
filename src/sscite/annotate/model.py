"""Find the CellTypist models of a run by path or name, check them, and choose the model of a library."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sscite import command, disk
from sscite.annotate.model_file import REMEDY, checksum, load
from sscite.errors import Reason, Skipped, UserError
from sscite.io import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sscite.command import Facts

ANY_TISSUE = ""
TABLE = ["tissue", "file", "name", "cell_types", "genes", "date", "version", "sha256"]  # of models.csv


def run(model: str, *, given: Sequence[Path], cache: Path | None, sha256: str, output: Path) -> None:
    """Gather the models of a run in one folder, with their table `models.csv`.

    Raises
    ------
    UserError
        A model is absent, refused or not the expected one; all problems at once.
    """
    rows: list[dict[str, object]] = []
    output.mkdir(exist_ok=True)
    with command.step("annotate_model", "cohort") as facts:
        try:
            if not model:
                raise Skipped(Reason.NOT_REQUESTED, "no model was given: set --celltypist_model")
            rows = gather(model, given=given, cache=(cache or Path("cache")).resolve(), sha256=sha256, output=output)
            report_models(facts, rows, verified=bool(sha256))
        except Skipped as skipped:
            facts.skip(skipped)
    write_table(pd.DataFrame(rows, columns=TABLE), output / "models.csv")


def gather(model: str, *, given: Sequence[Path], cache: Path, sha256: str, output: Path) -> list[dict[str, object]]:
    """Copy the models of a setting into a folder and return their rows of `TABLE`.

    Raises
    ------
    UserError
        Every problem of every model.
    """
    requested = parse(model)
    expected = expected_checksums(sha256, len(requested))
    rows: list[dict[str, object]] = []
    problems: list[str] = []
    staged = list(given)
    for number, ((tissue, name), pin) in enumerate(zip(requested.items(), expected, strict=True), start=1):
        try:
            path = find(name, given=staged, cache=cache)
            staged = [file for file in staged if file != path]  # two tissues may give files of one name
            rows.append(inspect(path, pin, tissue=tissue, file=f"{number}_{path.name}"))
            shutil.copyfile(path, output / str(rows[-1]["file"]))
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return rows


def report_models(facts: Facts, rows: list[dict[str, object]], *, verified: bool) -> None:
    """Report the models and their checksums, and whether these were compared with expected ones."""
    facts.number(models=len(rows))
    parts = [f"{row['name']} for {row['tissue'] or 'any tissue'}, {row['cell_types']} cell types" for row in rows]
    facts.summary("; ".join(parts) + ".")
    facts.table(
        "models", pd.DataFrame(rows), "Models", "To pin a model, give its checksum as --celltypist_model_sha256."
    )
    facts.number(checksums_verified=verified)
    if not verified:
        facts.warn("The checksum of the CellTypist model was not verified: give it as --celltypist_model_sha256.")


def parse(text: str) -> dict[str, str]:
    """Read the setting: one model for all tissues, or `tissue=model` pairs; a bare one beside pairs serves the others.

    Returns
    -------
    Path or name by tissue, in the order given; the tissue is empty where the model serves any.

    Raises
    ------
    UserError
        An empty part, or a tissue named twice.
    """
    models: dict[str, str] = {}
    for part in text.split(","):
        tissue, equals, model = part.rpartition("=")
        tissue, model = tissue.strip(), model.strip()
        if not model or (equals and not tissue):
            raise UserError(
                f"--celltypist_model '{text}': '{part}' names no model; write path, or tissue=path,tissue=path"
            )
        if tissue in models:
            raise UserError(f"--celltypist_model '{text}': two models for {tissue or 'any tissue'}; give one")
        models[tissue] = model
    return models


def find(model: str, *, given: Sequence[Path], cache: Path) -> Path:
    """Find a model: a staged file of that name, a path, the cache, or, by name, CellTypist's server (once).

    Raises
    ------
    UserError
        No such path, or the name cannot be fetched.
    """
    wanted = Path(model)
    for path in (*(file for file in given if file.name == wanted.name), wanted):
        if path.is_file():
            return path
    if "/" in model:
        raise UserError(f"{model}: no such model file; correct --celltypist_model")
    name = model if model.endswith(".pkl") else f"{model}.pkl"
    for path in (cache / name, cache / "data" / "models" / name):
        if path.is_file():
            return path
    return _fetch(name, cache)


def _fetch(name: str, cache: Path) -> Path:
    """Fetch a model by name into the cache with CellTypist's own downloader."""
    os.environ["CELLTYPIST_FOLDER"] = str(cache)  # read when celltypist is imported
    offline = (
        f"{name}: neither a file nor in the cache {cache}, and it cannot be fetched from CellTypist: {{reason}}; "
        "without a network, copy the .pkl file here and give its path, or put it into --celltypist_models_dir"
    )
    try:
        from celltypist import models

        models.download_models(model=[name])
    except Exception as error:  # whatever the network or the server says
        if disk.is_full(error):
            raise
        raise UserError(offline.format(reason=" ".join(str(error).split())[:200])) from error
    path = cache / "data" / "models" / name
    if not path.is_file():
        raise UserError(offline.format(reason="the server has no model of this name"))
    return path


def choose(tissues: Sequence[str], models: Sequence[str]) -> tuple[str | None, list[str]]:
    """Choose the model of a library: that of its tissues, else the one for any tissue.

    Parameters
    ----------
    tissues
        Of the library's samples.
    models
        The tissues that models were given for; empty text for a model of any tissue.

    Returns
    -------
    The chosen key of `models` (None where none fits) and all that apply: a library of several tissues has several.
    """
    wanted = {tissue.casefold() for tissue in tissues}
    fitting = [tissue for tissue in models if tissue and tissue.casefold() in wanted]
    if not fitting and ANY_TISSUE in models:
        fitting = [ANY_TISSUE]
    return (fitting[0] if fitting else None), fitting


def expected_checksums(text: str, count: int) -> list[str]:
    """Read the expected checksums, in the models' order; empty text where none is expected.

    Raises
    ------
    UserError
        Not a SHA-256, or another number of them than of models.
    """
    parts = [part.strip().lower() for part in text.split(",")] if text else [""] * count
    wrong = [part for part in parts if part and not re.fullmatch(r"[0-9a-f]{64}", part)]
    if wrong:
        raise UserError(
            f"--celltypist_model_sha256: '{wrong[0]}' is not a valid SHA-256 checksum (64 hexadecimal digits)"
        )
    if len(parts) != count:
        raise UserError(
            f"--celltypist_model_sha256 holds {len(parts)} checksums for {count} models; give one each, in order"
        )
    return parts


def inspect(path: Path, expected: str, *, tissue: str, file: str) -> dict[str, object]:
    """Compare a model's checksum, read it, and describe it as a row of `TABLE`.

    Raises
    ------
    UserError
        The checksum is another, or the model cannot be read safely.
    """
    found = checksum(path)
    if expected and found != expected:
        raise UserError(f"{path}: SHA-256 is {found}, but {expected} is expected; {REMEDY}")
    model = load(path)
    return {
        "tissue": tissue, "file": file, "name": model.name, "cell_types": len(model.cell_types),
        "genes": len(model.genes), "date": model.description.get("date", "")[:10],
        "version": model.description.get("version", ""), "sha256": found,
    }  # fmt: skip
