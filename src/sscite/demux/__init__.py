"""Assign droplets to samples: a joint count model of hashtags, two comparison methods, and genotypes."""
