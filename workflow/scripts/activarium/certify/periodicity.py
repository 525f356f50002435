"""Periodicity, read from the expression: f(x) = slope·x + something of period 2π / frequency."""

from math import gcd, lcm
from typing import TYPE_CHECKING

from flint import fmpq

if TYPE_CHECKING:
    from .symbolic import Node


class Aperiodic(Exception):
    """The expression is not of this form, as far as its structure tells."""


def slope_and_frequency(n, done=None):
    """(slope, frequency) of a branch-free expression; frequency is None for a straight line.

    Raises Aperiodic where the structure does not show it: sums, products and functions of
    what has the same period have it too, and the sine of slope·x + periodic has it as well.
    `done` remembers what was found of each node.
    """
    done = {} if done is None else done
    if n not in done:
        done[n] = _slope_and_frequency(n, done)
    return done[n]


def _slope_and_frequency(n, done):
    if n.op == "polynomial":
        if n.value.degree() > 1:
            raise Aperiodic
        return n.value[1], None
    if n.constant:
        return fmpq(0), None
    parts = [slope_and_frequency(a, done) for a in n.args]
    slopes = [slope for slope, _ in parts]
    common = _common_frequency([frequency for _, frequency in parts])
    if n.op == "add":
        return sum(slopes, fmpq(0)), common
    if n.op == "mul" and n.args[0].op == "polynomial" and n.args[0].constant:
        return n.args[0].value[0] * slopes[1], common
    if n.op in ("sin", "cos") and slopes[0] != 0:
        return fmpq(0), _common_frequency([abs(slopes[0]), common])
    if any(slopes):
        raise Aperiodic
    return fmpq(0), common


def _common_frequency(frequencies):
    """The largest frequency of which all are whole multiples."""
    known = [f for f in frequencies if f is not None]
    if not known:
        return None
    total = known[0]
    for f in known[1:]:
        total = fmpq(gcd(int(total.p), int(f.p)), lcm(int(total.q), int(f.q)))
    return total


def find_period(n: "Node") -> tuple[int, fmpq] | None:
    """(k, frequency): f⁽ᵏ⁾ and all higher derivatives have period 2π / frequency; or None."""
    try:
        slope, frequency = slope_and_frequency(n)
    except Aperiodic:
        return None
    return None if frequency is None else (1 if slope else 0, frequency)
