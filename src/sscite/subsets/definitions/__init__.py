"""Reader and validator of subsets.yaml."""
