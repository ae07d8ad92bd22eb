"""Whether each sample is who the samplesheet says: sex, donor, genotype, and samples unlike all others."""
