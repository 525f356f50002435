"""Holds the numbers that a study tunes against the schema, before any job."""

from collections import Counter
from collections.abc import Iterator
from math import prod
from typing import Any

from ..report.formatting import join_words
from .schema import validate
from .study_error import study_error
from .tuned_recipes import MOST

BUDGET = ("epochs", "evaluate_every")  # what every activation gets alike


def check_tuning(config: Any, definitions: dict[str, dict]) -> None:
    """Raise StudyError for a number that cannot be tuned as the study `config` says.

    The values themselves are held against the schema by `studies_at_values`.
    """
    for name, recipe in _recipes(config).items():
        tuned = {key: value for key, value in recipe.items() if isinstance(value, dict)}
        for key, value in tuned.items():
            _check_number(("recipes", name, key), value, definitions)
        default = definitions["tuning"]["properties"]["seeds"]["default"]
        _check_together(("recipes", name), with_seeds({name: tuned}, default)[name], config)


def studies_at_values(config: Any) -> Iterator[Any]:
    """`config` with a number in place of each tuned one, until every value was in its place.

    A study that tunes nothing is given once, as it is.
    """
    recipes = _recipes(config)
    lists = [v["tune"] for r in recipes.values() for v in r.values() if isinstance(v, dict)]
    for i in range(max(map(len, lists), default=1)):
        yield _at_value(config, i) if lists else config


def with_seeds(recipes: dict[str, dict], default: int) -> dict[str, dict]:
    """The recipes with `default` tuning seeds where a tuned number says none."""
    return {
        name: {k: {"seeds": default} | v if isinstance(v, dict) else v for k, v in recipe.items()}
        for name, recipe in recipes.items()
    }


def _recipes(config):
    """The recipes of a study, as far as they are mappings, which the schema checks later."""
    recipes = config.get("recipes") if isinstance(config, dict) else None
    if not isinstance(recipes, dict):
        return {}
    return {name: recipe for name, recipe in recipes.items() if isinstance(recipe, dict)}


def _at_value(config, i):
    recipes = config["recipes"] | {
        name: {
            key: value["tune"][min(i, len(value["tune"]) - 1)] if isinstance(value, dict) else value
            for key, value in recipe.items()
        }
        for name, recipe in _recipes(config).items()
    }
    return config | {"recipes": recipes}


def _check_number(where, value, definitions):
    """Raise StudyError for a key that is no number, or a list that gives no choice."""
    key, known = where[-1], definitions["recipe"]["properties"]
    numbers = [k for k, v in known.items() if v.get("type") in ("number", "integer")]
    numbers = [k for k in numbers if k not in BUDGET]
    if key in BUDGET:
        what = "is not tuned, as each activation gets the same budget; write one number"
        raise study_error(where, what)
    if key in known and key not in numbers:
        what = f"cannot be tuned, as it is no number; tuned are {', '.join(numbers)}"
        raise study_error(where, what)
    validate(value, "tuning", definitions, where)
    values = value["tune"]
    if len(values) < 2:
        what = f"{values} gives no choice; write two values or more, or one without 'tune'"
        raise study_error([*where, "tune"], what)
    repeated = [v for v, n in Counter(values).items() if n > 1]
    if repeated:
        raise study_error([*where, "tune"], f"{repeated[0]} is listed twice; leave one out")


def _check_together(where, tuned, config):
    """Raise StudyError for more numbers than one grid should have, or seeds that disagree."""
    seeds = {key: value["seeds"] for key, value in tuned.items()}
    if len(tuned) > MOST:
        what = f"{join_words(tuned)} are tuned together, which takes {_cost(tuned, config)}"
        raise study_error(where, f"{what}; tune {MOST} numbers at most")
    if len(set(seeds.values())) > 1:
        said = join_words(f"{n} for {key}" for key, n in seeds.items())
        what = f"tuning seeds are {said}; two numbers are tuned on the same seeds"
        raise study_error(where, what)


def _cost(tuned, config):
    """How many runs a grid takes, in words, with the factors."""
    sizes = [len(value["tune"]) for value in tuned.values()]
    seeds = max(value["seeds"] for value in tuned.values())
    axes = ("activations", "networks", "datasets")
    cells = prod(len(config[axis]) for axis in axes if isinstance(config.get(axis), list))
    total, factors = prod(sizes) * seeds * cells, " × ".join(map(str, sizes))
    return f"{total} runs ({factors} values, {seeds} seeds, {cells} cells)"
