"""Numbers, plurals and lists in sentences: one format for messages, figures and the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "–"
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: object, digits: int = 3) -> str:
    """Return a value as a reader expects it: `1,920`, `3,466`, `0.018`, `2 × 10⁻⁴⁸`, `yes`.

    Whole numbers and numbers from 1,000 keep all digits before the point; others have `digits` significant digits.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if isinstance(value, int) or abs(value) >= 1000 or float(value).is_integer():
        return f"{value:,.0f}" if abs(value) < 1e12 else _power(value, digits)
    return _power(value, digits) if abs(value) < 1e-3 else _plain(value, digits)


def percent(fraction: float | None, digits: int = 2) -> str:
    """Return a fraction as a percentage without a space: 0.0262 is `2.6%`, 1 is `100%`."""
    if fraction is None or math.isnan(fraction):
        return MISSING
    value = 100 * fraction
    if value and abs(value) < 0.01:
        return "<0.01%" if value > 0 else ">−0.01%"
    return f"{_plain(value, digits if abs(value) < 99.5 else 3)}%"


def p_value(p: float | None) -> str:
    """Return a p value with its sign: `p = 0.018`, `p = 2 × 10⁻⁴⁸`, `p < 10⁻³⁰⁰`."""
    if p is None or math.isnan(p):
        return "p not available"
    return "p < 10⁻³⁰⁰" if p < 1e-300 else f"p = {number(float(p), 2)}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 subset`, `3 subsets`, `1,920 cells`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def listing(names: Sequence[object], most: int = 8) -> str:
    """Return names as a list in a sentence: `a, b and c`; `a, b and 4 more` when there are more than `most`."""
    words = [str(name) for name in names]
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1:,} more"]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _plain(value: float, digits: int) -> str:
    """Round to significant digits; digits before the point are never lost."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}".replace("-", "−")


def _power(value: float, digits: int) -> str:
    """Write a very small or very large number with a power of ten."""
    mantissa, exponent = f"{value:.{max(0, digits - 2)}e}".split("e")
    return f"{mantissa.replace('-', '−')} × 10{str(int(exponent)).translate(SUPERSCRIPT)}"
