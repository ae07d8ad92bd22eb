"""Differential expression between groups of donors, by pseudobulk."""
