"""Where a function rises, falls, bends up or down, and whether it is even or odd."""

from flint import arb, fmpq

from . import symbolic
from .enclosure import pair
from .piecewise import end_in_json
from .unproven import Unproven


def steps(shape, k):
    """[(r, sign)]: how f⁽ᵏ⁾ jumps at breakpoints, 0 for not at all."""
    jumps = dict(shape.jumps(k))
    return [(r, (jumps[r] > 0) - (jumps[r] < 0) if r in jumps else 0) for r in shape.breakpoints]


def monotone(shape):
    """Pieces on which f rises, falls or stays, and what that makes of the whole."""
    words = {1: "increasing", -1: "decreasing", 0: "constant"}
    return _pieces_of(shape, 1, words, ("nondecreasing", "nonincreasing"), jumps=0)


def convex(shape):
    """Pieces on which f is convex, concave or straight, and what that makes of the whole."""
    words = {1: "convex", -1: "concave", 0: "affine"}
    found = _pieces_of(shape, 2, words, ("convex", "concave"), jumps=1)
    if any(shape.order(r) < 0 for r in shape.breakpoints):
        found["everywhere"] = "neither"  # what is convex on all of R is continuous
    return found


def _pieces_of(shape, k, words, weak, jumps):
    """Neighbouring intervals of one sign of f⁽ᵏ⁾ joined, where no jump between them says else."""
    signs, stepped = shape.signs(k), dict(steps(shape, jumps))
    merged = []
    for low, high, sign in signs:
        before = merged[-1] if merged else None
        jump = stepped.get(low, 0) if isinstance(low, fmpq) else 0
        torn = jumps and isinstance(low, fmpq) and shape.order(low) < 0
        if before and before[2] == sign and jump in (0, sign) and not torn:
            merged[-1] = (before[0], high, sign)
        else:
            merged.append((low, high, sign))
    all_signs = {sign for _, _, sign in signs} | set(stepped.values()) - {0}
    listed = [_piece(low, high, words[sign]) for low, high, sign in merged]
    period = shape.period(k)
    found = {"everywhere": _whole(all_signs, words, weak), "pieces": listed}
    return found if period is None else found | {"period": pair(period)}


def _piece(low, high, word):
    return {"from": end_in_json(low, "-inf"), "to": end_in_json(high, "inf"), "is": word}


def parity(shape):
    """ "even", "odd" or "neither": proven by the expression's form, refuted by values."""
    if _mirrors(shape, 1):
        return "even"
    if _mirrors(shape, -1):
        return "odd"
    refuted = {sign: _refutes(shape, sign) for sign in (1, -1)}
    if all(refuted.values()):
        return "neither"
    raise Unproven("its form shows no parity and no value refutes it")


def _mirrors(shape, sign):
    turned = [
        (_minus(p.high), _minus(p.low), symbolic.mirrored(p.f)) for p in reversed(shape.pieces)
    ]
    same = all(
        (low, high) == (p.low, p.high) and (g is p.f if sign > 0 else -g is p.f)
        for p, (low, high, g) in zip(shape.pieces, turned, strict=True)
    )
    return same and all(
        shape.continuous(r, 0) or _value_mirrors(shape, r, sign) for r in shape.breakpoints
    )


def _value_mirrors(shape, r, sign):
    there, back = shape.value_at(r), shape.value_at(-r)
    return isinstance(there, fmpq) and isinstance(back, fmpq) and there == sign * back


def _refutes(shape, sign):
    for x in (fmpq(7, 10), fmpq(19, 10), fmpq(31, 10)):
        there, back = arb(shape.value_at(x)), arb(shape.value_at(-x))
        if not (there - sign * back).contains(0):
            return True
    return False


def _minus(end):
    return None if end is None else -end


def _whole(signs, words, weak):
    """The word for the whole function, given every sign of its pieces and jumps."""
    if len(signs) == 1:
        return words[next(iter(signs))]
    if signs == {0, 1}:
        return weak[0]
    if signs == {0, -1}:
        return weak[1]
    return "neither"
