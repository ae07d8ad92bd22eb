"""What every script in bin/ shares: its three exits, its log, its facts file.

A script declares options, reads, calls one function, writes:

    def main(counts: Annotated[Path, typer.Option()], id: ..., seed: int = 0) -> None:
        with command.step("demux_call", id, seed=seed) as facts:
            ...
            facts.number(cells=5)

    if __name__ == "__main__":
        command.run(main)
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sscite import __version__, disk, scratch
from sscite.errors import Skipped, UserError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sscite.findings import Finding
    from sscite.points import Points

log = logging.getLogger("sscite")


def _choose_species(species: str) -> str:
    """Set the species whose gene lists this process reads."""
    from sscite import genes

    return genes.choose(species)


def check_id(id: str) -> str:
    """Return an identifier unless it would name files outside the working folder.

    Raises
    ------
    UserError
        It is empty or a path, or holds a control character.
    """
    if id in ("", ".", "..") or "/" in id or "\\" in id or not id.isprintable():
        raise UserError(f"--id '{id}': it names the files written and cannot be a path; give a name such as library_1")
    return id


# option of every script that names its files by a library or the cohort
Id = Annotated[
    str, typer.Option(callback=check_id, help="Identifier of the library or cohort; begins the name of each file.")
]

# option of every script whose code reads gene lists
Species = Annotated[
    str, typer.Option(callback=_choose_species, help="Species of the gene lists: a folder of assets/genes.")
]
REPORTED_PACKAGES = (
    "numpy", "scipy", "pandas", "numba", "scikit-learn", "h5py", "anndata", "mudata", "muon", "scanpy", "celltypist",
    "harmonypy", "faiss-cpu", "umap-learn", "pynndescent", "igraph", "leidenalg", "pydeseq2", "pertpy", "liana",
    "decoupler", "gseapy", "statsmodels", "matplotlib",
)  # fmt: skip


def run(main: Callable[..., None], arguments: list[str] | None = None) -> None:
    """Run a script's `main` under Typer; a UserError or a full disk ends it with one message and exit 2."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    scratch.move(os.environ, Path.cwd())
    try:
        application(main)(args=arguments, prog_name=Path(sys.argv[0]).name)
    except UserError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if not disk.is_full(error):
            raise
        disk.end(Path.cwd())


class Rank(StrEnum):
    """How much a warning matters to a reader of the report."""

    CRITICAL = "critical"  # puts results in doubt
    CHECK = "check"  # needs a look before results are used
    NOTE = "note"


def application(main: Callable[..., None]) -> typer.Typer:
    """Return the Typer application of a script; `--min_cells` is the same as `--min-cells`."""
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.command(context_settings={"token_normalize_func": lambda name: name.replace("_", "-")})(main)
    return app


