"""A study read and checked: every word of it is known before the first job starts.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import math
import os
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import jsonschema
import yaml

from .. import activations, datasets, networks
from ..definitions import check, expressions
from ..runtime.errors import UserError, suggest
from ..runtime.lookalikes import alike


class StudyError(UserError):
    """A study that cannot be run; the message names the key, the value and the way out."""


@dataclass(frozen=True)
class Study:
    """A valid study with every default filled in.

    `activations` maps a name to its expression, or to None where a file defines it; `networks`
    maps a name to {"file", "parameters"}, `recipes` a name to all of its values. `shards` are the
    tables of parts of this study that were trained separately. A study of external runs has `runs`,
    the files of its tables, and an empty grid.
    """

    name: str
    control: str
    confidence: float
    margin: float
    datasets: tuple = ()
    activations: dict = field(default_factory=dict)
    networks: dict = field(default_factory=dict)
    recipes: dict = field(default_factory=dict)
    seeds: int = 0
    first_seed: int = 0
    validation: float = 0.0
    train_size: int | None = None
    data_root: str | None = None
    pack: int = 10
    shards: tuple = ()
    runs: tuple = ()
    chance: dict = field(default_factory=dict)

    @property
    def seed_range(self):
        """The seeds that every cell trains on."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def size(self):
        """How many runs the grid declares."""
        cells = len(self.recipes) * len(self.networks) * len(self.datasets) * len(self.activations)
        return cells * self.seeds


def read(config, schema):
    """The study that the mapping `config` declares, by the JSON schema in the file `schema`.

    Raises StudyError with one line, "config: key: …", for the first thing that is wrong.
    """
    config = rename_old_keys(config)
    definitions = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))["$defs"]
    kind = "outside" if isinstance(config, dict) and "runs" in config else "trained"
    _check_finite(config)
    _check_schema(config, kind, definitions)
    filled = _filled(config, definitions[kind], definitions)
    analysis = filled.pop("analysis")
    for key in ("runs", "shards"):
        if key in filled:
            files = [filled[key]] if isinstance(filled[key], str) else filled[key]
            filled[key] = tuple(str(datasets.at_home(f, key)) if f[0] == "~" else f for f in files)
    if kind == "trained":
        _check_names(filled)
        filled |= _grid(filled)
    return Study(**filled, **analysis)


OLD_KEYS = {"pieces": "shards"}  # the last version's names, which this one still reads


def rename_old_keys(config):
    """`config` with today's name for each key that it gives by its old one, in the same order.

    Raises StudyError where it gives both.
    """
    if not isinstance(config, dict):
        return config
    for old, new in OLD_KEYS.items():
        if old in config and new in config:
            _say([old], f"is the old name of {new}, which is there too; leave one out")
    return {OLD_KEYS.get(key, key): value for key, value in config.items()}


def warn_old_keys(config):
    """Name each key that `config` gives by its old name, and the new one, on the standard error."""
    for key in OLD_KEYS.keys() & config.keys():
        way = "the old name works in this version only"
        print(f"config: {key}: is called {OLD_KEYS[key]} now; {way}", file=sys.stderr)


def mapping(file):
    """What the YAML file of a study says, for those who read it without Snakemake."""
    said = _yaml(file, yaml.load)
    if not isinstance(said, dict):
        raise StudyError(f"config: {file} is no mapping of keys to values, as every study is")
    return said


def _yaml(file, read):
    try:
        return read(Path(file).read_text(encoding="utf-8"), yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())[:160]
        raise StudyError(f"config: {file} cannot be read as YAML ({reason})") from error


def duplicate_keys(path):
    """The first key that the YAML file at `path` gives twice in one mapping, as a/b/c, or None.

    YAML readers keep the last one silently; a study that says a thing twice means neither.
    """
    return _twice(_yaml(path, yaml.compose))


def _twice(node, where=""):
    """The first key that stands twice in one mapping of a YAML node, as a/b/c, or None."""
    stack, seen = [(node, where)], set()
    while stack:
        node, where = stack.pop()
        if id(node) in seen:  # an anchor may stand inside itself
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            stack += [(item, where) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            keys = Counter(str(key.value) for key, _ in node.value)
            twice = [key for key, n in keys.items() if n > 1]
            if twice:
                return where + twice[0]
            stack += [(value, f"{where}{key.value}/") for key, value in node.value]
    return None


def _say(path, text):
    keys = [str(k) if str(k).isprintable() and len(str(k)) <= 64 else _shown(k) for k in path]
    raise StudyError(": ".join(["config", *keys, text]))


def _check_finite(value, path=()):
    """JSON Schema lets NaN through every bound, so infinite and undefined numbers stop here."""
    if isinstance(value, float) and not math.isfinite(value):
        _say(path, f"{value} is not a number that can be used")
    if len(path) > 8:  # also a YAML anchor inside itself, which has no end
        _say(path[:2], "is nested more deeply than anything a study says")
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value, 1) if isinstance(value, list) else items
    for key, item in items:
        _check_finite(item, (*path, key))


