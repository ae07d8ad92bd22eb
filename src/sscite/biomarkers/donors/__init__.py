"""Features of donors against clinical variables: held-out discrimination of two levels, rank correlation of numbers."""
