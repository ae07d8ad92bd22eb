"""Real T cells of patients (Wu 2020): few cells, so the room must refuse where they carry nothing, and say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sscite.compare.composition import differential, effects, frequency
from sscite.compare.contrast.contrast import Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.pseudobulk import sums
from sscite.compare.statistics import permutation
from sscite.errors import Reason, Skipped

pytestmark = pytest.mark.needs_data


@pytest.fixture(scope="module")
def tables(data: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give samples and composition: a sample per patient and side (blood, tissue), the authors' clusters as subsets."""
    import anndata

    obs = anndata.read_h5ad(data / "rna" / "wu2020_200_tcells_blood_kidney_lung.h5ad").obs
    cluster = obs["cluster_orig"].astype(str)
    tissue = np.where(obs["source"] == "Blood", "blood", "tissue")
    cells = pd.DataFrame(
        {"donor": obs["patient"].astype(str), "tissue": tissue, "lineage": "CD" + cluster.str[0], "subset": cluster}
    )
    cells["sample"] = cells["donor"] + "_" + cells["tissue"]
    samples = cells.drop_duplicates("sample")[["sample", "donor", "tissue"]]
    samples = samples.assign(library=samples["sample"], organ=samples["donor"].str.rstrip("0123456789"))
    return samples.reset_index(drop=True), sums.composition(cells)


def test_four_patients_with_blood_and_tissue_are_paired_but_have_too_few_cells_at_the_same_depth(tables):
    samples, counted = tables
    comparison = compare(Contrast("t", "t", "tissue", ("blood",), ("tissue",), block="donor"), samples)
    assert comparison.paired
    assert comparison.counts() == (4, 4)
    assert permutation.smallest_p(4, 4, paired=True) == 0.125
    with pytest.raises(Skipped) as raised:
        effects.fit(frequency.measure(counted, comparison), comparison)
    assert raised.value.reason is Reason.TOO_FEW_CELLS


def test_six_lung_and_three_endometrial_patients_do_not_differ_beyond_chance(tables):
    samples, counted = tables
    comparison = compare(Contrast("o", "o", "organ", ("Endo",), ("Lung",), ("tissue",)), samples)
    assert comparison.counts() == (3, 6)
    measures = frequency.measure(counted, comparison)
    fitted = effects.fit(measures, comparison)
    table, _, chance = differential.test(fitted, comparison, draws=100, rng=np.random.default_rng(0))
    assert chance.exact
    assert chance.number == 84  # C(9, 3)
    assert table["family_p"].min() > 0.05
