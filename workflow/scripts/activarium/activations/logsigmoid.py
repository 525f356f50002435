"""LogSigmoid, the logarithm of the sigmoid: softplus turned upside down and back to front.

No single origin: it is the log-likelihood of logistic regression. Smooth on all of R.
"""

label = "LogSigmoid"
formula = "log(1 / (1 + e⁻ˣ))"


def definition(x, xp):
    return xp.logsigmoid(x)


def module():
    from torch import nn

    return nn.LogSigmoid()
