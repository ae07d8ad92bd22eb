"""Subsets of each lineage: clusters named by markers, signatures, tissue states."""
