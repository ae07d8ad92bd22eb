"""Text as spreadsheets write it: invisible and look-alike characters, missing values, numbers of other locales."""

from __future__ import annotations

import re
import unicodedata

# hyphens, minus signs and dashes that editors put for '-'
HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe58\ufe63\uff0d"), "-")
# Cyrillic and Greek letters that look like Latin ones
LOOK_ALIKES = str.maketrans("АВЕКМНОРСТХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTXaeopcyxijsABEZHIKMNOPTYXo")
MISSING = {"", "na", "n/a", "nan", "#n/a", "#nv", "#n/d", "<na>"}
EXCEL_ERRORS = {"#ref!", "#value!", "#div/0!", "#name?", "#num!", "#null!", "#bezug!", "#wert!", "#zahl!"}
NO_NUMBER = {"-", "--", ".", "?", "*", "none", "null", "unknown", "missing", "nd", "n.d.", "not done", "not available"}
NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)?(\.\d+)?([eE][+-]?\d+)?")  # a leading zero, as in 007, makes a name
DECIMAL_COMMA = re.compile(r"[+-]?(0|[1-9]\d*),\d+")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")


def clean_path(value: str) -> str:
    """Return a path without outer spaces of any kind or a byte order mark; what is inside stays."""
    return unicodedata.normalize("NFC", value).strip().strip("\ufeff\u200b").strip()


def clean(value: str) -> str:
    """Return a value without invisible characters, with plain spaces and hyphens, and composed characters one way."""
    if value.isascii():
        return value.strip()
    text = unicodedata.normalize("NFC", value).translate(HYPHENS)
    visible = (c for c in text if unicodedata.category(c) != "Cf")
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in visible).strip()


def same_key(value: str) -> str:
    """Return what two values share that a reader takes for the same: case, spaces and look-alike letters removed."""
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value).translate(LOOK_ALIKES)
    return re.sub(r"\s+", "", value).casefold()


def is_number(value: str) -> bool:
    """Return whether a text is a number and not a name such as 007 or an empty text."""
    return bool(value) and any(c.isdigit() for c in value) and bool(NUMBER.fullmatch(value))


def decimal_points(levels: list[str]) -> dict[str, str] | None:
    """Return each number with a decimal point in place of its comma; None unless all are numbers and some have one."""
    if not levels or not all(is_number(level) or DECIMAL_COMMA.fullmatch(level) for level in levels):
        return None
    commas = {level: level.replace(",", ".") for level in levels if "," in level}
    return commas or None


def is_ambiguous(levels: list[str]) -> bool:
    """Return whether every comma could separate thousands: `1,234` is 1.234 or 1234."""
    commas = [level for level in levels if "," in level]
    return bool(commas) and all(THOUSANDS.fullmatch(level) for level in commas)