class Facts:
    """What a step did, for the report: written as `<id>.<step>.json`.

    Attributes
    ----------
    content
        status ("done" or "skipped"), reason, detail, numbers (scalars by name), findings, warnings,
        tables (small, at most 200 rows) and figures (file names), seed and versions.
    """

    def __init__(self, step: str, id: str, *, seed: int | None, folder: Path) -> None:
        self.stem = f"{file_stem(id)}.{step}"
        self.folder = folder
        self.started = time.monotonic()
        self.content: dict[str, Any] = {
            "step": step, "id": id, "status": "done", "reason": None, "detail": "", "summary": "",
            "numbers": {}, "findings": [], "warnings": [], "ranks": {}, "tables": [], "figures": [], "seed": seed,
        }  # fmt: skip

    def number(self, **numbers: float | int | str | bool | None) -> None:
        """Add scalars by name."""
        self.content["numbers"].update({name: _plain(value) for name, value in numbers.items()})

    def summary(self, sentence: str) -> None:
        """Set the summary of the step in one sentence."""
        self.content["summary"] = sentence

    def finding(self, finding: Finding) -> None:
        """Add a finding of a comparison; the report orders and grades those of all steps."""
        record = {
            name: [*value] if isinstance(value, list) else _plain(value) for name, value in finding.record().items()
        }
        self.content["findings"].append(record)

    def warn(self, sentence: str, *, rank: Rank = Rank.NOTE) -> None:
        """Add a warning; the report orders warnings by their rank."""
        log.warning(sentence)
        self.content["warnings"].append(sentence)
        if rank != Rank.NOTE:
            self.content["ranks"][sentence] = rank.value

    def table(self, name: str, frame: pd.DataFrame, title: str, caption: str = "") -> None:
        """Add a small table (the first 200 rows are kept; `rows` tells how many there were)."""
        records = [[_plain(value) for value in row] for row in frame.head(200).itertuples(index=False)]
        self.content["tables"].append(
            {"name": name, "title": title, "caption": caption, "columns": [str(c) for c in frame.columns],
             "rows": len(frame), "records": records}
        )  # fmt: skip

    def figure(self, name: str, figure: Figure, title: str, caption: str = "", *, points: Points | None = None) -> None:
        """Save a figure as `<id>.<step>.<name>.png` (svg, pdf) and list it; the report draws `points` in its place."""
        from sscite import figures

        file = figures.save(figure, self.folder / f"{self.stem}.{name}")
        item = {"name": name, "file": file, "title": title, "caption": caption}
        self.content["figures"].append(item | ({"points": points.record()} if points else {}))

    def skip(self, skipped: Skipped) -> None:
        """Record that the step had nothing to work on."""
        log.warning("skipped: %s", skipped)
        self.content.update(status="skipped", reason=skipped.reason.name.lower(), detail=str(skipped))

    def write(self) -> Path:
        """Write the step summary file."""
        self.content["seconds"] = round(time.monotonic() - self.started, 1)
        self.content["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        self.content["task"] = _task()
        self.content["versions"] = _versions()
        path = self.folder / f"{self.stem}.json"
        path.write_text(
            json.dumps(self.content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )
        return path


@contextmanager
def step(
    name: str,
    id: str,
    *,
    seed: int | None = None,
    folder: Path = Path(),
    empty: Mapping[Path, Sequence[str]] | None = None,
) -> Iterator[Facts]:
    """Open a step's facts and write them when it ends; a Skipped that escapes is recorded there.

    Parameters
    ----------
    empty
        Tables that exist even if the step is skipped: path, relative to `folder`, and columns. A table that the step
        did not write before it was skipped is written with its header alone.
    """
    facts = Facts(name, id, seed=seed, folder=folder)
    try:
        yield facts
    except Skipped as skipped:
        facts.skip(skipped)
        for path, columns in (empty or {}).items():
            _write_header(folder / path, columns)
    facts.write()


def _write_header(path: Path, columns: Sequence[str]) -> None:
    """Write a table without rows, unless the file exists."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(columns) + "\n", encoding="utf-8")


def file_stem(identifier: str) -> str:
    """Turn any identifier into a part of a file name: letters, digits, `_`, `.`, `+` and `-` stay."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", identifier).strip("._") or "unnamed"


def _plain(value: Any) -> Any:
    """Turn a NumPy or pandas scalar into what JSON knows; NaN and infinity become null."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _task() -> dict[str, int]:
    """Return the cores and the memory that the task requested, and its attempt; empty outside Nextflow."""
    names = {"cpus": "SSCITE_CPUS", "memory_mb": "SSCITE_MEMORY_MB", "attempt": "SSCITE_ATTEMPT"}
    return {name: int(os.environ[variable]) for name, variable in names.items() if os.environ.get(variable)}


def _versions() -> dict[str, str]:
    """Return the versions of Python and of the reported packages that this process has imported."""
    modules = {"scikit-learn": "sklearn", "faiss-cpu": "faiss", "umap-learn": "umap"}
    found = {"python": platform.python_version(), "sscite": __version__}
    for package in REPORTED_PACKAGES:
        if modules.get(package, package) in sys.modules:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
    return found
