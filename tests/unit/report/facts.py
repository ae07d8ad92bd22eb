"""Facts and findings as steps write them, for the tests of the report."""

from __future__ import annotations


def fact(step: str, id: str, **changes: object) -> dict:
    blank = {
        "step": step, "id": id, "status": "done", "reason": None, "detail": "", "summary": "", "numbers": {},
        "findings": [], "warnings": [], "tables": [], "figures": [], "seed": 0, "versions": {"numpy": "2.5.5"},
        "seconds": 1.5, "peak_memory_mb": 100,
    }  # fmt: skip
    return blank | changes


def finding(**changes: object) -> dict:
    """A finding that meets every rule of the grade strong."""
    blank = {
        "kind": "composition", "feature": "CD14_EGR1", "comparison": "SRC against SSc without SRC", "subset": "",
        "direction": "up", "effect": 4.1, "low": 1.6, "high": 10.5, "unit": "odds ratio", "p": 0.018,
        "error_rate": "family-wise", "donors_reference": 8, "donors_target": 4, "agreement": 4, "methods": 4,
        "worst_p": 0.04, "influential_donor": "SRC02", "p_given_stress": None,
        "concerns": [], "text": "2.6% to 9.0% of all cells",
        "figure": "SRC.compare_composition.donors.png", "table": "composition.csv",
    }  # fmt: skip
    return blank | changes


def table(name: str, columns: list[str], *records: list) -> dict:
    return {
        "name": name, "title": name, "caption": "", "columns": columns, "rows": len(records), "records": list(records),
    }  # fmt: skip


def cohort() -> list[dict]:
    """A small cohort: two libraries, one contrast with a finding, one that was skipped."""
    sheet = ["sample", "donor", "tissue", "SRC"]
    samples = [["a", "P1", "blood", "yes"], ["b", "P2", "blood", "no"], ["c", "P1", "kidney", "yes"]]
    contrasts = table(
        "contrasts", ["contrast", "contrast_id", "variable"], ["SRC against SSc without SRC", "SRC_id", "SRC"]
    )
    figure = {"name": "donors", "file": "SRC_id.compare_composition.donors.png", "title": "Each donor", "caption": ""}
    return [
        fact("samples_validate", "cohort", tables=[table("samples", sheet, *samples), contrasts]),
        fact("samples_load", "L1", numbers={"cells": 900}, summary="900 cells"),
        fact("samples_load", "L2", numbers={"cells": 100}, summary="100 cells"),
        fact("cohort_merge", "cohort", numbers={"cells_used": 890}),
        fact("compare_composition", "SRC_id", findings=[finding()], figures=[figure],
             tables=[table("tests", ["subset", "p"], ["CD14_EGR1", 0.018])]),
        fact("compare_stage", "cohort", status="skipped", detail="no donor was sampled at several stages"),
    ]  # fmt: skip
