"""Sine: the sine of x.

Parascandolo, Huttunen and Virtanen 2016, Taming the waves; Sitzmann et al. 2020, arXiv
2006.09661, with a frequency of 30. Smooth on all of R.
"""

label = "Sine"
formula = "sin(x)"


def definition(x, xp):
    return xp.sin(x)
