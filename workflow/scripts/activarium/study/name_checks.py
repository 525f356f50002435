"""Holds the names that a study gives against the folders of the library that define them."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import activations, datasets, networks
from ..activations import ActivationSpec
from ..definitions import expression_checks
from ..definitions.learned import per_channel
from ..runtime.errors import UserError, suggest_or_list
from ..runtime.own_files import is_own_file
from ..runtime.similar_names import find_lookalikes
from . import tuned_recipes
from .own_file_checks import check_file
from .own_images import image_sources, wrong_entry
from .study_error import shorten, study_error

FOLDERS: dict[str, Any] = {
    "datasets": datasets,
    "activations": activations,
    "networks": networks,
}
KINDS = {"datasets": "data set", "activations": "activation", "networks": "network"}
LABELLED = ("activations", "datasets")  # their names are printed in reports


def check_names(config: dict) -> None:
    """Raise StudyError for a name that no file defines, a broken file, and repetitions."""
    for key in FOLDERS:
        for item in config[key]:
            _check_item(key, item)
        names = [item if isinstance(item, str) else item["name"] for item in config[key]]
        _check_distinct(key, names, _own_labels(key, config[key]))
        if key == "datasets":
            _check_sizes(config)
        if key == "activations" and config["control"] not in names:
            known = ", ".join(names)
            what = f"'{config['control']}' is not among the activations of this study: {known}"
            raise study_error(["control"], what)


def check_paths_alone(config: Any) -> None:
    """Raise StudyError for a path that stands alone where an entry of one's own is a mapping.

    `config` is a study that was not held against the schema yet.
    """
    for key, package in FOLDERS.items():
        items = config.get(key) if isinstance(config, dict) else None
        for item in items if isinstance(items, list) else []:
            if isinstance(item, str) and item and (place := _place_of_path(key, item)):
                name = re.sub(r"[^A-Za-z0-9_+-]", "_", Path(item).stem).lstrip("_+-") or "mine"
                name = f"my_{name}" if name in package.names() else name
                way = f"write {{name: {name}, {place}: {item}}}"
                raise study_error([key], f"{shorten(item)} is a path, not a name; {way}")


def _place_of_path(key: str, item: str) -> str | None:
    """The key that a path of one's own stands below; None for what is no such path."""
    if is_own_file(item):
        return "file"
    if key != "datasets":
        return None
    if item.endswith(".npz"):
        return "npz"
    if not re.fullmatch(r"[\w ~.+/-]*[\w+/-]", item) or not item.strip("./"):
        return None
    is_folder = item not in datasets.names() and Path(item).is_dir()
    return "folder" if "/" in item or is_folder else None


def _check_item(key: str, item: str | dict) -> None:
    """Hold one entry of `datasets`, `activations` or `networks` against its folder."""
    known = FOLDERS[key].names()
    if isinstance(item, dict) and key == "activations":
        _check_activation(ActivationSpec(**item), known)
        return
    if isinstance(item, dict) and key == "datasets":
        _check_image_source(item, known)
        return
    name = item if isinstance(item, str) else item.get("file", item["name"])
    if isinstance(item, dict) and is_own_file(name):
        _check_own_name(key, item["name"], known)
        check_file(key, name, item["name"])
        return
    if name not in known:
        raise study_error([key], _unknown(name, known, FOLDERS[key]))
    _check_file_name(key, name)
    check_file(key, name, name)


def _own_labels(key: str, items: list[str | dict]) -> dict[str, str]:
    """{name: label} of what files beside the study define."""
    if key == "activations":
        return activations.own_labels(map(ActivationSpec.from_entry, items))
    if key == "datasets":
        return datasets.own_labels(image_sources(items))
    return {}


def _check_distinct(key: str, names: list[str], own: dict[str, str]) -> None:
    """Raise StudyError where two of these names are the same, or look so in a report."""
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise study_error([key], f"'{repeated[0]}' is listed twice")
    if key not in LABELLED:
        return

    def label(name):
        return own.get(name) or FOLDERS[key].label(name)

    if two := find_lookalikes(names, label):
        shown = " and ".join(f"'{name}' (printed {label(name)})" for name in two)
        what = f"{shown} look alike in a report; give one another name or label"
        raise study_error([key], what)


def _check_sizes(config: dict) -> None:
    """`check_size` for the built-in data sets; `path_checks.check_own_images` for others."""
    built_in = [name for name in config["datasets"] if isinstance(name, str)]
    for name in built_in:
        n = datasets.load(name).n_train
        check_size(name, n, config["train_size"], config["validation"], config["recipes"])


def check_size(
    name: str, n: int, size: int | None, validation: float, recipes: Mapping[str, dict]
) -> None:
    """Raise StudyError for more training images than the `n` of a data set, or too large a batch.

    Also where too few images are held out to choose a tuned number by. `recipes` maps a recipe to
    its values.
    """
    if size is not None and size > n:
        raise study_error(["train_size"], f"{size} is more than {name} has, {n}")
    for recipe, values in recipes.items():
        fraction, batch = (
            tuned_recipes.held_out_fraction(values, validation),
            tuned_recipes.largest_batch(values),
        )
        held_out = max(1, round(fraction * (size or n))) if fraction else 0  # as in training
        if tuned_recipes.is_tuned(values) and held_out < tuned_recipes.FEWEST:
            few = f"{held_out} of {size or n} images of {name} are held out to tune {recipe}"
            way = "write a larger train_size or validation"
            key = "validation" if size is None else "train_size"
            raise study_error([key], f"{few}, fewer than {tuned_recipes.FEWEST}; {way}")
        left = (size or n) - held_out
        if batch > left:
            what = f"{batch} is more than the {left} images of {name} that are trained on"
            raise study_error(["recipes", recipe, "batch_size"], what)


