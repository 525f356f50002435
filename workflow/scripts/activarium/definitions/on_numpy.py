"""The primitives on numpy arrays of float64, for tests and drawings that need no torch."""

import numpy as np
from scipy import special

exp, expm1, log, log1p = np.exp, np.expm1, np.log, np.log1p
sqrt, sin, cos, atan, asinh = np.sqrt, np.sin, np.cos, np.arctan, np.arcsinh
tanh, sigmoid, erf, ndtr = np.tanh, special.expit, special.erf, special.ndtr
logsigmoid = special.log_expit
pi, decimal = np.pi, float


def softplus(x):
    """log(1 + eˣ)."""
    return -special.log_expit(-x)


def piecewise(x, c, left, right, at="right"):
    """Each branch sees only its own side of c."""
    below = x < c if at == "right" else x <= c
    return np.where(below, left(np.minimum(x, c)), right(np.maximum(x, c)))
