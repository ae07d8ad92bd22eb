"""Differential abundance of subsets between groups of donors."""