def _check_image_source(item: dict, known: list[str]) -> None:
    """Raise StudyError for an entry of `datasets:` that does not say where its images are."""
    name = item["name"]
    _check_own_name("datasets", name, known)
    if wrong := wrong_entry(item):
        keys, what = wrong
        raise study_error(["datasets", name, *keys], what)
    if "file" in item:
        check_file("datasets", item["file"], name)


def _check_file_name(key: str, name: str) -> None:
    """Raise StudyError for a file name that cannot be imported, or that hides what imports it."""
    package = FOLDERS[key]
    existing = getattr(package, name, None)
    if "." in name:
        way = f"rename it {name.replace('.', '_')}.py"
        what = f"'{name}.py' has a dot in its name, which Python cannot import; {way}"
        raise study_error([key], what)
    if existing is not None and getattr(existing, "__name__", None) != f"{package.__name__}.{name}":
        raise study_error([key], f"'{name}' is reserved in {key}/__init__.py; rename {name}.py")
    if key == "activations" and name == "proven_claims":
        raise study_error([key], f"'{name}' is reserved in profiles/; rename {name}.py")


def _check_activation(spec: ActivationSpec, known: list[str]) -> None:
    """Raise StudyError for an activation that the study states as a mapping."""
    if not spec.is_shared:
        _check_own_name("activations", spec.name, known)
    if spec.name == "proven_claims":
        raise study_error(
            ["activations"], f"'{spec.name}' is reserved in profiles/; choose another"
        )
    where = ["activations", spec.name]
    if spec.expr and (spec.file or spec.learned):
        key = "file" if spec.file else "learned"
        raise study_error([*where, key], "does not go with expr; leave one of them out")
    if not spec.expr:
        _check_defining_file(spec)
        _check_learned(spec, where)
        return
    try:
        expression_checks.check_expression(str(spec.expr))
    except UserError as error:
        raise study_error(where, str(error)) from error


def _check_defining_file(spec: ActivationSpec) -> None:
    if spec.own_file:
        check_file("activations", spec.own_file, spec.name)
    else:
        _check_item("activations", str(spec.built_in))


def _check_own_name(key: str, name: str, known: list[str]) -> None:
    """Raise StudyError for the name of a built-in activation or data set."""
    if name in known:
        raise study_error([key], f"'{name}' is a built-in {KINDS[key]}; give yours another name")


def _check_learned(spec: ActivationSpec, where: list[str]) -> None:
    """Raise StudyError where the activation cannot learn as `learned` says."""
    try:
        per_channel(activations.load(spec), spec.learned)
    except UserError as error:
        raise study_error(where, str(error)) from error


def _unknown(name: str, known: list[str], package: Any) -> str:
    if Path(package.__file__).with_name(f"{name}.py").is_file():
        way = "the name of a file must begin with a small letter"
        return f"'{name}.py' is ignored: {way}"
    if package is activations:
        return f"no '{name}'{activations.suggest_name(name)}"
    if package is networks and _is_torchvision_model(name):
        entry = f"{{name: {name}, file: torchvision, model: {name}}}"
        return f"no '{name}'; a model of torchvision: {entry}"
    return f"no '{name}'{suggest_or_list(name, known)}"


def _is_torchvision_model(name: str) -> bool:
    """Whether torchvision has such a classifier, which is imported for it; False without it."""
    try:
        return name in networks.load("torchvision").model_names()
    except UserError:
        return False


def network_with_defaults(item: str | dict) -> tuple[str, dict]:
    """(name, {"file", "parameters"}) of one entry of `networks:`, with the file's defaults.

    Raises StudyError for a parameter that the file does not have, or a value it cannot have.
    """
    given = {"name": item, "file": item} if isinstance(item, str) else dict(item)
    name, file = given.pop("name"), given.pop("file")
    parameters = networks.parameters(file)
    for key, value in given.items():
        if key not in parameters:
            known = ", ".join(parameters) or "none"
            what = f"{file} has no such parameter; it has {known}"
            raise study_error(["networks", name, key], what)
        if problem := _parameter_problem(value, type(parameters[key])):
            raise study_error(["networks", name, key], problem)
    if file == "torchvision" and not given.get("model"):
        entry = f"{{name: {name}, file: torchvision, model: resnet18}}"
        what = f"'model' is missing; name a classifier of torchvision.models, as in {entry}"
        raise study_error(["networks", name], what)
    if given.get("weights"):
        given["weights"] = str(datasets.expand_home(given["weights"], "networks"))
    return name, {"file": file, "parameters": parameters | given}


def _parameter_problem(value: Any, wanted: type) -> str | None:
    """What is wrong with a network's parameter; else None.

    It is a number, a word or a truth value, and a file of weights where the default is None.
    """
    if wanted is type(None):
        return None if value is None else networks.describe_wrong_weights(value)
    if wanted is str:
        return None if isinstance(value, str) else f"{shorten(value)} is not a word"
    if wanted is bool:
        return None if isinstance(value, bool) else f"{shorten(value)} is not true or false"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (wanted is int and not isinstance(value, int)):
        return f"{shorten(value)} is not {'a whole' if wanted is int else 'a'} number"
    if wanted is int and not 1 <= value <= 65536:
        return f"{value} must be from 1 to 65536"
    if wanted is float and not 0 <= value <= 1e6:
        return f"{value} must be from 0 to 1000000"
    return None
