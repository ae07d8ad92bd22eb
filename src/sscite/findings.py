"""One finding of a comparison, in the form that every step reports and the report orders, grades and draws."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What differs."""

    COMPOSITION = "composition"  # the frequency of a subset
    GENE = "gene"
    GENE_SET = "gene_set"
    PROTEIN = "protein"
    TISSUE_STATE = "tissue_state"  # a state without a counterpart in the reference tissue
    TRAJECTORY = "trajectory"
    INTERACTION = "interaction"  # a ligand-receptor pair
    DISCRIMINATION = "discrimination"  # features of donors that separate two groups in held-out donors
    CORRELATION = "correlation"  # a feature of donors that follows a number or ordered levels
    STAGE = "stage"  # a change within donors over stages


class Concern(StrEnum):
    """What else could explain a finding; the report prints the sentence. New concerns are added here."""

    STRESS = "explained by dissociation or handling stress"
    STRESS_NOT_ADJUSTABLE = "stress is collinear with the groups and could not be adjusted for"
    AMBIENT = "explained by the ambient RNA of the libraries"
    QUALITY = "mitochondrial or ribosomal gene"
    BATCH = "batch and group are confounded"
    DEPTH = "the groups differ in cells per donor"
    SPREAD = "does not hold when the groups may differ in variance"
    CLOSURE = "compensates for the change of another subset"
    ONE_DONOR = "depends on one donor"
    FEW_DONORS = "so few donors that no permutation test reaches 0.05"
    NULL_CALIBRATION = "the test is anti-conservative under permuted labels"


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes
    ----------
    kind
        What differs.
    feature
        Name of the subset, gene, gene set, protein, state or pair.
    subset
        Where the feature was measured; empty if the feature is a subset.
    direction
        `up`, `down` or empty: in the target relative to the reference.
    comparison
        Target against reference in the user's words, `SRC against SSc without SRC`.
    effect, low, high, unit
        Effect with its 95% interval and what it is (`odds ratio`, `log2 fold change`, ...); None if not estimated.
    p, error_rate
        Adjusted p value, and what it controls (`family-wise` or `FDR`).
    donors_reference, donors_target
        Donors with data in each group.
    agreement, methods
        Number of methods that report it, of how many; None if there is one method.
    worst_p, influential_donor
        Largest p when one donor is left out, and which donor; None if not computed.
    p_given_stress
        p with the donors' dissociation stress score as a covariate; None if not tested.
    concerns
        What else could explain it.
    text
        One sentence with the numbers behind it (percent in each group, ...).
    figure, table
        File name of the figure of this step's summary, and path of the table, that show it.
    """

    kind: Kind
    feature: str
    comparison: str
    subset: str = ""
    direction: str = ""
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    p: float | None = None
    error_rate: str = "family-wise"
    donors_reference: int | None = None
    donors_target: int | None = None
    agreement: int | None = None
    methods: int | None = None
    worst_p: float | None = None
    influential_donor: str = ""
    p_given_stress: float | None = None
    concerns: list[Concern] = field(default_factory=list)
    text: str = ""
    figure: str = ""
    table: str = ""

    def record(self) -> dict[str, Any]:
        """Return the finding as a dictionary of plain values; concerns by name."""
        return {
            **asdict(self),
            "kind": self.kind.value,
            "concerns": [concern.name.lower() for concern in self.concerns],
        }
