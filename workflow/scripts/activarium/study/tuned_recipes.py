"""The numbers of a recipe that a study tunes, and what it tries for them.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

FIRST_SEED = 2_000_000  # above every seed that a study may score
HELD_OUT = 0.1  # of the training images, where the study holds out none itself
FEWEST = 10  # held-out images, below which an accuracy chooses nothing
MOST = 2  # numbers tuned together

Recipe = Mapping[str, Any]


def tuned_numbers(recipe: Recipe) -> dict[str, list[float]]:
    """{key: the values tried, smallest first} of each number that a recipe tunes, by name."""
    return {k: sorted(v["tune"]) for k, v in sorted(recipe.items()) if isinstance(v, dict)}


def is_tuned(recipe: Recipe) -> bool:
    """Whether any number of a recipe is tuned."""
    return bool(tuned_numbers(recipe))


def tuning_seeds(recipe: Recipe) -> range:
    """The seeds that each candidate of a recipe trains on; none of them is ever scored."""
    number = max((v["seeds"] for v in recipe.values() if isinstance(v, dict)), default=0)
    return range(FIRST_SEED, FIRST_SEED + number)


def list_candidates(recipe: Recipe) -> dict[str, dict[str, float]]:
    """{name: {key: value}} of all that a recipe tries, smaller values first.

    A name is a word for files, learning_rate=0.01, with + between two numbers. It does not depend
    on what else is tried, so that a longer list trains only what is new.
    """
    tried = tuned_numbers(recipe)
    sets = [dict(zip(tried, values, strict=True)) for values in product(*tried.values())]
    return {candidate_name(values): values for values in sets} if tried else {}


def candidate_name(values: Mapping[str, float]) -> str:
    """The name of a candidate: learning_rate=0.01+weight_decay=0.0005."""
    return "+".join(f"{key}={value!r}" for key, value in values.items())


def first_candidate(recipe: Recipe) -> dict[str, Any]:
    """A recipe with the smallest of all values tried; one that tunes nothing as it is."""
    return {**recipe, **{key: values[0] for key, values in tuned_numbers(recipe).items()}}


def largest_batch(recipe: Recipe) -> int:
    """The largest batch that a recipe trains on."""
    return int(max(tuned_numbers(recipe).get("batch_size", [0])) or recipe["batch_size"])


def held_out_fraction(recipe: Recipe, validation: float) -> float:
    """The fraction of the training images that some run of a recipe does not train on."""
    return validation or (HELD_OUT if is_tuned(recipe) else 0.0)


def count_tuning_runs(recipe: Recipe) -> int:
    """How many runs choose the numbers of one cell."""
    return len(list_candidates(recipe)) * len(tuning_seeds(recipe))
