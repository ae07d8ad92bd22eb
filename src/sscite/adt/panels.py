"""One naming for antibody panels: which protein, clone and gene stand behind a feature's name.

Vendors and tools write the same antibody as `CD3_UCHT1|CD3E|AHS0231|pAbO`, `Hu.CD3_UCHT1`, `CD3_TotalSeqB`,
`anti-human CD3 (UCHT1)`, `CD3-1` or `CD3_PROT`. All of these are CD3 here. Names come from `proteins.csv`
(protein, gene symbol, other names; HUGO and the CD nomenclature), which a user's table extends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import pandas as pd

from sscite.errors import UserError

COLUMNS = ["feature", "protein", "clone", "gene", "is_isotype"]
_GREEK = str.maketrans(dict(zip("αβγδεκλ", ["a", "b", "g", "d", "e", "k", "l"], strict=True)))
_SPECIES = r"(?:human|mouse|rat|hu|ms|rt|hums|humsrt)"
_PREFIX = re.compile(
    rf"^(?:(?:adt|ab|abseq|prot|protein|cite|totalseq[-_ ]?[abcd]?)[-_. :]+|[abcd]?0\d{{3}}[-_. ]+"
    rf"|anti[-_. ]+(?:{_SPECIES}(?:[-/_ ]{_SPECIES})*[-_. ]+)?|(?:hums(?:rt)?|hu|ms|rt)\.)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    r"(?:[-_. ]*totalseq[-_ ]*[abcd]?|[-_. ]+(?:prot|protein|adt|ab|abseq|antibody|pabo)|[-_. ]+[acgt]{10,})$",
    re.IGNORECASE,
)
_CLONE = re.compile(r"^(.*?)[-_. ]*\((?:clone[-_: ]*)?([^()]+)\)\s*$", re.IGNORECASE)
_ISOTYPE = re.compile(
    r"isotype|[-_. ](?:control|ctrl)\b"
    r"|^(?:mouse|rat|rag|rabbit|goat|(?:armenian)?[-_. ]?hamster)?[-_. ]*igg?[1-4][abc]?"
    r"(?:[-_. ]?(?:kappa|lambda|k|l|fc|control|\d))*$"
    r"|^(?:mouse|rat|rag|rabbit|(?:armenian)?[-_. ]?hamster)[-_. ]*ig[gam]",
    re.IGNORECASE,
)
_LONE_IMMUNOGLOBULIN = re.compile(r"^ig[-_. ]?g[1-4]?[-_. ]?fc$", re.IGNORECASE)
_CD = re.compile(r"^cd\d+[a-z]{0,2}$", re.IGNORECASE)
_NUMBERED = re.compile(r"^cd\d+[a-z]*[-_. :]+\d", re.IGNORECASE)  # CD3-1 is the first CD3, not CD31
_RHAPSODY = re.compile(r"^(.*?)[|.]([^|.]+)[|.]AHS\d+(?:[|.]pAbO)?$")
_SEPARATOR = re.compile(r"[-_. :]+")


def canonical(features: Sequence[str], *, extra: pd.DataFrame | None = None) -> pd.DataFrame:
    """Name the antibodies of a panel.

    Parameters
    ----------
    features
        Names as the count matrix has them.
    extra
        A user's rows that come first: `feature` and `protein`, optionally `clone`, `gene`, `is_isotype`.

    Returns
    -------
    A row per feature, in the order given: `feature protein clone gene is_isotype matched`. `protein` is unique: the
    first antibody against a protein has the plain name, others have their clone (or their running number) appended.
    `matched` is False where the name is not known; the protein is then the cleaned name and `gene` is empty.
    """
    own = _user_rows(extra)
    rows = [own.get(feature) or name_one(feature) for feature in map(str, features)]
    panel = pd.DataFrame(rows, columns=["protein", "clone", "gene", "is_isotype", "matched"])
    panel.insert(0, "feature", [str(feature) for feature in features])
    panel["protein"] = _unique(panel["protein"], panel["clone"])
    return panel


def name_one(feature: str) -> tuple[str, str, str, bool, bool]:
    """Return protein, clone, gene, whether an isotype control, whether known, of one antibody's name.

    The longest leading part of the cleaned name that is a known protein decides; what follows it is the clone.
    """
    name, clone, gene = _strip(feature)
    if is_isotype(name):
        return name, clone, "", True, True
    for head, tail in [*_splits(name), *_splits(clone)]:
        protein = _aliases().get(_key(head))
        if protein is not None:
            found = str(_known().loc[protein, "gene"])
            rest = clone if head in name and clone and _key(clone) not in _aliases() else tail
            return protein, "" if rest.isdigit() else rest, found, False, True
    cd = next((head for head, _ in _splits(name) if _CD.match(head)), None)
    if cd is not None:
        return cd.upper()[:2] + cd[2:], clone, gene, False, True
    return name, clone, gene, False, False


def is_isotype(name: str) -> bool:
    """Return whether a cleaned name is that of an isotype control."""
    return bool(_ISOTYPE.search(name)) and not _LONE_IMMUNOGLOBULIN.match(name)


def read_mapping(frame: pd.DataFrame) -> pd.DataFrame:
    """Check a user's naming table (all columns text).

    Raises
    ------
    UserError
        A needed column is absent, a protein is empty, or a feature occurs twice.
    """
    problems = [
        f"panel map: no column '{column}'; found {', '.join(frame.columns)}; add it"
        for column in ("feature", "protein")
        if column not in frame
    ]
    if problems:
        raise UserError(problems)
    for row in frame.index[frame["protein"].str.strip() == ""]:
        problems.append(f"panel map, line {row}: feature '{frame.loc[row, 'feature']}' has no protein; fill it in")
    for feature in frame.loc[frame["feature"].duplicated(), "feature"].unique():
        problems.append(f"panel map: feature '{feature}' occurs more than once; keep one row")
    if problems:
        raise UserError(problems)
    return frame


def _user_rows(extra: pd.DataFrame | None) -> Mapping[str, tuple[str, str, str, bool, bool]]:
    """Turn a user's table into what `name_one` gives, keyed by feature; the gene follows from the protein if absent."""
    if extra is None:
        return {}
    rows = {}
    for row in extra.fillna("").to_dict("records"):
        gene = row.get("gene") or (_known()["gene"].get(row["protein"], ""))
        isotype = str(row.get("is_isotype", "")).strip().lower() in {"true", "yes", "1"} or is_isotype(row["protein"])
        rows[row["feature"]] = (row["protein"], row.get("clone", ""), gene, isotype, True)
    return rows


