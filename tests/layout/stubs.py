"""Headers of the tables that the stubs of the processes write."""

from __future__ import annotations

import re

from conftest import ROOT

OPEN = {"design.csv", "signatures_by_subset.csv"}  # further columns follow from covariates or gene sets


def headers() -> dict[tuple[str, str], list[str]]:
    """Return the columns of each table of a stub, by step and file name without an identifier."""
    found = {}
    for path in sorted(ROOT.glob("modules/*/*.nf")):
        stub = path.read_text(encoding="utf-8").partition("\n    stub:")[2]
        for header, file in re.findall(r"echo '([^']*)' > (\S+\.csv)", stub):
            name = re.sub(r"\$\{[^}]*\}\.?", "", file).split("/")[-1]
            found[(f"{path.parent.name}_{path.stem}", name)] = header.split(",")
    return found