_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)  # 10.0 is no number of seeds
_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_TYPES)


def _check_schema(config, kind, definitions):
    """Hold the config against the schema; the deepest error is the one that says most."""
    schema = {"$ref": f"#/$defs/{kind}", "$defs": definitions}
    errors = list(_Validator(schema).iter_errors(config))
    if errors:
        error = max(errors, key=lambda e: (len(e.absolute_path), e.validator != "required"))
        path, value = [], config
        for step in error.absolute_path:
            path.append(step + 1 if isinstance(value, list) else step)  # people count from 1
            value = value[step]
        _say(path, _sentence(error, config))


def _sentence(error, config):
    """A schema error in words that name the value and the way out."""
    value, wants, shown = error.instance, error.validator_value, _shown(error.instance)
    match error.validator:
        case "required":
            missing = next(key for key in wants if key not in value)
            why = "; a study file is whole and never merged with another one"
            return f"'{missing}' is missing" + (why if value is config else "")
        case "additionalProperties" if isinstance(value, dict):
            known = error.schema.get("properties", {})
            trained = [k for k in value if k in Study.__dataclass_fields__ and k not in known]
            if "runs" in known and trained:
                return _goes_with_runs(known, trained)
            unknown = next(key for key in value if key not in known)
            hint = suggest(unknown, known)
            return f"{_shown(unknown)} is no key here{hint}; known are {', '.join(known)}"
        case "type":
            wanted = [wants] if isinstance(wants, str) else wants
            kinds = " or ".join(_KINDS[kind] for kind in wanted)
            return f"{shown} is not {kinds}{_hint(value, wanted[0])}"
        case "enum":
            return f"no {shown}; known are {', '.join(map(str, wants))}"
        case "not":
            return f"{shown} is a word of its own in results/; choose another"
        case "pattern":
            return f"{shown} cannot be a name: letters, digits and _ . + - only, 64 at most"
        case "minItems" | "minProperties":
            return "is empty; at least one is needed"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            word = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
            return f"{shown} must be {word.get(error.validator, 'less than')} {wants}"
    return error.message.splitlines()[0][:200]


def _goes_with_runs(known, trained):
    *others, last = [key for key in known if key != "runs"]
    goes = f"goes with {', '.join(others)} and {last} only"
    return f"'runs' analyses tables made elsewhere and {goes}; leave out {', '.join(trained)}"


_KINDS = {"string": "a word", "integer": "a whole number", "number": "a number",
          "array": "a list", "object": "a mapping of keys to values", "null": "null"}  # fmt: skip


def _shown(value):
    """A value as it stands in the message, short and on one line."""
    if value is None:
        return "nothing"
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _hint(value, wanted):
    """The way out where YAML read another type than was meant: 1e-3 is a word, 2024 a number."""
    if wanted == "string" and isinstance(value, int | float | date):
        return "; write it in quotes in the study's file"
    if wanted not in ("number", "integer") or not isinstance(value, str | float):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if number.is_integer():
        return f"; write it as {int(number)}"
    return f"; write it as {number!r}" if wanted == "number" and math.isfinite(number) else ""


