"""Statistical kernels on arrays that the comparison steps share."""
