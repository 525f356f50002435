"""What torch computes, beside what is proven: rows for the page."""

from .study_tables import label


def measured(numerics):
    """One dict an activation and dtype, from {activation + ".numerics": its numerics}."""
    return [
        {"name": name, "label": label(name), "dtype": dtype} | _row(found)
        for name, dtypes in _named(numerics)
        if "refused" not in dtypes
        for dtype, found in dtypes.items()
    ]


def refused(numerics):
    """{label: reason} of the activations whose numerics could not be measured."""
    return {label(name): found["refused"] for name, found in _named(numerics) if "refused" in found}


def _named(numerics):
    names = ((key.removesuffix(".numerics"), found) for key, found in numerics.items())
    return sorted(names, key=lambda item: label(item[0]).lower())


def _row(found):
    value, gradient, broken = found["value"], found["gradient"], found["not_finite"]
    return {
        "value": error(value["max_abs"]),
        "value_at": place(value["max_abs_at"]),
        "gradient": error(gradient["max_abs"]),
        "ulp": error(value["max_ulp"]),
        "right_to": [right(part.get("right_to")) for part in (value, gradient)],
        "zero": place(value["zero_below"]),
        "wrong_sign": gradient["wrong_sign"],
        "broken": broken["value"] + broken["gradient"],
        "broken_at": place(broken["first_at"]),
    }


def error(number):
    """(what the table sorts by, "6.4e−7")."""
    if number is None:
        return "", "–"
    return number, f"{number:.2g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")


def right(reached):
    """(what the table sorts by, the |x| up to which all is right); tables of old have none."""
    return ("", "–") if reached is None else (reached, f"|x| ≤ {reached:.6g}")


def place(x):
    """A place on the axis, or a dash."""
    return "–" if x is None else f"{x:.4g}".replace("e+", "e").replace("-", "−")
