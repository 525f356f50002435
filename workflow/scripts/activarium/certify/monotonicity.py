"""Where a function rises, falls, bends up or down, and whether it is even or odd."""

from flint import arb, fmpq

from . import symbolic
from .enclosure import to_decimals
from .piecewise import PiecewiseFunction, end_to_json
from .unproven import Unproven


def jump_signs(function, k):
    """[(r, sign)]: how f⁽ᵏ⁾ jumps at breakpoints, 0 for not at all."""
    jumps = dict(function.jumps(k))
    return [(r, (jumps[r] > 0) - (jumps[r] < 0) if r in jumps else 0) for r in function.breakpoints]


def monotone_pieces(function: PiecewiseFunction) -> dict:
    """Pieces on which f rises, falls or stays, and what that makes of the whole."""
    words = {1: "increasing", -1: "decreasing", 0: "constant"}
    return _merge_signs(function, 1, words, ("nondecreasing", "nonincreasing"), jumps=0)


def convex_pieces(function: PiecewiseFunction) -> dict:
    """Pieces on which f is convex, concave or straight, and what that makes of the whole."""
    words = {1: "convex", -1: "concave", 0: "affine"}
    found = _merge_signs(function, 2, words, ("convex", "concave"), jumps=1)
    if any(function.smoothness_order(r) < 0 for r in function.breakpoints):
        found["everywhere"] = "neither"  # what is convex on all of R is continuous
    return found


def _merge_signs(function, k, words, weak, jumps):
    """Neighbouring intervals of one sign of f⁽ᵏ⁾ joined, where no jump between them says else."""
    signs, stepped = function.signs(k), dict(jump_signs(function, jumps))
    merged = []
    for low, high, sign in signs:
        before = merged[-1] if merged else None
        jump = stepped.get(low, 0) if isinstance(low, fmpq) else 0
        torn = jumps and isinstance(low, fmpq) and function.smoothness_order(low) < 0
        if before and before[2] == sign and jump in (0, sign) and not torn:
            merged[-1] = (before[0], high, sign)
        else:
            merged.append((low, high, sign))
    all_signs = {sign for _, _, sign in signs} | set(stepped.values()) - {0}
    listed = [_piece_to_json(low, high, words[sign]) for low, high, sign in merged]
    period = function.period(k)
    found = {"everywhere": _describe_whole(all_signs, words, weak), "pieces": listed}
    return found if period is None else found | {"period": to_decimals(period)}


def _piece_to_json(low, high, word):
    return {"from": end_to_json(low, "-inf"), "to": end_to_json(high, "inf"), "is": word}


def parity(function: PiecewiseFunction) -> str:
    """ "even", "odd" or "neither": proven by the expression's form, refuted by values."""
    if _has_parity(function, 1):
        return "even"
    if _has_parity(function, -1):
        return "odd"
    refuted = {sign: _is_refuted(function, sign) for sign in (1, -1)}
    if all(refuted.values()):
        return "neither"
    raise Unproven("its form shows no parity and no value refutes it")


def _has_parity(function, sign):
    turned = [
        (_negate(p.high), _negate(p.low), symbolic.mirror(p.f)) for p in reversed(function.pieces)
    ]
    same = all(
        (low, high) == (p.low, p.high) and (g is p.f if sign > 0 else -g is p.f)
        for p, (low, high, g) in zip(function.pieces, turned, strict=True)
    )
    return same and all(
        function.is_continuous(r, 0) or _value_has_parity(function, r, sign)
        for r in function.breakpoints
    )


def _value_has_parity(function, r, sign):
    there, back = function.value_at(r), function.value_at(-r)
    return isinstance(there, fmpq) and isinstance(back, fmpq) and there == sign * back


def _is_refuted(function, sign):
    for x in (fmpq(7, 10), fmpq(19, 10), fmpq(31, 10)):
        there, back = arb(function.value_at(x)), arb(function.value_at(-x))
        if not (there - sign * back).contains(0):
            return True
    return False


def _negate(end):
    return None if end is None else -end


def _describe_whole(signs, words, weak):
    """The word for the whole function, given every sign of its pieces and jumps."""
    if len(signs) == 1:
        return words[next(iter(signs))]
    if signs == {0, 1}:
        return weak[0]
    if signs == {0, -1}:
        return weak[1]
    return "neither"
