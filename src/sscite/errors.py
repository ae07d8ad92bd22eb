"""The two ways a step ends other than done.

UserError   the input is wrong: one message, exit 2, nothing written half
Skipped     the input is fine but this step has nothing to work on: empty files, a reason, exit 0

Anything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class UserError(Exception):
    """The user's input is wrong; carries every problem found, not only the first.

    A problem says what was found, where (file, row, column), what is allowed and what to do.
    """

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class Reason(StrEnum):
    """Why a step was skipped. The report prints the sentence; a new reason is added here."""

    NO_HASHTAGS = "the library has no hashtags"
    NO_ANTIBODIES = "the library has no antibody counts"
    NO_RNA = "the library has no RNA counts"
    TOO_FEW_CELLS = "too few cells"
    LOW_GENE_OVERLAP = "too few genes are shared with the model"
    NO_LABELS = "the cells carry no cell type labels"
    ONE_LIBRARY = "there is one library: nothing to integrate"
    ONE_TISSUE = "there is one tissue: nothing to compare it with"
    NO_SUBSETS = "no cell was assigned to the subsets in question"
    TOO_FEW_DONORS = "too few donors in a group"
    COLLINEAR_DESIGN = "the covariates determine the groups"
    NO_GENE_SETS = "no gene sets were given"
    NO_PAIRS = "no pair of ligand and receptor is expressed"
    NO_TERMINAL_STATE = "no tissue-specific state was found (every state has a counterpart in the reference tissue)"
    NO_ROOT = "no marker of the root was measured"
    NO_PREDECESSOR = "no state qualifies as predecessor of the terminal state"
    NO_STAGE = "no donor was sampled at several stages"
    NO_CONTRAST = "no contrast was given and none follows from the samplesheet"
    NO_VARIABLE = "no clinical variable differs between donors of the reference tissue"
    NO_QUESTION = "subsets.yaml has no question of this kind"
    NOT_REQUESTED = "it was switched off by a parameter"


class Skipped(Exception):
    """A step has nothing to work on; `detail` gives the numbers behind the reason."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason.value}{f' ({detail})' if detail else ''}")
