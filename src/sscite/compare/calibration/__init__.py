"""Null calibration of the primary tests by permuted labels."""
