"""Activarium: activation functions compared so that a claim about one can be believed.

    from activarium import activations
    activations.module("golu")        # a new torch.nn.Module; needs the extra [train]
    activations.definition("golu")    # the exact function f(x, xp), which is trained and proven

Without torch, on numpy arrays, and certified:

    from activarium.certify import certify_activation
    from activarium.definitions import on_numpy
    activations.definition("golu")(1.0, on_numpy)
    certify_activation("golu")["lipschitz"]
"""
