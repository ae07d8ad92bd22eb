"""Sheets checked whole, libraries loaded from any format, cells flagged but never dropped, doublets scored."""
