"""PAU, the Padé activation unit: a rational function that learns all its coefficients.

Molina, Schramowski and Kersting 2020, ICLR, arXiv 1907.06732: degrees 5 and 4, one of each
coefficient a layer. This is the safe form of the authors' code, whose denominator is at least 1;
the paper writes |Σ bₖ·xᵏ| for Σ |bₖ·xᵏ|. It starts near a leaky ReLU on [−3, 3], at the code's
numbers. The derivative jumps at 0 where b₁ is not 0, and is the right one there.
"""

label = "PAU"
formula = "(a₀ + a₁·x + … + a₅·x⁵) / (1 + |b₁·x| + … + |b₄·x⁴|), learned from near a leaky ReLU"
least = {"b1": 0, "b2": 0, "b3": 0, "b4": 0}  # what `module` keeps them above


def definition(
    x,
    xp,
    *,
    a0=0.0335583603,
    a1=0.505000375,
    a2=1.65343934,
    a3=2.01001052,
    a4=0.931901999,
    a5=0.152424124,
    b1=0.00000330847488,
    b2=3.98021568,
    b3=0.000000512471206,
    b4=0.301830109,
):
    def numerator(x):
        return a0 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * a5))))

    def denominator(size):  # of |x|, for coefficients that are not negative
        return 1 + size * (b1 + size * (b2 + size * (b3 + size * b4)))

    return xp.piecewise(
        x,
        0,
        lambda x: numerator(x) / denominator(-x),
        lambda x: numerator(x) / denominator(x),
    )


def module(channels=None):
    from ..definitions.torch_module import DefinitionModule

    class PAU(DefinitionModule):
        """The definition at the absolute values of what is learned of the denominator."""

        def learned_values(self):
            values = super().learned_values()
            return {n: value.abs() if n[0] == "b" else value for n, value in values.items()}

    return PAU(definition, channels=channels)
