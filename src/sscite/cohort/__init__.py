"""The cohort: all libraries joined, embedded and corrected for what is technical."""
