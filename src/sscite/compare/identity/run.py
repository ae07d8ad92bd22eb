"""Check for each sample sex, donor, genotype and likeness to the other samples against the samplesheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sscite import command, io
from sscite.compare.contrast.contrast import load_samples
from sscite.compare.identity import donors, outliers, report, residuals, sex
from sscite.compare.pseudobulk.files import Pseudobulk, read_pseudobulk
from sscite.errors import Reason, Skipped
from sscite.subsets.signatures import gene_sets

COLUMNS = [
    "sample", "donor", "tissue", "library", "sex_recorded", "sex_expressed", "female_cpm", "male_cpm", "same_donor",
    "resembles", "other", "genotype", "genotype_share", "pc_1", "pc_2", "distance", "outlier",
    "composition_distance", "unusual_lineage", "doubt",
]  # fmt: skip
SEX_COLUMN = "sex"


def run(*, pseudobulk: Path, cells: Path, samples: Path, genes: list[Path], output: Path) -> None:
    """Check for each sample sex, donor, genotype and likeness to the other samples against the samplesheet.

    Writes a table with a row per sample. Nothing is excluded.
    """
    with command.step("compare_identity", "cohort", empty={output: COLUMNS}) as facts:
        data, people = read_pseudobulk(pseudobulk), load_samples(samples)
        if data.obs.empty:
            raise Skipped(Reason.TOO_FEW_CELLS, "no sample has cells")
        lists = gene_sets.read(genes)
        called = donors.genotypes(io.read_fragment(cells))
        table = check(data, people, lists, called)
        conflicts = donors.genotype_conflicts(called)
        report.describe(facts, table, conflicts)
        io.write_table(table.round(4), output)


def check(data: Pseudobulk, people: pd.DataFrame, lists: dict[str, list[str]], called: pd.DataFrame) -> pd.DataFrame:
    """Return a row per sample (COLUMNS); `doubt` names what does not fit: sex, donor, outlier, composition.

    Parameters
    ----------
    data
        Pseudobulk; its lineage rows are used.
    people
        samples.csv, a row per sample.
    lists
        Gene sets `FEMALE`, `MALE` and those whose name begins with `POLYMORPHIC`.
    called
        As `donors.genotypes` returns it.
    """
    people = people[people["sample"].isin(set(data.obs["sample"].astype(str)))]
    table = people[["sample", "donor", "tissue", "library"]].reset_index(drop=True)
    column = next((name for name in people.columns if name.casefold() == SEX_COLUMN), None)
    table["sex_recorded"] = "" if column is None else sex.recorded(people[column]).to_numpy()
    table = table.join(_sexes(data, table["sample"], lists))
    donor = table.set_index("sample")["donor"]
    polymorphic = pd.Index([gene for name, genes in lists.items() if name.startswith("POLYMORPHIC") for gene in genes])
    known = pd.Index([*lists["FEMALE"], *lists["MALE"], *polymorphic])
    similar = donors.compare(residuals.by_lineage(data, polymorphic, min_counts=20_000, within_tissue=False), donor)
    table = table.merge(similar, how="left", on="sample")
    best = called.sort_values("cells", ascending=False).drop_duplicates("sample")
    best = best[["sample", "genotype", "share"]].rename(columns={"share": "genotype_share"})
    table = table.merge(best, how="left", on="sample").fillna({"genotype": "", "resembles": ""})
    rest = data.var_names.difference(known)
    far = outliers.outlying(residuals.by_lineage(data, rest, min_counts=100_000, within_tissue=True))
    mixed = outliers.unusual_composition(data.obs[(data.obs["level"] == "lineage").to_numpy()])
    table = table.merge(far, how="left", on="sample").merge(mixed, how="left", on="sample").reindex(columns=COLUMNS)
    table["unusual_lineage"] = table["unusual_lineage"].fillna("")
    table["outlier"] = table["outlier"].eq(True)
    return table.assign(doubt=_doubts(table))


def _sexes(data: Pseudobulk, samples: pd.Series, lists: dict[str, list[str]]) -> pd.DataFrame:
    """Call the expressed sex of each sample from all its lineages."""
    rows = np.flatnonzero(data.obs["level"] == "lineage")
    counts, place = data.X[rows], pd.Index(samples).get_indexer(data.obs["sample"].iloc[rows].astype(str))
    female, male, totals = np.zeros((3, len(samples)))
    for total, genes in ((female, lists["FEMALE"]), (male, lists["MALE"]), (totals, None)):
        part = counts if genes is None else counts[:, np.flatnonzero(data.var_names.isin(genes))]
        np.add.at(total, place, np.asarray(part.sum(axis=1)).ravel())
    return sex.expressed_sex(female, male, totals)


def _doubts(table: pd.DataFrame) -> list[str]:
    """Name what does not fit of each sample."""
    stranger = set(table.loc[donors.foreign(table), "sample"])
    by_donor = table[table["sex_expressed"].isin([sex.FEMALE, sex.MALE])].groupby("donor")["sex_expressed"].nunique()
    doubts = []
    for row in table.itertuples():
        known = {
            "sex": bool(row.sex_recorded and row.sex_expressed) and row.sex_recorded != row.sex_expressed,
            "sex of donor": by_donor.get(row.donor, 1) > 1,
            "donor": row.sample in stranger,
            "outlier": row.outlier,
            "composition": bool(row.unusual_lineage),
        }
        doubts.append(", ".join(name for name, doubtful in known.items() if doubtful))
    return doubts
