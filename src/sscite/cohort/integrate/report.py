"""Report of the integration."""

from __future__ import annotations

from sscite import names
from sscite.cohort import umap_figures
from sscite.cohort.integrate.embed import Embedding
from sscite.cohort.integrate.inputs import Ready
from sscite.command import Facts, Rank
from sscite.errors import Reason


def report_integration(facts: Facts, ready: Ready, found: Embedding) -> None:
    """Add numbers, summary, warnings and tables."""
    clusters = int(found.clusters.max()) + 1
    libraries, tissues = ready.obs[names.LIBRARY].nunique(), ready.obs[names.TISSUE].nunique()
    facts.number(
        cells=len(ready.obs), variable_genes=len(ready.genes), clusters=clusters, libraries=libraries, tissues=tissues,
        corrected_for=" and ".join(found.corrected) or "nothing",
        variance_of_components=round(float(found.components.variance.sum()), 3),
    )  # fmt: skip
    if libraries < 2:
        facts.warn(f"Not integrated: {Reason.ONE_LIBRARY.value}.")
    if ready.obs[names.DONOR].nunique() < 2:
        facts.warn("All cells are from one donor, so results cannot be generalised to other donors.", rank=Rank.CHECK)
    for note in found.notes:
        facts.warn(note[0].upper() + note[1:] + ".")
    what = f"corrected for {' and '.join(found.corrected)}" if found.corrected else "without correction"
    within = " within each tissue (differences between tissues are kept)" if tissues > 1 and found.corrected else ""
    sentence = f"{len(ready.obs):,} cells fall into {clusters} clusters, {what}{within}."
    if len(found.metrics):
        before, after = found.metrics.iloc[0], found.metrics.iloc[1]
        facts.number(**{f"{name}_{when}": round(float(row[name]), 3)
                        for when, row in (("before", before), ("after", after))
                        for name in ("ilisi", "clisi", "label_kept", "connectivity")})  # fmt: skip
        sentence += (
            f" The effective number of libraries around a cell went from {before['ilisi']:.1f} to {after['ilisi']:.1f};"
            f" the share of neighbours of its own lineage from {before['label_kept']:.3f} to {after['label_kept']:.3f}."
        )
        if after["label_kept"] < before["label_kept"] - 0.05:
            facts.warn(
                "Correction brought lineages closer together: look at the map before trusting subsets.", rank=Rank.CHECK
            )
        facts.table("integration", found.metrics.round(3), "Integration in numbers", "Before and after correction.")
        facts.table(
            "mixing", found.mixing.round(3), "Mixing of each library", "Share of neighbours from other libraries."
        )
    facts.summary(sentence)


def draw(facts: Facts, ready: Ready, found: Embedding, *, seed: int) -> None:
    """Add the maps by cluster, lineage, library and tissue, and the mixing of libraries before and after."""
    shown = ready.obs.assign(cluster=found.clusters.astype(str))
    columns = {"cluster": True, names.LINEAGE: True} if names.LINEAGE in shown else {"cluster": True}
    facts.figure(
        "umap", umap_figures.maps(found.obsm[names.X_UMAP], shown, columns, seed=seed),
        "The cohort after correction",
        "Each dot is a cell; cells near one another express alike. Coloured by cluster and by lineage.",
    )  # fmt: skip
    facts.figure(
        "umap_origin",
        umap_figures.maps(found.obsm[names.X_UMAP], shown, {names.LIBRARY: False, names.TISSUE: False}, seed=seed),
        "Where the cells come from", "The same map by library (should mix) and by tissue (may stay apart).",
    )  # fmt: skip
    if names.X_WNN_UMAP in found.obsm:
        facts.figure(
            "wnn_umap", umap_figures.maps(found.obsm[names.X_WNN_UMAP], shown, columns, seed=seed),
            "RNA and protein together",
            "Neighbours by both modalities, each cell weighing the one that tells more about it.",
        )  # fmt: skip
    if len(found.mixing):
        many = umap_figures.MOST_LIBRARIES
        least = f", the {many} mixed least" if len(found.mixing) > many else ""
        facts.figure(
            "mixing", umap_figures.before_after(found.metrics, found.mixing),
            "Mixing of libraries before and after",
            f"Left: each library{least}. Right: the whole; libraries should mix while lineages stay apart.",
        )  # fmt: skip
