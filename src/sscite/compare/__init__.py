"""Compare donors, groups and tissues: one question a file, the donor is the unit of every test."""
