"""A profile held against a formula in mpmath: every way in which the two disagree, as a sentence.

Nothing of `activarium.certify` is used here: values, derivatives, zeros and integrals come from
mpmath at 40 digits, on a fine grid and at random points.
"""

import random

import mpmath
from mpmath import mp

DIGITS = 40
SLACK = mp.mpf(10) ** -20  # mpmath's own rounding in differences and integrals
KEYS = {"zeros": 0, "stationary_points": 1, "inflection_points": 2}
RANGES = {"range_f": 0, "range_fprime": 1, "range_fsecond": 2}


def points(profile, n=400, seed=0):
    """Places to look at: a grid, random ones, and some close to each breakpoint and zero."""
    rng = random.Random(seed)
    found = [mp.mpf(k) / 10 + mp.mpf(1) / 1000 for k in range(-n // 4, n // 4 + 1)]
    found += [mp.mpf(rng.gauss(0, 3)) for _ in range(n // 4)]
    found += [mp.mpf(rng.uniform(-40, 40)) for _ in range(n // 8)]
    near = list(profile["breakpoints"] or [])
    near += [p["x"] for key in KEYS for p in profile[key] or []]
    found += [mp.mpf(ends[0]) + d for ends in near for d in (-0.01, 0.01, -1e-6, 1e-6)]
    return found


def violations(profile, formula, n=400):
    """Every disagreement between the profile and `formula`, a list of sentences."""
    with mpmath.workdps(DIGITS):
        xs = _off_breakpoints(profile, points(profile, n))
        jets = {x: _derivatives(formula, x) for x in xs}
        return [
            *_outside_ranges(profile, jets),
            *_wrong_zeros(profile, formula, jets),
            *_wrong_pieces(profile, jets),
            *_wrong_asymptotes(profile, formula),
            *_wrong_parity(profile, formula),
            *_wrong_constants(profile, jets),
        ]


def _off_breakpoints(profile, xs):
    kinks = [mp.mpf(b[0]) for b in profile["breakpoints"] or []]
    return [x for x in xs if all(abs(x - k) > 1e-9 for k in kinks)]


def _derivatives(formula, x):
    """[f, f′, f″] by central differences of a step that breaks no piece apart."""
    with mpmath.workdps(90):
        h = mp.mpf(10) ** -25
        low, here, high = formula(x - h), formula(x), formula(x + h)
        return [here, (high - low) / (2 * h), (high - 2 * here + low) / (h * h)]


def _below(a, b):
    return a < b - SLACK * max(1, abs(b))


def _outside_ranges(profile, jets):
    for key, k in RANGES.items():
        if profile[key] is None:
            continue
        low = mp.mpf(profile[key]["inf"]["value"][0])
        high = mp.mpf(profile[key]["sup"]["value"][1])
        for x, values in jets.items():
            if _below(values[k], low) or _below(high, values[k]):
                yield f"{key}: {mp.nstr(values[k], 15)} at x = {mp.nstr(x, 8)}"


def _wrong_zeros(profile, formula, jets):
    """Zeros where there are none, and changes of sign on the grid that no zero explains."""
    for key, k in KEYS.items():
        if profile[key] is None:
            continue
        for p in profile[key]:
            yield from _wrong_zero(key, k, p, formula, profile)
        if any("period" in p for p in profile[key]):
            continue
        known = [mp.mpf(p["x"][0]) for p in profile[key]]
        known += [mp.mpf(b[0]) for b in profile["breakpoints"]]
        xs = sorted(jets)
        for a, b in zip(xs, xs[1:], strict=False):
            seen = min(abs(jets[a][k]), abs(jets[b][k])) > SLACK
            change = seen and jets[a][k] * jets[b][k] < 0
            if change and not any(a - SLACK <= z <= b + SLACK for z in known):
                yield f"{key}: no zero between {mp.nstr(a, 8)} and {mp.nstr(b, 8)}"


def _wrong_zero(key, k, p, formula, profile):
    low, high = map(mp.mpf, p["x"])
    if any(mp.mpf(b[0]) <= high and low <= mp.mpf(b[1]) for b in profile["breakpoints"]):
        return
    d = mp.mpf(10) ** -7
    places = (low - d, (low + high) / 2, high + d)
    below, here, above = (_derivatives(formula, x)[k] for x in places)
    size = max(abs(below), abs(above))
    if abs(here) > size * mp.mpf(10) ** -6:
        yield f"{key}: {mp.nstr(here, 8)} is not 0 at x = {p['x'][0]}"
    if (below * above < 0) != (p["multiplicity"] % 2 == 1):
        yield f"{key}: multiplicity {p['multiplicity']} at x = {p['x'][0]}"


def _wrong_pieces(profile, jets):
    words = {
        "increasing": 1,
        "decreasing": -1,
        "constant": 0,
        "convex": 1,
        "concave": -1,
        "affine": 0,
    }
    for key, k in (("monotone", 1), ("convex", 2)):
        for piece in (profile[key] or {"pieces": []})["pieces"]:
            low, high = _end(piece["from"], 1), _end(piece["to"], 0)
            for x, values in jets.items():
                sign = 0 if abs(values[k]) < SLACK else mp.sign(values[k])
                if low < x < high and sign not in (0, words[piece["is"]]):
                    yield f"{key}: not {piece['is']} at x = {mp.nstr(x, 8)}"


def _end(end, side):
    return mp.mpf(end) if isinstance(end, str) else mp.mpf(end[side])


def _wrong_asymptotes(profile, formula):
    for side, line in (profile["asymptotes"] or {}).items():
        for remainder in line.get("remainder", ()):
            slope, level = mp.mpf(line["slope"][0]), mp.mpf(line["intercept"][0])
            with mpmath.workdps(400):
                for factor in (1, 1.1, 2, 7):
                    x = remainder["from"] * mp.mpf(factor) * (1 if side == "right" else -1)
                    rest = abs(formula(x) - slope * x - level)
                    if rest > mp.mpf(remainder["bound"]) + abs(x) * mp.mpf(10) ** -23:
                        yield f"asymptotes: {mp.nstr(rest, 8)} left at x = {mp.nstr(x, 8)}"


def _wrong_parity(profile, formula):
    sign = {"even": 1, "odd": -1}.get(profile["parity"])
    for x in (mp.mpf("0.7123"), mp.mpf("2.9"), mp.mpf("7.01")):
        same = abs(formula(-x) - (sign or 0) * formula(x)) < SLACK
        if sign and not same:
            yield f"parity: not {profile['parity']} at x = {x}"


def _wrong_constants(profile, jets):
    for key, k in (("lipschitz", 1), ("smoothness", 2)):
        if profile[key] is not None:
            high = mp.mpf(profile[key][1])
            for x, values in jets.items():
                if _below(high, abs(values[k])):
                    yield f"{key}: {mp.nstr(abs(values[k]), 15)} at x = {mp.nstr(x, 8)}"


def moment_violations(profile, formula):
    """Gaussian moments against mpmath's own quadrature at 30 digits."""
    with mpmath.workdps(30):
        kinks = sorted(mp.mpf(b[0]) for b in profile["breakpoints"])
        edges = sorted({*kinks, *(mp.mpf(k) for k in (-16, -8, -4, -2, 0, 2, 4, 8, 16))})

        def expect(g):
            return mp.quad(lambda x: g(x) * mp.npdf(x), edges)

        integrals = {
            "Ef": expect(formula),
            "Ef2": expect(lambda x: formula(x) ** 2),
            "hermite.1": expect(lambda x: formula(x) * x),
            "hermite.2": expect(lambda x: formula(x) * (x * x - 1)) / mp.sqrt(2),
        }
        for key, value in integrals.items():
            name, _, index = key.partition(".")
            got = profile["gaussian"][name]
            low, high = map(mp.mpf, got[int(index)] if index else got)
            if not low - mp.mpf(10) ** -14 <= value <= high + mp.mpf(10) ** -14:
                yield f"gaussian.{key}: {mp.nstr(value, 18)} is not in [{low}, {high}]"
