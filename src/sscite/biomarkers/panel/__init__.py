"""The antibodies and gates that sort a subset on a flow cytometer."""
