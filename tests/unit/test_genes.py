"""Lists of genes with a known role."""

from __future__ import annotations

import pandas as pd
import pytest

from sscite import genes
from sscite.errors import UserError


def test_quality_genes_are_named_and_look_alikes_are_not():
    found = genes.quality(pd.Index(["MT-CYB", "RPL3", "RPS6KA1", "MTOR", "MT-TF", "mt-Nd1"]))
    assert found.tolist() == ["mitochondrial", "ribosomal", "", "", "mitochondrial", "mitochondrial"]


def test_a_species_without_lists_is_the_users_error():
    with pytest.raises(UserError, match="allowed: human"):
        genes.load("axolotl")
