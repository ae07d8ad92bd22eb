"""Which features are genes, antibodies or hashtags."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sscite.formats.vocabulary import OTHER, TYPE_OF, modality
from sscite.names import FEATURE_TYPE, GENE_ID, HASHTAG, PROTEIN, RNA

if TYPE_CHECKING:
    from numpy.typing import NDArray

HASHTAG_NAME = re.compile(
    r"hash[-_ .]?tag|^hto(?![a-z])|[-_ ]hto[-_ ]?\d*$|sample_?tag|stabo$|^cmo\d{3}|multi[-_]?seq", re.IGNORECASE
)
ANTIBODY_NAME = re.compile(
    r"totalseq|\|pabo$|[-_. ](prot|adt)$|^(adt|prot|ab)[-_. :]|abseq|AHS\d{4}|isotype|anti[-_ ](human|mouse)",
    re.IGNORECASE,
)
ISOTYPE_NAME = re.compile(r"^((mouse|rat|hamster)[-_ .]?)?Ig[GMAE]\d?[abc]?([-_ .].*)?$")  # genes are IGHG1, Ighg1
ENSEMBL = re.compile(r"(\w+?_+)?ENS[A-Z]*[GTP]\d{6,}")
MADE_UNIQUE = re.compile(r"(.+)[-._]1")  # how R, pandas and scanpy write the second column of a name
CLUSTER_OF_DIFFERENTIATION = re.compile(r"CD\d+[A-Za-z]{0,2}")
TAG_WITH_SEQUENCE = re.compile(r"(.+?)-([ACGTN]{6,})")
UNMAPPED = {"unmapped", "no_match", "nomatch", "bad_struct", "total_reads", "ambiguous"}
SHOWN = 5
FEWEST_KNOWN = 3  # names of known proteins that show that a table holds antibodies


def feature_frame(
    names: Sequence[str] | NDArray, ids: Sequence[str] | NDArray | str = "", types: Sequence[str] | NDArray | str = ""
) -> pd.DataFrame:
    """Build the features' table; one text for `ids` or `types` stands for all."""
    index = pd.Index([str(name) for name in names], name="feature", dtype=object)
    return pd.DataFrame({GENE_ID: ids, FEATURE_TYPE: types}, index=index).astype(object)


def without_sequence(name: str) -> tuple[str, str]:
    """Return name and sequence of a tag that CITE-seq-Count writes as `name-SEQUENCE`; the sequence may be empty."""
    match = TAG_WITH_SEQUENCE.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")


def split_features(features: pd.DataFrame, hashtags: Collection[str] = ()) -> NDArray[np.str_]:
    """Separate genes, antibodies and hashtags.

    A hashtag is what the file types as one, an antibody named as one, or what the samplesheet names (by feature name or
    identifier) unless the file types it as a gene. The file's type goes before the name; without a type the name
    decides: patterns, then the table of known antibodies (`known_antibodies`); all others are genes.

    Parameters
    ----------
    features
        Indexed by name, columns `gene_id` and `feature_type`.
    hashtags
        Names in the samplesheet.

    Returns
    -------
    'rna', 'prot', 'hto', or '' for other assays (peaks, guides); shape (features,).
    """
    named = set(hashtags)
    kinds = np.array(
        [
            _modality(name, kind, is_named=name in named or bool(gene_id and gene_id in named))
            for name, gene_id, kind in zip(features.index, features[GENE_ID], features[FEATURE_TYPE], strict=True)
        ],
        dtype="<U4",
    )
    kinds[(kinds == RNA) & known_antibodies(features)] = PROTEIN
    return kinds


