"""The gates as GatingML 2.0, the exchange format of flow cytometry (Spidlen et al. 2015, doi:10.1002/cyto.a.22690)."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from sscite.biomarkers.panel.gates import Gate

Plot = tuple[Gate, ...]  # the one or two gates of a biplot


def biplots(gates: Sequence[Gate]) -> list[Plot]:
    """Pair the gates in their order: two antibodies per biplot, the last alone if their number is odd."""
    return [tuple(gates[i : i + 2]) for i in range(0, len(gates), 2)]


def to_xml(plots: Sequence[Plot], names: Sequence[str]) -> bytes:
    """Write the biplots as nested rectangle gates, `names` one per biplot; channels are the proteins, untransformed."""
    import flowkit

    strategy = flowkit.GatingStrategy()
    path: tuple[str, ...] = ("root",)
    for plot, name in zip(plots, names, strict=True):
        dimensions = [
            flowkit.Dimension(
                gate.protein,
                range_min=gate.low if np.isfinite(gate.low) else None,
                range_max=gate.high if np.isfinite(gate.high) else None,
            )
            for gate in plot
        ]
        strategy.add_gate(flowkit.gates.RectangleGate(name, dimensions), gate_path=path)
        path = (*path, name)
    document = BytesIO()
    flowkit.export_gatingml(strategy, document)
    return document.getvalue()


def gate_with_flowkit(xml: Path, values: pd.DataFrame, last: str) -> np.ndarray:
    """Gate cells (rows of `values`, one column per protein) by the gate `last` of a GatingML file, read by FlowKit."""
    import flowkit

    session = flowkit.parse_gating_xml(str(xml))
    sample = flowkit.Sample(values.astype(float), sample_id="cells")
    return np.asarray(session.gate_sample(sample).get_gate_membership(last), dtype=bool)
