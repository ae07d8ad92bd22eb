"""The messages that docs/troubleshooting.md explains are those of the code."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
OTHERS = {
    "Plugin with id",
    "exit status",
    "No space left",
    "touch:",
    "cannot cache",
    "Failed to publish",
    "Unrecognized config option",
}  # of Nextflow, Docker, numba, the system
MESSAGES = [
    text
    for text in re.findall(r"^\| `([^`]+)`", PAGE, flags=re.MULTILINE)
    if not any(text.startswith(other) for other in OTHERS)
]


def source() -> str:
    """Return all code with strings that go over several lines joined."""
    paths = [*ROOT.glob("src/**/*.py"), *ROOT.glob("modules/*/main.nf"), ROOT / "tools" / "nextflow" / "nextflow"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return re.sub(r'"\s*\n\s*f?"', "", text).casefold()


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_that_is_explained_exists(message: str):
    code = source()
    parts = [part.strip(" :,()") for part in re.split(r"\.\.\.|'[^']*'|--\w+|\d[\d,.%]*|\bx\b", message)]
    parts = [part for part in parts if len(part) >= 7]
    assert parts
    assert [part for part in parts if part.casefold() not in code] == []
