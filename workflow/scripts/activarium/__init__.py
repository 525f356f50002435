"""Activarium: activation functions compared so that a claim about one can be believed."""
