"""Trajectory from the reference tissue to a tissue-specific terminal state."""
