"""Measurements per donor that follow a clinical variable."""
