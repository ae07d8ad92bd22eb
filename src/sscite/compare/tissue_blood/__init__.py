"""Other tissues against the reference tissue."""
