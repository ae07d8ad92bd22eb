"""Study design: confounding and power of a contrast."""