def _filled(config, schema, definitions):
    """`config` with the schema's defaults for every key that it leaves out, at every depth."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if not isinstance(config, dict):
        return config
    properties = schema.get("properties", {})
    filled = {k: p["default"] for k, p in properties.items() if "default" in p} | config
    for key, value in filled.items():
        below = properties.get(key, schema.get("additionalProperties"))
        filled[key] = _filled(value, below, definitions) if isinstance(below, dict) else value
    return filled


def _check_names(config):
    """Hold every name against the folder that defines it, and refuse repetitions."""
    printed = {"activations": activations.label, "datasets": datasets.label}
    for key, known in (("datasets", datasets.names()), ("activations", activations.names()),
                       ("networks", networks.names())):  # fmt: skip
        for item in config[key]:
            name = item if isinstance(item, str) else item.get("file", item["name"])
            if isinstance(item, dict) and "expr" in item:
                _check_expression(item, known)
            elif name not in known:
                _say([key], _unknown(name, known, _FOLDERS[key]))
            else:
                _check_file_name(key, name)
                _check_file(key, name)
        names = [item if isinstance(item, str) else item["name"] for item in config[key]]
        twice = [name for name, n in Counter(names).items() if n > 1]
        if twice:
            _say([key], f"'{twice[0]}' stands here twice")
        if key in printed and (two := alike(names, printed[key])):
            shown = " and ".join(f"'{name}' (printed {printed[key](name)})" for name in two)
            _say([key], f"{shown} look alike in a report; give one another name or label")
        if key == "datasets":
            _check_sizes(config)
        if key == "activations" and config["control"] not in names:
            _say(["control"], _not_here(config["control"], names))


def _not_here(control, names):
    return f"'{control}' is not among the activations of this study: {', '.join(names)}"


def _check_sizes(config):
    """Refuse more training images than a data set has, and batches of more than are left."""
    size, validation = config["train_size"], config["validation"]
    for name in config["datasets"]:
        n = datasets.load(name).n_train
        if size is not None and size > n:
            _say(["train_size"], f"{size} is more than {name} has, {n}")
        held = max(1, round(validation * (size or n))) if validation else 0  # as train/data.py
        left = (size or n) - held
        for recipe, values in config["recipes"].items():
            batch = values["batch_size"]
            if batch > left:
                where = ["recipes", recipe, "batch_size"]
                _say(where, f"{batch} is more than the {left} images of {name} that are trained on")


def _check_file(key, name):
    """Refuse a file that does not state what an activation, a data set or a network states."""
    try:
        if key == "activations":
            check.check(Path(activations.__file__).with_name(f"{name}.py"))
        else:
            {"datasets": datasets.load, "networks": networks.parameters}[key](name)
    except UserError as refusal:
        _say([key, name], str(refusal))


_FOLDERS = {"datasets": datasets, "activations": activations, "networks": networks}


def _check_file_name(key, name):
    """Refuse a file that its name keeps from being read, or that would hide what reads it."""
    package = _FOLDERS[key]
    held = getattr(package, name, None)
    if "." in name:
        way = f"rename it {name.replace('.', '_')}.py"
        _say([key], f"'{name}.py' has a dot in its name, which Python cannot import; {way}")
    if held is not None and getattr(held, "__name__", None) != f"{package.__name__}.{name}":
        _say([key], f"'{name}' is a word of its own in {key}/__init__.py; rename {name}.py")
    if key == "activations" and name == "claims":
        _say([key], "'claims' is a word of its own in profiles/; rename claims.py")


def _check_expression(item, known):
    """Refuse an expression that cannot be read, or one under the name of another activation."""
    if item["name"] in known:
        _say(["activations"], f"'{item['name']}' is one of the house; give yours another name")
    if item["name"] == "claims":
        _say(["activations"], "'claims' is a word of its own in profiles/; choose another")
    try:
        expressions.check(item["expr"])
    except UserError as refusal:
        _say(["activations", item["name"]], str(refusal))


def _unknown(name, known, package):
    if Path(package.__file__).with_name(f"{name}.py").is_file():
        way = "the name of a file must begin with a small letter"
        return f"'{name}.py' is not seen: {way}; known are {', '.join(known)}"
    return f"no '{name}'{suggest(name, known)}; known are {', '.join(known)}"


def _grid(config):
    """The axes of the grid in the form that Study holds."""
    return {
        "datasets": tuple(config["datasets"]),
        "activations": dict(_activation(item) for item in config["activations"]),
        "networks": dict(_network(item) for item in config["networks"]),
    }


def _activation(item):
    """(name, expression or None) of one entry of `activations:`."""
    return (item, None) if isinstance(item, str) else (item["name"], item["expr"])


def _network(item):
    """(name, {"file", "parameters"}) of one entry of `networks:`."""
    given = {"name": item, "file": item} if isinstance(item, str) else dict(item)
    name, file = given.pop("name"), given.pop("file")
    parameters = networks.parameters(file)
    for key, value in given.items():
        where = ["networks", name, key]
        if key not in parameters:
            _say(where, f"{file} has no such parameter; it has {', '.join(parameters) or 'none'}")
        wanted = type(parameters[key])
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or (wanted is int and not isinstance(value, int)):
            _say(where, f"{_shown(value)} is not {'a whole' if wanted is int else 'a'} number")
        if wanted is int and not 1 <= value <= 65536:
            _say(where, f"{value} must be from 1 to 65536")
        if wanted is float and not 0 <= value <= 1e6:
            _say(where, f"{value} must be from 0 to 1000000")
    return name, {"file": file, "parameters": parameters | given}


def load(config, files, schema):
    """`read`, for the Snakefile: also holds the study against the files of this machine.

    `files` are the study's own, of which there must be one and no key twice; outside tables
    must be there, and the data root must be readable where a data set still needs it.
    """
    if len(files) > 1:
        _say([], f"{' and '.join(map(str, files))} are two studies; a study is one whole file")
    for file in files:
        twice = duplicate_keys(file)
        if twice:
            _say([twice], f"stands twice in {file}")
    study = read(config, schema)
    _check_tables(study)
    if not study.shards:  # they have been trained
        _check_root(study)
    return study


def parse_cli_values(config, files, given=()):
    """`config` with what the command line gives as text read as the number or null that it is.

    `given` are the words behind --config, of which none may say a thing twice.

    Snakemake reads `--config seeds=8` as a number, but all that stands in `[…]` or `{…}`, and null
    anywhere, as text. What is said in `files` stays as YAML read it; names and expressions stay
    words.
    """
    _check_finite(config)  # nor does it hold itself
    _check_once(given)
    return _numbers(config, mapping(files[0]) if files else {})


def _check_once(given):
    """Refuse a key that the command line gives twice; a mapping in parts is none."""
    said = {}
    for word in given or ():
        key, _, text = word.partition("=")
        with suppress(yaml.YAMLError):  # what is no YAML is a word
            node = yaml.compose(text, yaml.SafeLoader)
            twice = _twice(node, f"{key}/") if node else None
            if twice:
                _say([twice], "stands twice behind --config")
            if key in said and not isinstance(node, yaml.MappingNode):
                _say([key], f"stands twice behind --config: {said[key]} and {text}")
        said[key] = text


def _numbers(value, stated, key=None):
    if value == stated or key in ("name", "expr"):
        return value
    if isinstance(value, dict):
        stated = stated if isinstance(stated, dict) else {}
        return {k: _numbers(v, stated.get(k), k) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(item, None) for item in value]
    if value == "null":
        return None
    if isinstance(value, str):
        for number in (int, float):
            with suppress(ValueError):
                if math.isfinite(number(value)):
                    return number(value)
    return value


def _check_tables(study):
    """Refuse a table that is not there, or that this study itself would write."""
    for file in study.runs:
        _check_place("runs", file, study)
        if Path(file).suffix not in (".csv", ".parquet") or not Path(file).is_file():
            _say(["runs"], f"no table '{file}'; it must be a .csv or .parquet file that is there")
    for file in study.shards:
        _check_place("shards", file, study)
        for name in ("runs.parquet", "epochs.parquet", "costs.parquet"):
            beside = Path(file).with_name(name)
            if Path(file).name != "runs.parquet" or not beside.is_file():
                why = "a shard is a runs.parquet of a study with epochs.parquet and costs.parquet"
                _say(["shards"], f"no {beside} for '{file}'; {why} beside it")
    for key in ("runs", "shards"):
        real = Counter(map(os.path.realpath, getattr(study, key)))
        twice = [file for file in getattr(study, key) if real[os.path.realpath(file)] > 1]
        if twice:
            _say([key], f"'{twice[-1]}' stands there twice; leave one out")


def _check_place(key, file, study):
    """Refuse what Snakemake takes for a pattern, and what would be overwritten while it is read."""
    if "{" in file or "}" in file:
        _say([key], f"'{file}' has a brace in its path; rename the file or its folder")
    if Path("results", study.name).resolve() in Path(file).resolve().parents:
        way = "give the study another name, or move the table"
        _say([key], f"'{file}' would be written by this study itself; {way}")


def _check_root(study):
    """Refuse a data root that cannot be read, unless every data set is prepared already."""
    root = datasets.at_home(datasets.root(study.data_root))
    needed = [n for n in study.datasets if datasets.load(n).needs_files]
    if all(Path(f"results/datasets/{name}.arrow").exists() for name in needed):
        return
    if root.exists() and not (root.is_dir() and os.access(root, os.R_OK | os.X_OK)):
        _say(
            [datasets.root_key()],
            f"'{root}' is no folder that can be read; name one, it may be empty",
        )
