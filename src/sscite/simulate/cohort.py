"""A cohort, library by library, with its sheets and its truth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sscite.simulate import composition, expression, plan, profiles
from sscite.simulate.library import Library, Settings, simulate

CONTRASTS = [
    # contrast, variable, reference, target, tissue, subset, block, covariates
    ("SRC against SSc without SRC", "SRC", "no", "yes", "blood", "monocyte/DC", "", ""),
    ("SRC against healthy", "group", "HD", "SRC", "blood", "monocyte/DC", "", ""),
    ("ILD against SSc without ILD", "ILD", "no", "yes", "blood", "CD8 T", "", "SRC"),
    ("SSc against healthy", "disease", "HD", "SSc", "blood", "", "", ""),
    ("kidney against blood", "tissue", "blood", "kidney", "", "", "donor", ""),
    ("lung against blood", "tissue", "blood", "lung", "", "", "donor", ""),
]


def compose(design: pd.DataFrame, *, cells: int, settings: Settings, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the cohort's cells by sample and subset, and the true proportions that they were drawn from."""
    sizes = np.diff(np.linspace(0, cells, len(design) + 1).astype(int))
    rng = np.random.default_rng([seed, 2])
    share = composition.proportions(
        design, rng, effect=settings.effect, spread=settings.spread, concentration=settings.concentration
    )
    drawn = np.random.default_rng([seed, 3]).multinomial(sizes, share.to_numpy())
    return pd.DataFrame(drawn, index=share.index, columns=share.columns), share


def libraries(
    design: pd.DataFrame, counts: pd.DataFrame, *, genes: int, settings: Settings, seed: int
) -> Iterator[tuple[str, Library]]:
    """Simulate one library after another; each from its own seed, so none depends on the others."""
    book = profiles.build(genes)
    names = list(design["donor"].unique())
    donors = expression.donor_factors(names, book, np.random.default_rng([seed, 4]))
    for number, (name, samples) in enumerate(design.groupby("library", sort=False)):
        rng = np.random.default_rng([seed, 5, number])
        yield str(name), simulate(samples, counts, book, donors, settings, rng)


def samplesheet(design: pd.DataFrame, *, raw: bool) -> pd.DataFrame:
    """Write the design as the pipeline's samplesheet, with paths relative to it."""
    library = design["library"]
    paths = {"counts": library + ".h5", **({"raw_counts": library + ".raw.h5"} if raw else {})}
    identity = ["library", "sample", "donor", "tissue"]
    others = design.columns.difference([*identity, "hashtag"], sort=False)
    return pd.concat([design[identity], pd.DataFrame(paths), design[["hashtag", *others]]], axis=1)


def contrasts(design: pd.DataFrame) -> pd.DataFrame:
    """List the study's comparisons that have two donors on each side, each in its own lineage."""
    rows = []
    for row in CONTRASTS:
        _, variable, reference, target, tissue, *_ = row
        here = design[design["tissue"] == tissue] if tissue else design
        donors = here.groupby(variable)["donor"].nunique()
        if min(donors.get(reference, 0), donors.get(target, 0)) >= 2:
            rows.append(row)
    columns = ["contrast", "variable", "reference", "target", "tissue", "subset", "block", "covariates"]
    return pd.DataFrame(rows, columns=columns)


def sample_truth(design: pd.DataFrame, share: pd.DataFrame, settings: Settings, singlets: pd.DataFrame) -> pd.DataFrame:
    """Return a row per sample and subset: singlets, the sample's true and its groups' expected proportion.

    Parameters
    ----------
    share
        True proportions, from `compose`.
    singlets
        Truth of the called cells that are no doublets: `sample subset`.
    """
    found = singlets.groupby(["sample", "subset"]).size().rename("cells").reset_index()
    expected = composition.expected_proportions(design, settings.effect)
    long = share.reset_index().melt("sample", var_name="subset", value_name="proportion")
    long["expected"] = expected.reset_index().melt("sample")["value"]
    long = long.merge(found, how="left", on=["sample", "subset"])
    long["cells"] = long["cells"].fillna(0).astype(int)
    long["lineage"] = long["subset"].map(profiles.subsets()["lineage"])
    long = long[(long["expected"] > 0)].merge(design[["sample", "donor", "tissue", "group", "stage"]], on="sample")
    order = ["sample", "donor", "tissue", "group", "stage", "lineage", "subset", "cells", "proportion", "expected"]
    return long[order].round({"proportion": 6, "expected": 6})


def effect_truth(settings: Settings) -> pd.DataFrame:
    """List the planted effects and their fold changes; 1 is none."""
    fold = plan.folds(settings.effect)
    return pd.DataFrame({"effect": list(fold), "fold": list(fold.values()), "meaning": [plan.EFFECTS[n] for n in fold]})


def gmt() -> str:
    """Write the planted gene sets as GMT, named apart from those of assets/gene_sets, which have other genes."""
    sources = {
        "NFKB_TARGETS": "doi:10.1038/sj.onc.1203239", "INTERFERON_TYPE_I": "doi:10.1093/nar/gks1215",
        "INTERFERON_TYPE_II": "doi:10.1016/S0065-2776(07)96002-2", "DISSOCIATION_STRESS": "doi:10.1038/nmeth.4437",
    }  # fmt: skip
    return "".join(
        "\t".join([f"PLANTED_{name}", sources[name], *genes]) + "\n" for name, genes in profiles.gene_sets().items()
    )
