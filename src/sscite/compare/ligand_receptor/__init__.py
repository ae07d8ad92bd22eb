"""Ligand-receptor interactions in a tissue."""
