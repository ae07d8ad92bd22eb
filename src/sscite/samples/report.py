"""What the room tells the report: numbers, tables and figures of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscite import figures

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from sscite.command import Facts
    from sscite.samples.validate import Validated


def validated(facts: Facts, checked: Validated) -> None:
    """Tell what the sheets hold."""
    samples = checked.samples
    tissues = list(dict.fromkeys(samples["tissue"]))
    facts.number(
        libraries=len(checked.files), samples=len(samples), donors=samples["donor"].nunique(), tissues=len(tissues),
        contrasts=len(checked.contrasts),
    )  # fmt: skip
    facts.verdict(
        f"{_n(len(samples), 'sample')} of {_n(samples['donor'].nunique(), 'donor')} in {', '.join(tissues)}, captured "
        f"in {_n(len(checked.files), 'library', 'libraries')}; {_n(len(checked.contrasts), 'comparison')} to make."
    )
    for warning in checked.warnings:
        facts.warn(warning)
    facts.table("samples", samples, "Samples", "The samplesheet as it was understood.")
    facts.table("contrasts", checked.contrasts, "Comparisons", "Target against reference, in the tissues named.")
    facts.table("covariates", checked.covariates, "Covariates", "Numbers show smallest and largest value.")
    if len(checked.left_out):
        facts.table("left_out", checked.left_out, "Comparisons that were not set up", "With the reason for each.")
    facts.figure(
        "design", design_figure(samples), "Which donor gave which tissue",
        "A dot is a sample; a number counts several of one donor and tissue. Donors with dots in two columns allow paired "
        "comparisons.",
    )  # fmt: skip


def design_figure(samples: pd.DataFrame) -> Figure:
    """Draw donors against tissues, a dot a sample."""
    tissues, donors = list(dict.fromkeys(samples["tissue"])), list(dict.fromkeys(samples["donor"]))
    figure, axes = figures.new(2.5 + 0.9 * len(tissues), 1.2 + 0.22 * len(donors))
    for (donor, tissue), group in samples.groupby(["donor", "tissue"]):
        x, y = tissues.index(tissue), donors.index(donor)
        axes.scatter(x, y, s=60, color=figures.PALETTE[x % len(figures.PALETTE)])
        if len(group) > 1:
            axes.annotate(str(len(group)), (x, y), ha="center", va="center", color="white", fontsize=7)
    axes.set_xticks(range(len(tissues)), [_plain(t) for t in tissues])
    axes.set_yticks(range(len(donors)), [_plain(d) for d in donors], fontsize=8)
    axes.set(xlim=(-0.5, len(tissues) - 0.5), ylim=(len(donors) - 0.5, -0.5), ylabel="donor")
    axes.grid(color="0.92", zorder=0)
    axes.set_axisbelow(True)
    return figure


def _plain(name: str) -> str:
    """Keep matplotlib from reading a name as a formula."""
    return name.replace("$", r"\$")


def _n(number: int, noun: str, plural: str | None = None) -> str:
    """Word a number of things."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
