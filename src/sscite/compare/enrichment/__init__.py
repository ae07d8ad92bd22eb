"""Gene-set tests on marker genes and on ranked genes of a contrast."""
