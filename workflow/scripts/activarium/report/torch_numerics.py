"""What torch computes, beside what is proven: rows for the page."""

from collections.abc import Mapping

from .study_tables import label


def numerics_rows(numerics: Mapping[str, Mapping]) -> list[dict]:
    """One dict an activation and dtype, from {activation + ".numerics": its numerics}."""
    return [
        {"name": name, "label": label(name), "dtype": dtype} | _row(found)
        for name, dtypes in _named(numerics)
        if "refused" not in dtypes
        for dtype, found in dtypes.items()
    ]


def unmeasured(numerics: Mapping[str, Mapping]) -> dict[str, str]:
    """{label: reason} of the activations whose numerics could not be measured."""
    return {label(name): found["refused"] for name, found in _named(numerics) if "refused" in found}


def _named(numerics):
    names = ((key.removesuffix(".numerics"), found) for key, found in numerics.items())
    return sorted(names, key=lambda item: label(item[0]).lower())


def _row(found):
    value, gradient, broken = found["value"], found["gradient"], found["not_finite"]
    return {
        "value": _error(value["max_abs"]),
        "value_at": format_place(value["max_abs_at"]),
        "gradient": _error(gradient["max_abs"]),
        "ulp": _error(value["max_ulp"]),
        "right_to": [_right_to(part.get("right_to")) for part in (value, gradient)],
        "zero": format_place(value["zero_below"]),
        "wrong_sign": gradient["wrong_sign"],
        "broken": broken["value"] + broken["gradient"],
        "broken_at": format_place(broken["first_at"]),
    }


def _error(number):
    """(what the table sorts by, "6.4e−7")."""
    if number is None:
        return "", "–"
    return number, f"{number:.2g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")


def _right_to(reached):
    """(what the table sorts by, the |x| up to which all is right); tables of old have none."""
    return ("", "–") if reached is None else (reached, f"|x| ≤ {reached:.6g}")


def format_place(x: float | None) -> str:
    """A place on the axis, or a dash."""
    return "–" if x is None else f"{x:.4g}".replace("e+", "e").replace("-", "−")
