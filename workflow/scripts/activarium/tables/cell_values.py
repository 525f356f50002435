"""What a cell of an external table says: a name, a number, or nothing."""

import math
import re
import unicodedata
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

MISSING = ("", "na", "n/a", "#n/a", "nan", "none", "null", "<na>", "-")
NUMBER = re.compile(r"[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]{1,3})?")
GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,][0-9]{3})+")  # of a whole number: a thousand, or one?
EXACT = 2**53  # from here on a float is a rounded whole number


def text_name(value: Any) -> str | None:
    """A name without blanks around it, its letters composed; None where it is not text or empty."""
    if not isinstance(value, str) or any(unicodedata.category(c) == "Cc" for c in value.strip()):
        return None
    return unicodedata.normalize("NFC", value.strip()) or None


def whole_number(value: Any) -> int | None:
    """The whole number of 64 bits that a cell surely holds, or None; "3.0" is 3.

    None for "1.000", which may be a thousand, and for what has been rounded: a float beyond
    2^53, or 1.2E+11, which is how Excel shortens what is long.
    """
    number, text = decimal_number(value), str(value).strip()
    if number is None or not -(2**63) <= number < 2**63 or number != number.to_integral_value():
        return None
    if isinstance(value, str) and (GROUPED.fullmatch(text) or re.search("[.,].*[eE]", text)):
        return None
    rounded = isinstance(value, float | np.floating) or re.search("[.,]", text)
    return None if rounded and abs(number) >= EXACT else int(number)


def decimal_number(value: Any) -> Decimal | None:
    """The exact number in a cell, with "." or "," before its decimals; None where there is none.

    Some things that Python reads as numbers are none here: 1_000, digits of other scripts, True.
    """
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
    kinds = int | float | Decimal | np.number
    if isinstance(value, bool | np.bool_) or not isinstance(value, kinds):
        return None
    number = Decimal(value) if isinstance(value, int | Decimal) else Decimal(float(value))
    return number if number.is_finite() else None


def is_missing(value: Any) -> bool:
    """Whether a cell says that nothing is known."""
    if isinstance(value, str):
        return value.strip().casefold() in MISSING
    if isinstance(value, float | np.floating | Decimal):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def shorten(value: Any) -> str:
    """A cell as it stands in a message of one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
