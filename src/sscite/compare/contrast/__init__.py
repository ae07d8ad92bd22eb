"""The model of a contrast: groups, donors, covariates, and who is eligible."""
