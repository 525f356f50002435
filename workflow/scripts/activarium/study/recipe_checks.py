"""Refuses keys of a recipe that do not go together, which the schema alone cannot say."""

from collections.abc import Mapping
from typing import Any

from .study_error import study_error

BELONGS_TO = {"betas": ("adam", "adamw"), "momentum": ("sgd",)}  # optimizers
INSTEAD = {"betas": "momentum", "momentum": "betas"}


def check_recipes(recipes: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise StudyError for a key that the optimizer of its recipe does not have."""
    for name, values in recipes.items():
        for key, optimizers in BELONGS_TO.items():
            if key in values and values["optimizer"] not in optimizers:
                way = f"write {INSTEAD[key]}, or optimizer: {' or '.join(optimizers)}"
                what = f"{values['optimizer']} does not have it; {way}"
                raise study_error(["recipes", name, key], what)
