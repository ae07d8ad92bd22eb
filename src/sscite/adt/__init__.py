"""The surface protein room: naming, background correction, normalisation and quality of antibodies."""
