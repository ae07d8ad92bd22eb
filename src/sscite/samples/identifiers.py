"""Identifiers of libraries and contrasts, safe in file names and scripts."""

from __future__ import annotations

from collections.abc import Iterable

from sscite.command import file_stem

LONGEST_ID = 80


def slugs(names: Iterable[str]) -> list[str]:
    """Return an identifier for each name, unique also where case does not count."""
    taken: set[str] = set()
    next_number: dict[str, int] = {}
    identifiers = []
    for name in names:
        stem = file_stem(name)[:LONGEST_ID].lstrip("-+.") or "unnamed"
        slug = stem
        while slug.casefold() in taken:
            next_number[stem.casefold()] = number = next_number.get(stem.casefold(), 1) + 1
            slug = f"{stem}-{number}"
        taken.add(slug.casefold())
        identifiers.append(slug)
    return identifiers
