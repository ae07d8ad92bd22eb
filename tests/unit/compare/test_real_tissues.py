"""Real T cells of patients (Wu 2020): few cells, so the room must refuse where they carry nothing, and say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sscite.compare.composition import differential, frequency, report
from sscite.compare.contrast.contrast import Contrast
from sscite.compare.contrast.eligibility import compare
from sscite.compare.pseudobulk import sums

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


def test_four_patients_with_blood_and_tissue_are_paired_but_cannot_reach_5_percent(tables):
    samples, counted = tables
    comparison = compare(Contrast("t", "t", "tissue", ("blood",), ("tissue",), block="donor"), samples)
    assert comparison.paired
    assert comparison.counts() == (4, 4)
    measures = frequency.measure(counted, comparison)
    table, drawn = differential.test(measures, comparison, draws=100, rng=np.random.default_rng(0))
    assert report.smallest_p(comparison, drawn) == 0.125
    assert table["family_p"].min() >= 0.125
    assert table["note"].str.contains("fewer than 10 cells expected").any()


def test_six_lung_and_three_endometrial_patients_do_not_differ_beyond_chance(tables):
    samples, counted = tables
    comparison = compare(Contrast("o", "o", "organ", ("Endo",), ("Lung",), ("tissue",)), samples)
    assert comparison.counts() == (3, 6)
    measures = frequency.measure(counted, comparison)
    table, drawn = differential.test(measures, comparison, draws=100, rng=np.random.default_rng(0))
    assert drawn.exact
    assert len(drawn.t) == 84  # C(9, 3)
    assert table["family_p"].min() > 0.05
