"""Counts of cells and summed expression per sample and subset."""
