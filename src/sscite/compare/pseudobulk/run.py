"""Sum the counts of every sample in every subset, and count its cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from sscite import command, io, names
from sscite.cohort import file as store
from sscite.cohort import protein
from sscite.compare.pseudobulk import ambient, report, sums
from sscite.compare.statistics import dissociation_stress

NOTHING = AnnData(X=sparse.csr_matrix((0, 0), dtype=np.int64), obs=pd.DataFrame(columns=sums.ROW, dtype=str))


def run(
    *,
    cohort: Path,
    cells: Path,
    ambient_profiles: Path | None,
    output: Path,
    composition: Path,
    ambient_genes: Path,
) -> None:
    """Sum the counts of every sample in every subset, and count its cells.

    Cells that fail quality control, doublets, excluded cells and cells of no sample do not count.
    """
    empty = {composition: sums.COMPOSITION, ambient_genes: ambient.GENE_COLUMNS}
    with command.step("compare_pseudobulk", "cohort", empty=empty) as facts:
        table = io.read_fragment(cells)
        kept = table[sums.keep(table)]
        facts.number(cells=len(table), cells_kept=len(kept))
        NOTHING.write_h5ad(output)  # stays if the step is skipped
        counted = sums.composition(kept)
        order = store.read_index(cohort)
        member, keys = sums.membership(sums.groups(kept), order)
        genes = store.read_element(cohort, "mod/rna/var")
        blocks = store.iterate(cohort, matrix="layers/counts", cells=order.isin(kept.index))
        summed = sums.sum_blocks(member, blocks, len(genes))
        rows = sums.assemble(keys, kept, summed, genes, member.sum(axis=1))
        protein_cells, proteins, values = protein.read_protein(cohort)
        if len(proteins):
            protein_member = sums.membership(sums.groups(kept), protein_cells)[0]
            rows.obsm["prot"] = sums.mean_values(protein_member, values)
            rows.uns["prot"] = proteins.to_numpy(str)
        profiles = ambient.read_profiles(
            sorted(ambient_profiles.glob("*.parquet")) if ambient_profiles else [], genes.index
        )
        if profiles.shape[1] and names.AMBIENT_FRACTION in kept:
            of_cells = kept.reindex(order)
            rows.obsm[ambient.AMBIENT] = ambient.expected_by_library(member, of_cells, profiles.columns)
            rows.varm[ambient.AMBIENT] = profiles.to_numpy()
        io.write_table(ambient.mostly_ambient(rows), ambient_genes)
        report.describe(facts, counted)
        io.write_table(sums.with_stress(counted, dissociation_stress.lineage_scores(rows)), composition)
        rows.write_h5ad(output, compression="lzf")
