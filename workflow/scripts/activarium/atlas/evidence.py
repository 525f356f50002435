"""What published studies found, setting by setting, as each study's own analysis says."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import networks
from ..activations import ActivationSpec
from ..compare.shared_pairs import find_holders
from ..report.decision_table import decision_rows
from ..report.formatting import count
from ..report.learned_parameters import learned_rows
from ..report.measurements import measured_rows
from ..report.study_tables import StudyTables, dataset_label
from ..report.training_summary import OPTIMIZERS, describe_recipe
from ..runtime import source
from ..runtime.files import read_json
from ..study.suite_file import Suite
from ..submission.study_status import study_status

TABLES = ("runs", "epochs", "costs", "summaries", "contrasts")
OPTIONAL = ("learned", "tuning", "tuning_costs", "measures")
AUGMENTED = {"flip": "flips", "crop": "crops", "crop_flip": "crops and flips"}


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of a study: `cells` maps an activation's address to its row.

    A row is that of `report.decision_table`, with `tuned`, `learned`, `measured` and `runs` beside
    it. `runs` maps a seed to what tells a run apart from any other.
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
    words = setting_words(study.declared, names)
    tuned = {cell["activation"]: cell for cell in tables.tuned_cells(names)}
    learned = learned_rows(tables).get(names, [])
    runs, cells = _runs(tables, names, words["network"]), {}
    for row in decision_rows(tables, names):
        name = row["activation"]
        own = [found for found in learned if found["activation"] == name]
        more = {"tuned": tuned.get(name), "learned": own, "runs": runs[name]}
        more["measured"] = measured_rows(tables, names, name)
        cells[address(name)] = row | more
    pairs = [
        pair | {"activation": address(pair["activation"]), "other": address(pair["other"])}
        for pair in tables.analysis.get("pairs", ())
        if tuple(pair[k] for k in ("recipe", "network", "dataset")) == names
    ]
    return Setting(
        study.name, names, address(tables.control), tables.analysis["plan"]["confidence"],
        words, tables.title(names), cells, pairs,
    )  # fmt: skip


def _runs(tables, names, network):
    """{activation: {seed: what tells its run apart}}: the data set, the seed and the result.

    The result is which test images are right, else the score. A failed run has neither, so that
    its `network` in words stands for it.
    """
    found: dict[str, dict[int, Hashable]] = {}
    columns = tables.of(tables.runs, names)[["activation", "seed", "test_accuracy", "correct"]]
    for name, seed, score, images in columns.itertuples(index=False):
        result = f"failed {network}" if math.isnan(score) else score
        result = images if isinstance(images, bytes) else result
        found.setdefault(name, {})[seed] = (names[2], seed, result)
    return found


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

    `suite` is what new activations are compared with. `profiles` and `numerics` map an
    activation's address to what `certify` and `numerics` wrote, `proven` is what proofs settle of
    claims: {reported, equal, close}. `claims` are from `activarium.claims.read_settled`.
    """

    suite: Suite
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
    """{key of a setting: the other studies that share the runs of its control}.

    Two share them where one has all runs of the other's.
    """
    known = [(s.study, frozenset(_control_runs(s).values())) for s in settings]
    return {
        setting.key: sorted(
            {
                study
                for study, other in known
                if study != setting.study and own and other and (own <= other or other <= own)
            }
        )
        for setting, (_, own) in zip(settings, known, strict=True)
    }


def _control_runs(setting):
    return setting.cells[setting.control]["runs"] if setting.control in setting.cells else {}


def paired_runs(one: Mapping[int, Hashable], other: Mapping[int, Hashable]) -> frozenset[Hashable]:
    """What tells a comparison of two activations apart: the runs of either on each seed of both."""
    return frozenset((one[seed], other[seed]) for seed in one.keys() & other.keys())


def comparison_runs(setting: Setting, row: Mapping[str, Any]) -> frozenset[Hashable]:
    """The `paired_runs` of the control of a setting and of a row."""
    return paired_runs(_control_runs(setting), row["runs"])


def distinct_comparisons(settings: Sequence[Setting], control: str) -> list[tuple[Setting, str]]:
    """(setting, activation) of every comparison with `control`; shared runs count once.

    One whose pairs are all another's, too, is left out, so that the larger counts.
    """
    found = [
        (setting, address)
        for setting in settings
        if setting.control == control
        for address, row in setting.cells.items()
        if is_comparison(row)
    ]
    holders = find_holders([comparison_runs(s, s.cells[address]) for s, address in found])
    return [place for place, held_by in zip(found, holders, strict=True) if not held_by]


def is_comparison(row: Mapping[str, Any]) -> bool:
    """Whether a row compares anything: it has pairs, and is not of the control's own runs."""
    return bool(row.get("diff_n_pairs")) and not row["same_runs"]


def read_questions(lines: Iterable[str]) -> dict[str, str]:
    """{study: its question} of the table in reference/README.md."""
    found = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 and cells[0].startswith("[") and "](" in cells[0]:
            found[cells[0][1 : cells[0].index("]")]] = cells[1]
    return found
