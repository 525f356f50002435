"""What published studies found, setting by setting, as each study's own analysis says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import networks
from ..activations import ActivationSpec
from ..report.decision_table import decision_rows
from ..report.formatting import count
from ..report.learned_parameters import learned_rows
from ..report.measurements import measured_rows
from ..report.study_tables import StudyTables, dataset_label
from ..report.training_summary import OPTIMIZERS, describe_recipe
from ..runtime import source
from ..runtime.files import read_json
from ..submission.study_status import study_status

TABLES = ("runs", "epochs", "costs", "summaries", "contrasts")
OPTIONAL = ("learned", "tuning", "tuning_costs", "measures")
AUGMENTED = {"flip": "flips", "crop": "crops", "crop_flip": "crops and flips"}


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of a study: `cells` maps an activation's address to its row.

    A row is that of `report.decision_table`, with `tuned`, `learned` and `measured` beside it.
    `words` say the data set, the network, its family, the regime and the recipe.
    """

    study: str
    names: tuple[str, str, str]  # recipe, network, dataset
    control: str  # the address of the activation that the others are compared with
    confidence: float
    words: dict[str, str]
    title: str  # as the study's report names it
    cells: dict[str, dict]
    pairs: list[dict]

    @property
    def key(self) -> str:
        """study/recipe/network/dataset: what identifies the setting in every file."""
        return "/".join((self.study, *self.names))


@dataclass(frozen=True, eq=False)
class StudyFindings:
    """A study of reference/: what was declared, and its settings."""

    name: str
    question: str
    status: str
    tables: StudyTables
    declared: dict
    provenance: dict
    report: str
    settings: list[Setting] = field(default_factory=list)


def read_study(
    folder: Path | str, question: str = "", addresses: Mapping[str, str] | None = None
) -> StudyFindings:
    """The study in `folder`, a folder of reference/.

    `addresses` maps an activation's name to where its card is; by default that is its name.
    """
    folder = Path(folder)
    parquets = [folder / f"{name}.parquet" for name in TABLES]
    parquets += [file for name in OPTIONAL if (file := folder / f"{name}.parquet").exists()]
    tables = StudyTables.read(parquets, folder / "analysis.json")
    provenance = read_json(folder / "provenance.json")
    declared = provenance.pop("study")
    report = (folder / "report.html").read_text(encoding="utf-8")
    found = StudyFindings(
        folder.name, question, study_status(folder), tables, declared, provenance, report
    )
    known = addresses or {}
    found.settings.extend(_setting(found, setting, known) for setting in tables.settings)
    return found


def _setting(study, names, addresses):
    """One `Setting` of a study, its rows by the address of their activation."""
    tables, address = study.tables, lambda name: addresses.get(name, name)
    tuned = {cell["activation"]: cell for cell in tables.tuned_cells(names)}
    learned = learned_rows(tables).get(names, [])
    scores, cells = _scores(tables, names), {}
    for row in decision_rows(tables, names):
        name = row["activation"]
        own = [found for found in learned if found["activation"] == name]
        more = {"tuned": tuned.get(name), "learned": own, "scores": scores[name]}
        more["measured"] = measured_rows(tables, names, name)
        cells[address(name)] = row | more
    pairs = [
        pair | {"activation": address(pair["activation"]), "other": address(pair["other"])}
        for pair in tables.analysis.get("pairs", ())
        if tuple(pair[k] for k in ("recipe", "network", "dataset")) == names
    ]
    return Setting(
        study.name, names, address(tables.control), tables.analysis["plan"]["confidence"],
        setting_words(study.declared, names), tables.title(names), cells, pairs,
    )  # fmt: skip


def _scores(tables, names):
    """{activation: its scores by seed}: what tells whether two studies share runs."""
    runs = tables.of(tables.runs, names).sort_values("seed")
    return {
        name: tuple(zip(group["seed"], group["test_accuracy"].fillna(-1), strict=True))
        for name, group in runs.groupby("activation")
    }


