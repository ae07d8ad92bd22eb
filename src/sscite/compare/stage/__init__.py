"""Longitudinal changes within donors."""
