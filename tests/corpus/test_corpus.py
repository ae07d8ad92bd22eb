"""Every broken input ends in one clear message: no traceback, hang or growth of memory, and none is accepted."""

from __future__ import annotations

import re
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import broken, good
from sscite import io
from sscite.adt.panels import read_mapping
from sscite.annotate import lineage, model_file
from sscite.errors import UserError
from sscite.formats import read_counts
from sscite.formats.cell_samples import read_cell_samples
from sscite.formats.genotypes import parse, read_genotypes
from sscite.reading import read_user_table
from sscite.samples.check import check
from sscite.samples.files import given
from sscite.samples.inspect import inspect
from sscite.samples.validate import validate
from sscite.subsets.definitions.subsets import load_definitions
from sscite.subsets.signatures import gene_sets

SECONDS, BYTES = 60, 2 * 1024**3
CASES = broken.every()
LEAKS = re.compile(r"Traceback|pandas|numpy|h5py|Error tokenizing|C error|<class|Errno|object at 0x|\bNone\b")


def _inspect(folder: Path) -> None:
    files = io.read_table(folder / "files.csv")
    samples = io.read_table(folder / "samples.csv")
    records = files.to_dict("records")
    inspect(
        files,
        {r["library_id"]: check(r, samples, {column: Path(r[column]) for column in given(r)}) for r in records},
    )


def _contrasts(path: Path) -> None:
    sheet = path.with_name("sheet.csv")
    sheet.write_text(good.SHEET)
    validate(sheet, path, reference_tissue="blood", subsets=frozenset({"CD4 T"}))


READERS: dict[str, Callable[[Path], object]] = {
    **dict.fromkeys(
        ("10x .h5", "AnnData .h5ad", "MuData .h5mu", "10x folder", "gzip", "table", "BD table", "other format"),
        read_counts,
    ),
    "genotype calls": lambda path: parse(read_genotypes(path), where=str(path)),
    "cells and samples": read_cell_samples,
    "samplesheet": lambda path: validate(path, None, reference_tissue="blood"),
    "contrasts": _contrasts,
    "subsets.yaml": load_definitions,
    "gene sets": lambda path: gene_sets.read([path]),
    "gene sets as YAML": lambda path: gene_sets.read([path]),
    "CellTypist model": model_file.load,
    "panel map": lambda path: read_mapping(read_user_table(path, required=("feature", "protein"))),
    "lineages": lineage.read_own,
    "own .h5mu": lambda path: io.read_modality(path, "rna"),
    "own .parquet": io.read_fragment,
    "library": _inspect,
}  # fmt: skip


def _late(*_: object) -> None:
    raise TimeoutError(f"no end within {SECONDS} s")


def _peak() -> int:
    """Return the greatest memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_the_corpus_has_at_least_250_inputs_of_every_reader():
    assert len(CASES) >= 250
    assert {case.kind for case in CASES} == set(READERS)
    assert len({(case.kind, case.name) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.name}")
def test_a_broken_input_ends_in_one_clear_message(tmp_path: Path, case: broken.Case):
    path = case.make(tmp_path)
    before = _peak()
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(SECONDS)
    try:
        with pytest.raises(UserError) as raised:
            READERS[case.kind](path)
    finally:
        signal.alarm(0)
    assert _peak() - before < BYTES
    for problem in raised.value.problems:
        assert not LEAKS.search(problem.replace(str(tmp_path), "")), problem
        assert re.search(r"[:;] ?\S", problem), problem
        assert len(problem) < 2000, problem


@pytest.mark.parametrize("write", [good.tenx, good.h5ad, good.h5mu, good.folder], ids=lambda write: write.__name__)
def test_the_whole_input_that_the_corpus_breaks_is_read(tmp_path: Path, write: Callable[[Path], Path]):
    names = {good.tenx: "a.h5", good.h5ad: "a.h5ad", good.h5mu: "a.h5mu", good.folder: "a"}
    counts = read_counts(write(tmp_path / names[write]))
    assert counts.matrix.toarray().tolist() == good.COUNTS.tolist()
    assert counts.barcodes.tolist() == good.BARCODES


def test_the_whole_texts_that_the_corpus_breaks_are_read(tmp_path: Path):
    texts = {
        "t.csv": good.table(),
        "sheet.csv": good.SHEET,
        "contrasts.csv": good.CONTRASTS,
        "subsets.yaml": good.SUBSETS,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    assert read_counts(tmp_path / "t.csv").matrix.toarray().tolist() == good.COUNTS.tolist()
    _contrasts(tmp_path / "contrasts.csv")
    assert list(load_definitions(tmp_path / "subsets.yaml").subsets) == ["naive", "memory"]
