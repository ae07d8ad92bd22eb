"""Clusters of each lineage, named by markers."""
