"""Published studies as claims are held against them: scores by setting, and how each trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import datasets, networks, study, tables
from ..compare.retuning import gains_by_setting
from ..compare.scores import score_tables
from ..runtime.files import read_json
from ..study.kept_files import read_published

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from ..compare.scores import SettingScores
    from ..study import Study

PUBLISHED_PAIR = ["recipe", "network", "dataset", "activation", "control"]


@dataclass(frozen=True)
class PublishedStudy:
    """What a published study found, and how it trained.

    `settings` are from `score_tables`, with failed runs scored as chance. `p_published` maps
    (recipe, network, dataset, activation, control) to the study's own p_max_t. `networks` maps a
    name to its file, `recipes` a name to all its values, and `images` a data set to the fraction
    of its training images that was trained on. `built_in` are the activations whose names mean
    what they mean everywhere. `gains` are those of `compare.retuning`, by setting and activation:
    a setting that was tuned has some, or none where nobody can say.
    """

    name: str
    confidence: float
    margin: float
    settings: SettingScores
    p_published: Mapping[tuple, float]
    networks: Mapping[str, str]
    recipes: Mapping[str, Mapping[str, Any]]
    images: Mapping[str, float] = field(default_factory=dict)
    built_in: frozenset[str] = frozenset()
    gains: Mapping[tuple, Mapping[str, Any]] = field(default_factory=dict)


def read_studies(folders: Iterable[Path | str], schema: Path | str) -> list[PublishedStudy]:
    """The published studies in `folders`, by name; `schema` is the file of the studies' schema.

    Raises UserError that names a file which is damaged or missing.
    """
    return [_read_study(Path(folder), schema) for folder in sorted(map(str, folders))]


def _read_study(folder: Path, schema: Path | str) -> PublishedStudy:
    said = study.read(read_published(folder), schema)
    runs = tables.read(folder / "runs.parquet")
    contrasts = tables.read(folder / "contrasts.parquet")
    chance = read_json(folder / "analysis.json")["plan"]["chance"]
    known = {name for name in said.datasets if name not in said.image_sources}
    return PublishedStudy(
        name=folder.name,
        confidence=said.confidence,
        margin=said.margin,
        settings=[s for s in score_tables(runs, "chance", chance) if s[0]["dataset"] in known],
        p_published=_published(contrasts),
        networks={name: _network_words(network) for name, network in said.networks.items()},
        recipes=said.recipes,
        images={name: _trained_fraction(said, name) for name in known},
        built_in=frozenset(name for name, spec in said.activations.items() if spec.is_shared),
        gains=_read_gains(folder, chance),
    )


def _read_gains(folder: Path, chance: Mapping[str, float]) -> dict[tuple, dict[str, Any]]:
    """`gains_by_setting` of a study that tuned a number, else nothing."""
    file = folder / "tuning.parquet"
    return gains_by_setting(tables.read(file), chance) if file.exists() else {}


def _network_words(network: Mapping[str, Any]) -> str:
    """The file of a network; a start from weights that are given is another network."""
    weights = networks.weights_file(network)
    return f"{network['file']} with given weights" if weights else network["file"]


def _published(contrasts: pd.DataFrame) -> dict[tuple, float]:
    """{pair: p_max_t} of the primary contrasts of a study."""
    primary = contrasts[contrasts["failures"] == "chance"]
    keys = primary[PUBLISHED_PAIR].itertuples(index=False, name=None)
    return dict(zip(keys, primary["p_max_t"], strict=True))


def _trained_fraction(said: Study, dataset: str) -> float:
    """How much of the training images of `dataset` a study trains on."""
    whole = datasets.load(dataset).n_train
    kept = said.train_size or whole
    return (kept - round(kept * said.validation)) / whole


def differing_keys(setting: Mapping[str, Any], found: PublishedStudy, key: Mapping) -> list[str]:
    """In what a published setting is known to differ from the one that a paper states, in words.

    `setting` is that of a claim, `key` the {recipe, network, dataset} of ours. What the paper
    leaves out cannot differ. A paper is taken to train on all training images.
    """
    ours = found.recipes[key["recipe"]]
    network = found.networks[key["network"]]
    words = [] if network == setting["built_in_network"] else [f"network {network}"]
    for name, value in setting["recipe"].items():
        if isinstance(ours.get(name), dict):
            words.append(f"{name} tuned, not {value}")
        elif ours.get(name) != value:
            words.append(f"{name} {ours.get(name)}, not {value}")
    fraction = found.images.get(key["dataset"], 1)
    return words if fraction == 1 else [*words, f"{100 * fraction:.3g} % of the training images"]
