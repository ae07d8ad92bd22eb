"""Dissociation stress: genes that digesting a tissue switches on, and whether a finding may be no more than that.

Blood needs no digestion, so every comparison of a tissue with blood is also one of digested with undigested cells.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# van den Brink et al. 2017, doi:10.1038/nmeth.4437: genes that enzymatic dissociation induced in a part of the cells.
# Human symbols of the published mouse genes, of today: NOCT was Ccrn4l, CCN1 Cyr61, ERFE Fam132b, H3-3B H3f3b.
STRESS_GENES = frozenset(
    """
    ACTG1 ANKRD1 ARID5A ATF3 ATF4 BAG3 BHLHE40 BRD2 BTG1 BTG2 CCN1 CYR61 CCNL1 NOCT CEBPB CEBPD CEBPG CSRNP1 CXCL1
    DCN DDX3X DDX5 DES DNAJA1 DNAJB1 DNAJB4 DUSP1 DUSP8 EGR1 EGR2 EIF1 EIF5 ERF ERRFI1 ERFE FOS FOSB FOSL2 GADD45A
    GADD45G GCC1 GEM H3-3B H3F3B HIPK3 HSP90AA1 HSP90AB1 HSPA1A HSPA1B HSPA5 HSPA8 HSPB1 HSPE1 HSPH1 ID3 IDI1 IER2
    IER3 IER5 IFRD1 IL6 IRF1 IRF8 ITPKC JUN JUNB JUND KLF2 KLF4 KLF6 KLF9 LITAF LMNA MAFF MAFK MCL1 MIDN MIR22HG
    MT1X MT2A MYADM MYC MYD88 NCKAP5L NCOA7 NFKBIA NFKBIZ NOP58 NPPC NR4A1 ODC1 OSGIN1 OXNAD1 PCF11 PDE4B PER1
    PHLDA1 PNP PNRC1 PPP1CC PPP1R15A PXDC1 RAP1B RASSF1 RHOB RHOH RIPK1 SAT1 SBNO2 SDC4 SERPINE1 SKIL SLC10A6
    SLC38A2 SLC41A1 SOCS3 SQSTM1 SRF SRSF5 SRSF7 STAT3 TAGLN2 TIPARP TNFAIP3 TNFAIP6 TPM3 TPPP3 TRA2A TRA2B TRIB1
    TUBB4B TUBB6 UBC USP2 WAC ZC3H12A ZFAND5 ZFP36 ZFP36L1 ZFP36L2 ZYX
    """.split()  # noqa: SIM905 a list of a hundred and forty quoted names would hide itself
)
# those of the list that answer within minutes in nearly every cell type: immediate-early, heat-shock genes (our choice)
CORE_GENES = tuple(
    """
    FOS FOSB JUN JUNB JUND EGR1 ATF3 IER2 IER3 BTG2 ZFP36 DUSP1 NR4A1 PPP1R15A NFKBIA SOCS3 KLF6 HSPA1A HSPA1B HSPA8
    HSP90AA1 HSP90AB1 HSPB1 HSPH1 DNAJA1 DNAJB1
    """.split()  # noqa: SIM905 as above
)
SHRINKAGE = 0.5


def score(counts: np.ndarray, genes: pd.Index) -> np.ndarray:
    """Score each row of summed counts: the mean over the core genes of log2 of counts per 10,000 plus one.

    Parameters
    ----------
    counts
        Summed raw counts, shape (n_rows, n_genes).

    Returns
    -------
    shape (n_rows,); NaN everywhere where fewer than five core genes were measured
    """
    columns = np.flatnonzero(genes.isin(CORE_GENES))
    if len(columns) < 5:
        return np.full(len(counts), np.nan)
    totals = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.log2(1e4 * counts[:, columns] / totals + 1).mean(axis=1)


def explained(
    effect: np.ndarray, significant: np.ndarray, adjusted_effect: np.ndarray, adjusted_p: np.ndarray
) -> np.ndarray:
    """Mark findings that the stress score alone explains.

    A finding counts as explained when, with the donor's stress score as a covariate, it is no longer significant
    (p >= 0.05) and its effect has lost half its size or changed sign. The second condition keeps a finding from being
    marked only because a covariate costs power.
    """
    with np.errstate(invalid="ignore"):
        shrunk = adjusted_effect * np.sign(effect) < (1 - SHRINKAGE) * np.abs(effect)
        lost = ~(adjusted_p < 0.05)
    return significant & shrunk & lost
