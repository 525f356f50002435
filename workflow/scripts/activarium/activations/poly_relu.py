"""PolyReLU, a polynomial composition (PolyCom): a learned cubic of the ReLU.

Zhuo, Wang, Zeng, Li, Zhou and Ma 2024, arXiv 2411.03884. The four coefficients are learned, one of
each a layer, from the paper's 0 and 1/3. The paper's other form, PolyNorm, divides by the norm of a
vector, so it is no function of one number and not here. The derivative at the kink 0 is the left
one, 0.
"""

label = "PolyReLU"
formula = "a₀ + a₁·r + a₂·r² + a₃·r³, r = max(0, x), learned from a₀ = 0, others 1/3"

THIRD = 0.3333333333333333


def definition(x, xp, *, a0=0, a1=THIRD, a2=THIRD, a3=THIRD):
    def right(x):
        return x * (a1 + x * (a2 + x * a3)) + a0

    return xp.piecewise(x, 0, lambda x: 0 * x + a0, right, at="left")
