"""Content for MultiQC: one row per library in the general statistics, and bar plots of calls, quality and lineages."""

from __future__ import annotations

from typing import Any

from sscite.report.study import table

Fact = dict[str, Any]
# column of the general statistics: step, number, title, scale, format, whether it is a fraction shown in percent
STATISTICS = [
    ("samples_load", "cells", "Cells", "Blues", "{:,.0f}", False),
    ("samples_load", "median_genes", "Median genes", "Greens", "{:,.0f}", False),
    ("samples_load", "median_pct_mt", "Median % mt", "Reds", "{:,.1f}", False),
    ("demux_call", "single_rate", "% singlets", "Purples", "{:,.1f}", True),
    ("demux_call", "doublet_rate", "% hashtag doublets", "Oranges", "{:,.1f}", True),
    ("adt_normalize", "good", "Antibodies with signal", "PuBu", "{:,.0f}", False),
    ("annotate_celltypist", "labels", "Cell types", "BuGn", "{:,.0f}", False),
]  # fmt: skip


CONFIG = """\
# MultiQC of one run: multiqc <outdir>/multiqc
title: sscite
intro_text: Quality of the libraries. The findings are in report.html.
report_section_order:
  sscite_cells: {order: 30}
  sscite_calls: {order: 20}
  sscite_lineages: {order: 10}
"""


def content(facts: list[Fact]) -> dict[str, dict[str, Any]]:
    """Return MultiQC's custom content by file name; a file without data is not written."""
    files = {
        "sscite_general_mqc.json": _statistics(facts),
        "sscite_calls_mqc.json": _bars("calls", "Hashtag calls", "fraction of droplets", _calls(facts)),
        "sscite_cells_mqc.json": _bars("cells", "Cells used and excluded", "cells", _cells(facts)),
        "sscite_lineages_mqc.json": _bars("lineages", "Lineages", "cells", _lineages(facts)),
    }
    return {name: section for name, section in files.items() if section["data"]}


def _statistics(facts: list[Fact]) -> dict[str, Any]:
    data: dict[str, dict[str, float]] = {}
    headers = {}
    for step, number, title, scale, form, fraction in STATISTICS:
        key = f"{step}_{number}"
        for fact in facts:
            value = fact["numbers"].get(number) if fact["step"] == step else None
            if value is not None:
                data.setdefault(fact["id"], {})[key] = 100 * value if fraction else value
                headers[key] = {"title": title, "description": f"{step}: {number}", "scale": scale, "format": form}
    return {"id": "sscite_general", "plot_type": "generalstats", "headers": headers, "data": data}


def _bars(name: str, title: str, unit: str, data: dict[str, dict[str, float]]) -> dict[str, Any]:
    return {
        "id": f"sscite_{name}", "section_name": f"sscite: {title}",
        "plot_type": "bargraph", "pconfig": {"id": f"sscite_{name}_plot", "title": f"sscite: {title}", "ylab": unit},
        "data": data,
    }  # fmt: skip


def _calls(facts: list[Fact]) -> dict[str, dict[str, float]]:
    names = {"single_rate": "one hashtag", "doublet_rate": "doublet", "negative_rate": "no hashtag"}
    calls = [fact for fact in facts if fact["step"] == "demux_call" and fact["status"] == "done"]
    return {
        f["id"]: {names[key]: f["numbers"][key] for key in names if f["numbers"].get(key) is not None} for f in calls
    }


def _cells(facts: list[Fact]) -> dict[str, dict[str, float]]:
    rows = table(facts, "cohort_merge", "cells")
    return {row["library"]: {name: value for name, value in row.items() if name != "library"} for row in rows}


def _lineages(facts: list[Fact]) -> dict[str, dict[str, float]]:
    counts: dict[str, dict[str, float]] = {}
    for fact in facts:
        if fact["step"] == "annotate_celltypist":
            for row in table([fact], fact["step"], "labels"):
                lineages = counts.setdefault(fact["id"], {})
                lineages[row["lineage"]] = lineages.get(row["lineage"], 0) + row["cells"]
    return counts
