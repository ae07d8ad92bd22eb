"""The one report: gather the facts of all tasks, then draw them."""