def _strip(feature: str) -> tuple[str, str, str]:
    """Take vendor, species and sequence off; give the name, the clone in brackets, the gene of a Rhapsody name."""
    name, clone, gene = feature.strip().translate(_GREEK), "", ""
    if rhapsody := _RHAPSODY.match(name):
        name, gene = rhapsody.groups()
    name = name.split("|")[0].strip()
    while True:
        shorter = _SUFFIX.sub("", _PREFIX.sub("", name)).strip()
        bracket = _CLONE.match(shorter)
        if bracket and bracket[1]:
            shorter, clone = bracket[1].strip(), clone or bracket[2].strip()
        if shorter in (name, ""):
            return name, clone, gene
        name = shorter


def _splits(name: str) -> Iterable[tuple[str, str]]:
    """List (head, tail) of a name cut at each separator, the longest head first: `CD4_RPA.T4`, `CD4_RPA`, `CD4`."""
    cuts = [(match.start(), match.end()) for match in _SEPARATOR.finditer(name)]
    splits = [(name, ""), *((name[:start], name[end:]) for start, end in reversed(cuts) if start)]
    return [split for split in splits if not _NUMBERED.match(split[0])]


def _key(name: str) -> str:
    """Reduce a name to what is compared: lower-case letters and digits."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _unique(proteins: pd.Series, clones: pd.Series) -> list[str]:
    """Make protein names unique: the first keeps the plain name, others get their clone or a running number."""
    taken: set[str] = set()
    names = []
    for protein, clone in zip(proteins, clones, strict=True):
        name, number = protein, 2
        if name in taken and clone:
            name = f"{protein}_{clone}"
        while name in taken:
            name = f"{protein}_{number}"
            number += 1
        taken.add(name)
        names.append(name)
    return names


@lru_cache
def _known() -> pd.DataFrame:
    """Read the known proteins, indexed by canonical name."""
    with files("sscite.adt").joinpath("proteins.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False, index_col="protein")


@lru_cache
def _aliases() -> dict[str, str]:
    """Map the key of each canonical name and alias to the canonical name."""
    table = {_key(alias): protein for protein, aliases in _known()["aliases"].items() for alias in aliases.split()}
    return {**table, **{_key(protein): protein for protein in _known().index}}
