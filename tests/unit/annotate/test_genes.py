"""Genes: found under the names that the counts offer, or the step is skipped with the cause."""

import numpy as np
import pandas as pd
import pytest

from sscite.annotate import genes
from sscite.errors import Skipped

MODEL = np.array(["CD3E", "MS4A1", "LYZ", "C1orf56"])
SYMBOLS = {"ENSG00000198851": "CD3E", "ENSG00000156738": "MS4A1", "ENSG00000090382": "LYZ"}


def find(names, ids=None):
    features = pd.DataFrame({"gene_id": ids if ids is not None else ""}, index=pd.Index(names, dtype=object))
    return genes.match(features, MODEL, np.ones(4), symbols=SYMBOLS)


def pairs(overlap, names):
    return {names[c]: MODEL[p] for c, p in zip(overlap.columns, overlap.positions, strict=True)}


def test_symbols_are_found_as_they_are_and_the_first_of_repeated_ones_counts():
    overlap = find(["X", "LYZ", "CD3E", "LYZ"])
    assert overlap.naming == "names"
    assert list(overlap.columns) == [1, 2]


def test_ensembl_names_with_version_become_symbols():
    names = ["ENSG00000198851.4", "ENSG00000090382"]
    overlap = find(names)
    assert overlap.naming == "symbols of Ensembl names"
    assert pairs(overlap, names) == {"ENSG00000198851.4": "CD3E", "ENSG00000090382": "LYZ"}


def test_identifiers_serve_where_names_are_unknown():
    overlap = find(["g1", "g2"], ["ENSG00000198851", "ENSG00000156738"])
    assert overlap.naming == "symbols of Ensembl identifiers"


def test_another_case_is_mended_but_mouse_genes_are_not_taken_for_human():
    assert find(["cd3e", "ms4a1", "C1ORF56"]).naming == "names in another case"
    assert len(find(["Cd3e", "Ms4a1", "Lyz"]).columns) == 0


def test_names_that_celltypist_understands_are_kept_unless_others_find_half_as_many_again():
    ids = ["ENSG00000198851", "ENSG00000156738", "ENSG00000090382"]
    assert find(["CD3E", "MS4A1", "old"], ids).naming == "names"  # 2 against 3
    assert find(["CD3E", "older", "old"], ids).naming == "symbols of Ensembl identifiers"  # 1 against 3


def test_the_share_of_weights_is_told():
    tried = genes.match(
        pd.DataFrame({"gene_id": ""}, index=["CD3E"]), MODEL, np.array([3.0, 1, 0, 0]), symbols={}
    ).tried
    assert tried.loc[0, ["share", "weight_share"]].tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("names", "cause"),
    [
        (["Cd8a", "Gm123", "Actb"], "mouse genes and the model speaks human"),
        (["foo1", "foo2", "foo3"], "targeted panel"),
        ([f"ENSG000009{i:05d}" for i in range(3000)], "Ensembl identifiers that no symbol"),
        ([f"AT1G{i:05d}" for i in range(3000)], "another species or annotation"),
    ],
)
def test_too_few_shared_genes_skip_with_overlap_and_cause(names, cause):
    features = pd.DataFrame({"gene_id": ""}, index=pd.Index(names, dtype=object))
    overlap = genes.match(features, MODEL, np.ones(4), symbols={})
    with pytest.raises(Skipped, match=cause) as skipped:
        genes.require(overlap, features, MODEL)
    assert "0 of the model's 4 genes (0.0%" in str(skipped.value)


def test_human_counts_under_a_mouse_model_are_named_so():
    mouse = np.array(["Cd3e", "Ms4a1", "Lyz2"])
    features = pd.DataFrame({"gene_id": ""}, index=["CD3E", "MS4A1", "LYZ"])
    overlap = genes.match(features, mouse, np.ones(3), symbols={})
    with pytest.raises(Skipped, match="look like human genes and the model speaks mouse"):
        genes.require(overlap, features, mouse, share=1.1)
