"""Each reader of the pipeline's own files refuses a file that is empty or of another kind in one message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sscite import io
from sscite.biomarkers.donors.run import read_cells
from sscite.cohort import embedding_file
from sscite.cohort import file as store
from sscite.compare.contrast import contrast
from sscite.compare.enrichment.run import read_expression
from sscite.compare.pseudobulk import ambient, files
from sscite.errors import UserError

READERS: dict[str, Callable[[Path], Any]] = {
    "table of cells": io.read_fragment,
    "some columns of cells.parquet": read_cells,
    "modalities": io.modalities,
    "element of a cohort": lambda path: store.read_element(path, "obs"),
    "cells of a cohort": store.read_index,
    "matrix of a cohort": lambda path: store.gather(path, matrix="X"),
    "embedding": embedding_file.read,
    "composition": files.read_composition,
    "pseudobulk": files.read_pseudobulk,
    "genes of ambient RNA": ambient.read_genes,
    "ambient profiles": lambda path: ambient.read_profiles([path], pd.Index(["CD3D"])),
    "genes of a contrast": lambda path: read_expression([path]),
    "contrasts": contrast.load,
    "samples": contrast.load_samples,
}


@pytest.mark.parametrize("content", ["", "what,is\nnot,ours\n"], ids=["empty", "text"])
@pytest.mark.parametrize("reader", READERS)
def test_a_file_of_another_kind_is_named_in_one_message(reader: str, content: str, tmp_path: Path):
    path = tmp_path / "given.file"
    path.write_text(content)
    with pytest.raises(UserError, match=r"given\.file: (cannot be read as|no column) "):
        READERS[reader](path)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path):
    (tmp_path / "samples.csv").write_text("sample,donor\nS1,D1\n")
    with pytest.raises(UserError, match=r"samples\.csv: no column tissue, library; it has sample, donor; give"):
        contrast.load_samples(tmp_path / "samples.csv")
