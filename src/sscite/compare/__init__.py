"""Compare donors, groups and tissues: one question a file, the donor is the unit of every test.

Question `x` is answered in `x.py`, drawn in `figures_x.py`, reported in `report_x.py` (or by its figures, if short):

    design, composition, calibration, abundance, expression, enrichment, tissue_blood, trajectory,
    ligand_receptor, stage

What only one of them uses, by question:

    composition      permutation (family-wise p), separation (do donors of a group lie together)
    expression       expression_model (the fit)
    trajectory       bridging (what comes before an end), state_graph (what connects), pseudotime (where cells lie on
                     the way), along (what changes on it)

What all share: contrasts (what is compared), checks (whether it can be), questions (a contrast at a time), pseudobulk
(sums by donor and subset), cohort_file and space_file (what is read), statistics, stress (dissociation).
"""
