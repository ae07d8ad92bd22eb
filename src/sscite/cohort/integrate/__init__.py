"""Joint embedding of the cohort, corrected for batches."""
