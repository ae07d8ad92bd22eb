"""Differential abundance of neighbourhoods of cells (Milo)."""
