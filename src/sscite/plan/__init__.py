"""What a run of the pipeline on a samplesheet will take, from coefficients fitted to finished runs."""
