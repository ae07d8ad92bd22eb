"""Ligand-receptor interactions in a tissue: LIANA's consensus of methods, and the donors that express each pair.

LIANA (Dimitrov et al. 2022, doi:10.1038/s41467-022-30755-0; 2024, doi:10.1038/s41556-024-01469-w) pools the cells of
all donors. So each pair is also evaluated in every donor. Co-expression does not prove signalling.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from sscite import names
from sscite.errors import Reason, Skipped

if TYPE_CHECKING:
    from anndata import AnnData

    from sscite.subsets.definitions.questions import Recruitment
    from sscite.subsets.definitions.subsets import Definitions

COLUMNS = [
    "tissue", "sender", "receiver", "ligand", "receptor", "magnitude_rank", "specificity_rank", "donors",
    "donors_tested", "in_question", "ambient",
]  # fmt: skip
NAMED_COLUMNS = [
    "tissue", "ligand", "sender", "sender_share", "sender_donors", "receiver", "receptor", "receiver_share",
    "receiver_donors", "magnitude_rank", "specificity_rank",
]  # fmt: skip
MOST_GROUPS = 20
CELLS_OF_SUBSET, PERMUTATIONS, EXPRESSED = 300, 100, 0.1
CELLS_OF_DONOR, FEWEST_CELLS = 10, 5
KEPT = 5000


@dataclass(frozen=True)
class Answer:
    """Answer to a recruitment question: one row per ligand and sender, and the genes or subset that are absent."""

    question: Recruitment
    table: pd.DataFrame
    absent: tuple[str, ...]


def lineages_of_questions(known: Definitions) -> set[str]:
    """Return the lineages that the questions refer to."""
    named = known.questions
    subsets = [question.subset for question in named.gene_sets] + [question.receiver for question in named.recruitment]
    return {known.subsets[name].lineage for name in subsets} | {question.lineage for question in named.trajectories}


def select_cells(cells: pd.DataFrame, tissue: str, lineages: set[str], *, min_cells: int, seed: int) -> pd.DataFrame:
    """Select at most 300 cells of each subset of a tissue, evenly over donors; subsets with `min_cells` cells.

    Beyond twenty subsets, lineages other than those named, if any is, enter whole: pairs grow with the square of the
    groups.

    Raises
    ------
    Skipped
        NO_SUBSETS with fewer than two such subsets.
    """
    part = cells[cells[names.TISSUE].astype(str) == tissue]
    subset = part[names.SUBSET].astype(str)
    part = part[~subset.isin(["", names.UNASSIGNED])]
    part = part.assign(subset=part[names.SUBSET].astype(str), donor=part[names.DONOR].astype(str))
    if lineages and part["subset"].nunique() > MOST_GROUPS:
        lineage = part[names.LINEAGE].astype(str)
        part["subset"] = part["subset"].where(lineage.isin(lineages), lineage)
    size = part.groupby("subset")["subset"].transform("size")
    part = part[size >= min_cells]
    if part["subset"].nunique() < 2:
        raise Skipped(Reason.NO_SUBSETS, f"{tissue}: {part['subset'].nunique()} subsets with {min_cells} cells")
    shuffled = part.iloc[np.random.default_rng(seed).permutation(len(part))]
    turn = shuffled.groupby(["subset", "donor"]).cumcount()
    ordered = shuffled.iloc[np.argsort(turn.to_numpy(), kind="stable")]
    return ordered[ordered.groupby("subset").cumcount() < CELLS_OF_SUBSET]


def resource() -> pd.DataFrame:
    """Return LIANA's packaged consensus of pairs; it needs no network."""
    from liana.resource import select_resource

    return select_resource("consensus")


def genes_needed(pairs: pd.DataFrame, questions: Iterable[Recruitment] = ()) -> list[str]:
    """List the genes of all pairs and questions, complexes split."""
    both = [*pairs["ligand"], *pairs["receptor"]]
    both += [name for question in questions for name in (*question.ligands, question.receptor)]
    return list(dict.fromkeys(gene for name in both for gene in name.split("_")))


