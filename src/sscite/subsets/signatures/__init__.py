"""Gene-set scores of each cell."""
