"""Libraries and their fragments joined into one file."""