def expressed_pairs(data: AnnData, pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep the pairs whose ligand and receptor are expressed by some subset, all parts of a complex.

    Raises
    ------
    Skipped
        NO_PAIRS if none is left: LIANA would stop with an error.
    """
    needed, measured = genes_needed(pairs), pd.Index(data.var_names)
    indices = data.obs.groupby(data.obs["subset"].astype(str)).indices.values()
    groups = [rows for rows in indices if len(rows) >= FEWEST_CELLS]
    seen = sparse.csr_matrix(data.X > 0, dtype=np.float32)
    share = pd.DataFrame([np.asarray(seen[rows].mean(axis=0)).ravel() for rows in groups], columns=measured)
    both = pd.unique(pairs[["ligand", "receptor"]].to_numpy().ravel())
    measurable = [name for name in both if measured.get_indexer(name.split("_")).min() >= 0]
    made = {name for name in measurable if share[name.split("_")].min(axis=1).max() >= EXPRESSED}
    kept = pairs[pairs["ligand"].isin(made) & pairs["receptor"].isin(made)]
    if kept.empty:
        found = int(pd.Index(needed).isin(measured).sum())
        raise Skipped(
            Reason.NO_PAIRS,
            f"{found} of the {len(needed)} genes looked for ({', '.join(needed[:4])} and others) are seen "
            f"in the cells, none of {len(pairs)} pairs in {EXPRESSED:.0%} of a subset; human gene symbols are expected",
        )
    return kept


def consensus(data: AnnData, *, seed: int) -> pd.DataFrame:
    """Rank the pairs of genes and subsets; low ranks are strong (magnitude) and specific (specificity).

    Parameters
    ----------
    data
        X log1p of counts per 10,000; obs with `subset`.

    Raises
    ------
    Skipped
        NO_PAIRS if no pair is expressed.
    """
    from liana.method import rank_aggregate

    pairs = expressed_pairs(data, resource())
    data.obs["subset"] = data.obs["subset"].astype("category")
    found = rank_aggregate(
        data, groupby="subset", resource=pairs, expr_prop=EXPRESSED, min_cells=FEWEST_CELLS, n_perms=PERMUTATIONS,
        use_raw=False, seed=seed, inplace=False, verbose=False,
    )  # fmt: skip
    found = found.rename(
        columns={"source": "sender", "target": "receiver", "ligand_complex": "ligand", "receptor_complex": "receptor"}
    )
    columns = ["sender", "receiver", "ligand", "receptor", "magnitude_rank", "specificity_rank"]
    return found[columns].sort_values(["magnitude_rank", "specificity_rank"], ignore_index=True)


def expression_fractions(data: AnnData) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the share of cells that express each gene, per donor and subset with ten cells.

    Returns
    -------
    the rows (donor, subset), and shares of shape (n_rows, n_genes)
    """
    keys = data.obs[["donor", "subset"]].astype(str)
    groups = keys.groupby(["donor", "subset"]).indices
    kept = {key: rows for key, rows in groups.items() if len(rows) >= CELLS_OF_DONOR}
    seen = sparse.csr_matrix(data.X > 0, dtype=np.float32)
    values = [np.asarray(seen[rows].mean(axis=0)).ravel() for rows in kept.values()]
    return pd.DataFrame(list(kept), columns=["donor", "subset"]), np.array(values).reshape(len(kept), data.n_vars)


def count_donors(table: pd.DataFrame, rows: pd.DataFrame, share: np.ndarray, genes: pd.Index) -> pd.DataFrame:
    """Count the donors in whom 10% of the sender express the ligand and 10% of the receiver the receptor.

    Returns
    -------
    the table with `donors`, and `donors_tested`: those with enough cells of both
    """
    people = sorted(set(rows["donor"]))
    of_donor = pd.Index(people).get_indexer(rows["donor"])
    of_subset = rows.groupby("subset").indices
    high: dict[tuple[str, str], np.ndarray] = {}

    def expressing(subset: str, complex_name: str) -> np.ndarray:
        """Per donor: 1 expressing, 0 not, NaN too few cells."""
        if (subset, complex_name) not in high:
            places = genes.get_indexer(complex_name.split("_"))
            mine = of_subset.get(subset, np.array([], int))
            value = np.full(len(people), np.nan)
            least = share[mine][:, places].min(axis=1) if (places >= 0).all() else np.zeros(len(mine))
            value[of_donor[mine]] = least >= EXPRESSED
            high[subset, complex_name] = value
        return high[subset, complex_name]

    pairs = [expressing(r.sender, r.ligand) * expressing(r.receiver, r.receptor) for r in table.itertuples()]
    both = np.array(pairs).reshape(len(table), len(people))
    return table.assign(donors=np.nansum(both, axis=1).astype(int), donors_tested=np.isfinite(both).sum(axis=1))


def answer_question(
    data: AnnData, table: pd.DataFrame, rows: pd.DataFrame, share: np.ndarray, question: Recruitment
) -> Answer:
    """Answer a recruitment question: which subsets express its ligands, whether its receiver expresses the receptor.

    Every sender of the tissue is listed, also if LIANA excludes the pair because a gene is rare. For a complex
    (`ITGA4_ITGB1`) the rarest part counts.
    """
    genes = pd.Index(data.var_names)
    subset = data.obs["subset"].astype(str).to_numpy()
    places = {name: genes.get_indexer(name.split("_")) for name in (*question.ligands, question.receptor)}
    absent = [name for name, found in places.items() if found.min() < 0]
    absent += [question.receiver] * (question.receiver not in subset)
    ligands = [name for name in question.ligands if name not in absent]
    if not ligands or question.receptor in absent or question.receiver in absent:
        return Answer(question, pd.DataFrame(columns=NAMED_COLUMNS), tuple(absent))

    def seen(name: str, gene: str) -> tuple[float, int]:
        """Return the share of a subset's cells, and the donors in whom a tenth of ten or more cells express it."""
        mine = share[(rows["subset"] == name).to_numpy()][:, places[gene]].min(axis=1)
        cells = data.X[np.flatnonzero(subset == name)][:, places[gene]] > 0
        return float(cells.mean(axis=0).min()), int((mine >= EXPRESSED).sum())

    carried = (question.receiver, question.receptor, *seen(question.receiver, question.receptor))
    found = [(ligand, name, *seen(name, ligand), *carried) for ligand in ligands for name in sorted(set(subset))]
    named = pd.DataFrame(found, columns=NAMED_COLUMNS[1:9])
    ranks = table[["sender", "receiver", "ligand", "receptor", "magnitude_rank", "specificity_rank"]]
    named = named.merge(ranks, how="left", on=["sender", "receiver", "ligand", "receptor"])
    return Answer(question, named.sort_values("sender_share", ascending=False, ignore_index=True), tuple(absent))


def is_named(table: pd.DataFrame, questions: Iterable[Recruitment]) -> list[bool]:
    """Return for each pair whether a question names its ligand and receptor."""
    pairs = {(ligand, question.receptor) for question in questions for ligand in question.ligands}
    return [pair in pairs for pair in zip(table["ligand"], table["receptor"], strict=True)]


def mark_ambient(table: pd.DataFrame, ambient: pd.DataFrame, tissue: str) -> list[str]:
    """Return which genes of each pair are mostly ambient RNA: ligand in the sender, receptor in the receiver, or both.

    Parameters
    ----------
    ambient
        Genes that are mostly ambient in a subset of a tissue, as `sscite.compare.pseudobulk.ambient` lists them.
    """
    here = ambient[ambient["tissue"] == tissue]
    soup = set(zip(here["subset"], here["gene"], strict=True))

    def is_ambient(subset: str, complex_name: str) -> bool:
        return any((subset, gene) in soup for gene in complex_name.split("_"))

    return [
        ", ".join([*["ligand"] * is_ambient(r.sender, r.ligand), *["receptor"] * is_ambient(r.receiver, r.receptor)])
        for r in table.itertuples()
    ]


def answers_table(answers: list[Answer], tissue: str) -> pd.DataFrame:
    """Concatenate the answers of a tissue, in the order of the questions."""
    parts = [answer.table for answer in answers if len(answer.table)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=NAMED_COLUMNS)
    return table.assign(tissue=tissue)[NAMED_COLUMNS]
