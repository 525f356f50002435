"""The vocabulary of definitions: what a `definition(x, xp)` may call, once for each kind of number.

A definition is one Python function that every part of Activarium reads. Training runs it on
torch tensors, the tests on numpy arrays, the proofs on jets over balls of real numbers. Each
kind of number has one module here or in `certify` with the functions named in `FUNCTIONS` and,
for pieces,

    xp.piecewise(x, c, left, right, at="right")

`left` and `right` are functions of x; `left` holds for x < c, `right` for x > c, and `at` says
which of them gives the value and the derivative at x = c (for a kink, the derivative that
torch's own module returns there). Conditions are only ever of this form, affine in x and with
an exact c, so that the proofs find every breakpoint exactly.

Numbers in a definition are exact decimals: 0.1 means one tenth, not the nearest double. Write
1 / 6 of x as `x / 6`: Python rounds `1 / 6`, and a float of more than 12 digits is refused. Two
constants are for numbers that cannot be written so:

    xp.decimal("1.0507009873554804934193349852946")    a decimal with more digits than a double
    xp.pi                                              π

and every function also takes a plain number: `xp.sqrt(2 / xp.pi)` is √(2/π), a float for torch
and numpy and a ball that holds it for the proofs. Besides these there are +, -, *, / and whole
powers such as `x**3`, up to MAX_POWER.

A definition's keyword-only arguments are parameters that training learns, and their defaults
are where it starts: `definition(x, xp, *, slope=0.25)`. The proofs hold for the defaults.

`expressions` reads definitions written in one line, `file_checks`, `expression_checks` and
`module_checks` hold what people wrote against these rules, `torch_module` makes a module of a
definition, and `numerics` measures how far torch's numbers are from the proven ones.
"""

MAX_POWER = 16  # the highest whole power

FUNCTIONS = (
    "exp",  # eˣ
    "expm1",  # eˣ − 1, exact near 0
    "log",  # natural logarithm
    "log1p",  # log(1 + x), exact near 0
    "sqrt",
    "sin",
    "cos",
    "atan",
    "asinh",
    "tanh",
    "sigmoid",  # 1 / (1 + e⁻ˣ)
    "softplus",  # log(1 + eˣ)
    "logsigmoid",  # −softplus(−x)
    "erf",
    "ndtr",  # Φ, the standard normal distribution function, through erfc
)