def known_antibodies(features: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which features without a type, or typed as genes, are antibodies by the table of known antibodies.

    A feature with an Ensembl identifier never is. If most features have one, a known protein without it is an antibody.
    Otherwise its name must be that of a protein and no gene symbol (CD45RA, CD3), and its gene must be a feature too,
    or two more features must be named so.
    """
    proteins = surface_proteins()
    upper = features.index.str.upper()
    ensembl = np.array([bool(ENSEMBL.match(str(gene_id))) for gene_id in features[GENE_ID]], dtype=bool)
    untyped = np.array([not kind or modality(kind) == RNA for kind in features[FEATURE_TYPE]], dtype=bool)
    if ensembl.mean() > 0.5:
        return untyped & ~ensembl & upper.isin([*proteins, *proteins.values()])
    symbols = set(proteins.values())
    named = untyped & ~ensembl & (features[FEATURE_TYPE] == "").to_numpy()
    named &= np.array([name in proteins and name not in symbols for name in upper], dtype=bool)
    present = set(upper)
    beside_gene = np.array([proteins.get(name, "") in present for name in upper], dtype=bool)
    return named & (beside_gene | (named.sum() >= FEWEST_KNOWN))


def _modality(name: str, feature_type: str, *, is_named: bool) -> str:
    """Return the modality of one feature by type, then by name."""
    if feature_type:
        found = modality(feature_type) or OTHER
        return HASHTAG if found == PROTEIN and (is_named or HASHTAG_NAME.search(name)) else found
    if is_named or HASHTAG_NAME.search(name):
        return HASHTAG
    return PROTEIN if is_antibody_name(name) else RNA


def is_antibody_name(name: str) -> bool:
    """Return whether a name says by itself that it is an antibody."""
    return bool(ANTIBODY_NAME.search(name) or ISOTYPE_NAME.match(name))


def settle_types(features: pd.DataFrame, where: str) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Compare types with names: one that says antibody or hashtag is believed unless an Ensembl identifier denies it.

    STARsolo types every feature 'Gene Expression'. In a table without types, the second column
    of a surface protein's name (`CD4.1` beside `CD4`) is the antibody.

    Returns
    -------
    The features with their types, what the report should warn of, and problems.
    """
    problems = _unknown_types(features, where)
    types = features[FEATURE_TYPE].astype(object).copy()
    ensembl = np.array([bool(ENSEMBL.match(str(gene_id))) for gene_id in features[GENE_ID]], dtype=bool)
    said = np.array([_said(name) for name in features.index], dtype=object)
    typed_gene = np.array([bool(kind) and modality(kind) == RNA for kind in types], dtype=bool)
    wrong = typed_gene & (said != "")
    if (wrong & ensembl).any():
        listed = _some(features.index[wrong & ensembl])
        problems.append(
            f"{where}: named as antibodies or hashtags, but typed as genes with an Ensembl identifier: {listed}; "
            "correct "
            "their type (Antibody Capture) or their name in the feature reference and export the file again"
        )
    doubts = []
    believed = wrong & ~ensembl
    if believed.any():
        types[believed] = [TYPE_OF[kind] for kind in said[believed]]
        doubts.append(
            f"{int(believed.sum()):,} features are typed as genes in the file and named as antibodies or hashtags "
            f"({_some(features.index[believed])}): they were read as what their names say"
        )
    twice = _second_columns(features, types, ensembl)
    if twice.any():
        types[twice] = TYPE_OF[PROTEIN]
        doubts.append(
            f"the file has no feature types: {_some(features.index[twice])} stand beside a gene of the same name and "
            "were "
            "read as antibodies; give antibodies in a file of their own (adt_counts) or a format with feature types"
        )
    settled = features.assign(**{FEATURE_TYPE: types})
    return (_without_suffix(settled, twice) if twice.any() else settled), doubts, problems


def _said(name: str) -> str:
    """Return the modality that a name says by itself; empty where it says none."""
    if HASHTAG_NAME.search(name):
        return HASHTAG
    return PROTEIN if is_antibody_name(name) else ""


def _second_columns(features: pd.DataFrame, types: pd.Series, ensembl: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find, in a file without types, features named as an earlier one with the suffix that makes names unique."""
    if (types != "").any() or len(features) < 2:
        return np.zeros(len(features), dtype=bool)
    names = set(features.index)
    first = [match[1] if (match := MADE_UNIQUE.fullmatch(str(name))) else "" for name in features.index]
    proteins = surface_proteins()
    known = {*proteins, *proteins.values()}
    is_protein = [name.upper() in known or CLUSTER_OF_DIFFERENTIATION.fullmatch(name) for name in first]
    second = [name in names and bool(protein) for name, protein in zip(first, is_protein, strict=True)]
    return np.array(second, dtype=bool) & ~ensembl


@lru_cache(maxsize=1)
def surface_proteins() -> dict[str, str]:
    """Return the proteins that antibody panels measure, each with its gene symbol (may be empty), in upper case."""
    with files("sscite.adt").joinpath("proteins.csv").open(encoding="utf-8") as stream:
        return {row["protein"].upper(): row["gene"].upper() for row in csv.DictReader(stream)}


def _without_suffix(features: pd.DataFrame, mask: NDArray[np.bool_]) -> pd.DataFrame:
    """Remove the suffix that made the names of antibodies unique among the genes."""
    index = [name[:-2] if chosen else name for name, chosen in zip(features.index, mask, strict=True)]
    return features.set_axis(pd.Index(index, name=features.index.name, dtype=object))


def _unknown_types(features: pd.DataFrame, where: str) -> list[str]:
    """Report feature types that no tool is known to write."""
    kinds = features[FEATURE_TYPE]
    unknown = [kind for kind in dict.fromkeys(kinds) if kind and modality(kind) is None]
    if not unknown:
        return []
    counted = ", ".join(f"'{kind}' ({int((kinds == kind).sum()):,})" for kind in unknown[:SHOWN])
    return [
        f"{where}: unknown feature types: {counted}; allowed are {', '.join(TYPE_OF.values())} and the usual other "
        "assays "
        "(CRISPR Guide Capture, Peaks, Custom); correct the types in the file"
    ]


def is_unmapped(features: pd.DataFrame) -> NDArray[np.bool_]:
    """Find the rows of counters that tools write beside tags (`unmapped`, `no_match`, `total_reads`, ...)."""
    return np.array(
        [
            str(name).strip().casefold() in UNMAPPED and modality(str(kind)) != RNA
            for name, kind in zip(features.index, features[FEATURE_TYPE], strict=True)
        ],
        dtype=bool,
    )


def _some(names: pd.Index) -> str:
    """List the first few names."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + more
