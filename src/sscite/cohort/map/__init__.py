"""New cells mapped onto a finished cohort."""