def setting_words(declared: Mapping, names: Sequence[str]) -> dict[str, str]:
    """{dataset, network, family, regime, recipe}: a setting in a reader's words."""
    recipe, network, dataset = names
    values, net = declared["recipes"].get(recipe), declared["networks"].get(network)
    words = {"dataset": dataset_label(dataset), "network": network, "family": network}
    if net:
        label = source.declared_text(networks.file_of(net["file"]), "label") or net["file"]
        given = [
            f"{k.replace('_', ' ')} {v:g}"
            for k, v in net["parameters"].items()
            if isinstance(v, int | float)
        ]
        words |= {"network": ", ".join([label, *given]), "family": label}
    size = f"{declared['train_size']} images, " if declared.get("train_size") else ""
    if not values:
        return words | {"regime": recipe, "recipe": recipe}
    described = describe_recipe(values)
    return words | {"regime": regime(values), "recipe": size + "; ".join(described.values())}


def regime(recipe: Mapping[str, Any]) -> str:
    """ "3 epochs, Adam at 0.01", and what is uncommon: precision, augmentation."""
    rate = recipe["learning_rate"]
    rate = "a tuned rate" if isinstance(rate, Mapping) else f"{rate:g}"
    name = OPTIMIZERS.get(recipe["optimizer"], recipe["optimizer"])
    parts = [count(recipe["epochs"], "epoch"), f"{name} at {rate}"]
    if recipe.get("precision", "float32") != "float32":
        parts.append(recipe["precision"])
    if (augmentation := recipe.get("augmentation", "none")) != "none":
        parts.append(AUGMENTED.get(augmentation, augmentation))
    return ", ".join(parts)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that the atlas is made from.

    `profiles` and `numerics` map an activation's address to what `certify` and `numerics` wrote,
    `proven` is what proofs settle of claims: {reported, equal, close}. `claims` are from
    `activarium.claims.read_settled`.
    """

    studies: list[StudyFindings]
    profiles: Mapping[str, dict]
    numerics: Mapping[str, dict]
    proven: Mapping[str, list]
    specs: Mapping[str, ActivationSpec]  # by address
    claims: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def settings(self) -> list[Setting]:
        """Every setting of every study, in the order of the studies."""
        return [setting for study in self.studies for setting in study.settings]

    def ran(self, address: str) -> list[Setting]:
        """The settings in which an activation was trained, by data set and regime."""
        found = [setting for setting in self.settings if address in setting.cells]
        return sorted(found, key=lambda s: (s.words["dataset"], s.words["regime"], s.key))


def shared_runs(settings: Sequence[Setting]) -> dict[str, list[str]]:
    """{key of a setting: the studies in which its control has the very same runs}."""
    known: dict[tuple, list[str]] = {}
    for setting in settings:
        known.setdefault(_control_runs(setting), []).append(setting.study)
    return {
        setting.key: sorted({s for s in known[_control_runs(setting)] if s != setting.study})
        for setting in settings
    }


def _control_runs(setting):
    return setting.cells[setting.control]["scores"] if setting.control in setting.cells else ()


def comparison_runs(setting: Setting, row: Mapping[str, Any]) -> tuple:
    """What tells a comparison apart: the scores of the control and those of a row."""
    return _control_runs(setting), row["scores"]


def distinct_comparisons(settings: Sequence[Setting], control: str) -> list[tuple[Setting, str]]:
    """(setting, activation) of every comparison with `control`; shared runs count once."""
    found: dict[tuple, tuple[Setting, str]] = {}
    for setting in settings:
        if setting.control == control:
            for address, row in setting.cells.items():
                if row.get("diff_n_pairs") and not row["same_runs"]:
                    found.setdefault(comparison_runs(setting, row), (setting, address))
    return list(found.values())


def read_questions(lines: Iterable[str]) -> dict[str, str]:
    """{study: its question} of the table in reference/README.md."""
    found = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 and cells[0].startswith("[") and "](" in cells[0]:
            found[cells[0][1 : cells[0].index("]")]] = cells[1]
    return found
