"""Every activation as a formula written anew in mpmath, to hold definitions and proofs against."""

from mpmath import mp


def mp_sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def mp_softplus(x):
    return mp.log(1 + mp.exp(x))


def mp_normal(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def mp_clip(x, low, high):
    return min(max(x, low), high)


def mp_polynomial(coefficients, x):
    return sum(mp.mpf(c) * x**k for k, c in enumerate(coefficients))


PAU_ABOVE = [
    "0.0335583603",
    "0.505000375",
    "1.65343934",
    "2.01001052",
    "0.931901999",
    "0.152424124",
]
PAU_BELOW = ["1", "3.30847488e-6", "3.98021568", "5.12471206e-7", "0.301830109"]

FORMULAS = {
    "aptx": lambda x: (1 + mp.tanh(x)) * x / 2,
    "berlu": lambda x: (
        x
        if x > mp.mpf("0.01")
        else x / 100
        if x < mp.mpf("-0.01")
        else mp.mpf("24.75") * x**2 + mp.mpf("0.505") * x + mp.mpf("0.002475")
    ),
    "derf": lambda x: mp.erf(x / 2),
    "dyn_mish": lambda x: x * (1 - 2 / ((1 + mp.exp(x)) ** 2 + 1)),
    "erf_act": lambda x: x * mp.erf(mp.mpf("0.75") * mp.exp(mp.mpf("0.75") * x)),
    "gelu_sinc": lambda x: x * mp_normal(x) * (1 + mp.sinc(mp.pi * x) / 2),
    "gelu_sine": lambda x: x * mp_normal(x) + mp.sin(x) / 10,
    "leaky_relu2": lambda x: max(x, x / 2) ** 2,
    "poly_relu": lambda x: (
        mp.mpf("0.3333333333333333") * sum(max(x, mp.mpf(0)) ** k for k in (1, 2, 3))
    ),
    "pserf": lambda x: x * mp.erf(mp.mpf("1.25") * mp_softplus(mp.mpf("0.85") * x)),
    "smooth_relu2": lambda x: x * (x + mp.sqrt(x**2 + mp.mpf("0.04"))) / 2,
    "smu": lambda x: x - mp.mpf("0.99") * x * mp.erfc(mp.mpf("2.475") * x) / 2,
    "dyt": lambda x: mp.tanh(x / 2),
    "elish": lambda x: (x if x >= 0 else mp.exp(x) - 1) / (1 + mp.exp(-x)),
    "elu": lambda x: x if x > 0 else mp.exp(x) - 1,
    "erf_relu": lambda x: x if x >= 0 else mp.erf(x),
    "gcu": lambda x: x * mp.cos(x),
    "gelu": lambda x: x * mp_normal(x),
    "gelu_tanh": lambda x: (
        x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    ),
    "gish": lambda x: x * mp.log(2 - mp.exp(-mp.exp(x))),
    "golu": lambda x: x * mp.exp(-mp.exp(-x)),
    "hard_elish": lambda x: (x if x >= 0 else mp.exp(x) - 1) * mp_clip((x + 1) / 2, 0, 1),
    "hard_mish": lambda x: x * mp_clip(x + 2, 0, 2) / 2,
    "hardsigmoid": lambda x: mp_clip(x + 3, 0, 6) / 6,
    "hardswish": lambda x: x * mp_clip(x + 3, 0, 6) / 6,
    "isrlu": lambda x: x if x >= 0 else x / mp.sqrt(1 + x**2),
    "laplace": lambda x: (
        (1 + mp.erf((x - mp.sqrt(mp.mpf(1) / 2)) / (mp.sqrt(1 / (4 * mp.pi)) * mp.sqrt(2)))) / 2
    ),
    "lisht": lambda x: x * mp.tanh(x),
    "logish": lambda x: x * mp.log(1 + mp_sigmoid(x)),
    "logsigmoid": lambda x: mp.log(mp_sigmoid(x)),
    "mish": lambda x: x * mp.tanh(mp_softplus(x)),
    "phish": lambda x: x * mp.tanh(x * mp_normal(x)),
    "quick_gelu": lambda x: x * mp_sigmoid(mp.mpf("1.702") * x),
    "selu": lambda x: (
        mp.mpf("1.0507009873554804934193349852946")
        * (x if x > 0 else mp.mpf("1.6732632423543772848170429916717") * (mp.exp(x) - 1))
    ),
    "serf": lambda x: x * mp.erf(mp_softplus(x)),
    "sign_relu": lambda x: x if x >= 0 else x / (abs(x) + 1),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "smish": lambda x: x * mp.tanh(mp.log(1 + mp_sigmoid(x))),
    "snake": lambda x: x + mp.sin(x) ** 2,
    "softplus": mp_softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "squareplus": lambda x: (x + mp.sqrt(x**2 + 4)) / 2,
    "star_relu": lambda x: mp.mpf("0.8944") * max(x, 0) ** 2 - mp.mpf("0.4472"),
    "swish": lambda x: x * mp_sigmoid(x),
    "swish_t": lambda x: x * mp_sigmoid(x) + mp.tanh(x) / 10,
    "tanh_exp": lambda x: x * mp.tanh(mp.exp(x)),
    "xielu": lambda x: (
        mp.mpf("0.8") * x**2 + x / 2
        if x > 0
        else mp.mpf("0.8") * (mp.exp(x) - 1) - mp.mpf("0.8") * x + x / 2
    ),
    "acon_c": lambda x: x * mp_sigmoid(x),
    "bent_identity": lambda x: (mp.sqrt(x**2 + 1) - 1) / 2 + x,
    "celu": lambda x: max(x, mp.mpf(0)) + min(mp.mpf(0), mp.exp(x) - 1),
    "exp_expish": lambda x: x * mp.exp(-mp.exp(-x)),
    "hardshrink": lambda x: x if abs(x) > mp.mpf(1) / 2 else 0 * x,
    "hardtanh": lambda x: mp_clip(x, -1, 1),
    "identity": lambda x: x,
    "isru": lambda x: x / mp.sqrt(1 + x**2),
    "leaky_relu": lambda x: x if x > 0 else x / 100,
    "pau": lambda x: mp_polynomial(PAU_ABOVE, x) / mp_polynomial(PAU_BELOW, abs(x)),
    "penalized_tanh": lambda x: mp.tanh(x) / (1 if x > 0 else 4),
    "prelu": lambda x: x if x > 0 else x / 4,
    "relu": lambda x: max(x, mp.mpf(0)),
    "relu2": lambda x: max(x, mp.mpf(0)) ** 2,
    "relu6": lambda x: mp_clip(x, 0, 6),
    "rrelu": lambda x: x if x > 0 else 11 * x / 48,
    "sigmoid": mp_sigmoid,
    "sine": mp.sin,
    "softshrink": lambda x: x - mp_clip(x, mp.mpf(-1) / 2, mp.mpf(1) / 2),
    "tanh": mp.tanh,
    "tanhshrink": lambda x: x - mp.tanh(x),
    "telu": lambda x: x * mp.tanh(mp.exp(x)),
    "threshold": lambda x: x if x > 1 else 0 * x,
}
