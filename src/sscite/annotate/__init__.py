"""Cell types: CellTypist's prediction on sparse counts, lineages, and checks by marker genes and protein."""
