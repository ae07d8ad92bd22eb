"""Read the options of the simulation scripts; every problem is reported at once."""

from __future__ import annotations

from collections.abc import Iterable

from sscite.errors import UserError
from sscite.simulate import plan, profiles

BACKGROUND = 100  # fewest background genes


def parse(
    donors: str, effects: str, *, effect: float, kidney: int, lung: int, genes: int
) -> tuple[dict[str, int], dict[str, float]]:
    """Turn the options into donors by group and fold changes by finding.

    Raises
    ------
    UserError
        Unknown groups or effects, more tissue samples than donors who can give them, too few genes.
    """
    problems: list[str] = []
    given = {} if donors == "study" else _numbers(donors, "--donors", plan.GROUPS, problems)
    groups = dict(plan.STUDY_GROUPS) if donors == "study" else {name: int(n) for name, n in given.items()}
    fold = dict.fromkeys(plan.EFFECTS, effect) | _numbers(effects, "--effects", plan.EFFECTS, problems)
    if not problems and not sum(groups.values()):
        problems.append(f"--donors '{donors}': no donors; give at least one, such as HD=4,SRC=4")
    for option, wanted, group in (("--kidney", kidney, "SRC"), ("--lung", lung, "ILD")):
        if wanted > groups.get(group, 0):
            problems.append(
                f"{option} {wanted}: there are {groups.get(group, 0)} {group} donors; give at most that many"
            )
    if genes < len(profiles.named_genes()) + BACKGROUND:
        problems.append(f"--genes {genes}: at least {len(profiles.named_genes()) + BACKGROUND} are needed")
    if problems:
        raise UserError(problems)
    return groups, fold


def _numbers(text: str, option: str, allowed: Iterable[str], problems: list[str]) -> dict[str, float]:
    """Read `name=number,name=number`; what is wrong goes to `problems`."""
    found: dict[str, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if name not in allowed or number < 0:
            problems.append(f"{option} '{part}': write name=number, number at least 0, names {', '.join(allowed)}")
        found[name] = number
    return found
