"""Cell types: CellTypist's prediction on sparse counts, lineages, and protein as their witness."""
