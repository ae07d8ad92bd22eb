"""Counterparts of tissue cells in the reference tissue."""
