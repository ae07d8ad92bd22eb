"""Small drawings inside tables: an effect with its interval, and shares of the largest value of a column."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from sscite import text

WIDTH, HEIGHT = 96, 16
COLOURS = {"up": "#B84A00", "down": "#0072B2", "": "#55606B"}  # UP and DOWN of the figures, dark enough on white
RATIOS = {"odds ratio", "fold change", "ratio", "hazard ratio"}


def interval(finding: dict[str, Any]) -> Markup:
    """Draw the effect as a dot on its 95% interval beside the line of no effect; nothing without an effect."""
    numbers = [finding[name] for name in ("effect", "low", "high")]
    ratio = finding["unit"] in RATIOS
    if numbers[0] is None or (ratio and any(value is not None and value <= 0 for value in numbers)):
        return Markup("")
    effect, low, high = (None if value is None else math.log2(value) if ratio else value for value in numbers)
    reach = max(abs(value) for value in (effect, low, high) if value is not None) * 1.08 or 1.0
    x = {
        name: _place(value, reach) for name, value in (("effect", effect), ("low", low), ("high", high), ("zero", 0.0))
    }
    colour = COLOURS[finding["direction"] if finding["direction"] in COLOURS else ""]
    line = ""
    if low is not None and high is not None:
        line = f'<line x1="{x["low"]}" x2="{x["high"]}" y1="8" y2="8" stroke="{colour}" stroke-width="2"/>'
    return Markup(
        f'<svg class="interval" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<line x1="{x["zero"]}" x2="{x["zero"]}" y1="0" y2="{HEIGHT}" stroke="#8A949E" stroke-dasharray="2 2"/>'
        f'{line}<circle cx="{x["effect"]}" cy="8" r="4" fill="{colour}"/></svg>'
    )


def effect_text(finding: dict[str, Any]) -> str:
    """Write the effect with its unit and interval: `odds ratio 4.1 (1.6 to 10.5)`."""
    if finding["effect"] is None:
        return text.MISSING
    words = f"{finding['unit']} {text.number(float(finding['effect']), 2)}".strip()
    if finding["low"] is None or finding["high"] is None:
        return words
    return f"{words} ({text.number(float(finding['low']), 2)} to {text.number(float(finding['high']), 2)})"


def shares(records: list[list[Any]], column: int) -> list[float | None]:
    """Return each value of a column as a share of its largest, for the bars behind the numbers."""
    values = [row[column] for row in records]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    largest = max((abs(value) for value in numbers), default=0)
    return [round(abs(value) / largest, 3) if largest and value in numbers else None for value in values]


def _place(value: float | None, reach: float) -> float:
    """Return the horizontal place of a value between -reach and reach."""
    return round(WIDTH / 2 * (1 + (value or 0.0) / reach), 1)
