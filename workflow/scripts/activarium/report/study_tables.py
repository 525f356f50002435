"""What a report is made from: the study's tables as DataFrames, and the analysis."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from .. import activations, datasets, tables
from ..compare.scores import SETTING
from ..runtime import source
from ..runtime.files import read_json

label = activations.label  # an activation's name for people
dataset_label = datasets.label  # and a data set's


def set_labels(labels: Mapping[str, Mapping[str, str]]) -> None:
    """From now on the labels of a study's own files are known: `Study.own_labels`."""
    activations.set_labels(labels["activations"])
    datasets.set_labels(labels["datasets"])


COLOURED = 4  # activations besides the control that figures colour
BUSY = 2  # equal runs on an idle machine differ by less

Setting = tuple[str, str, str]  # recipe, network, dataset
EQUAL = 1e-9  # two accuracies that differ by less are the same, rounded otherwise


@dataclass
class StudyTables:
    """runs, epochs, costs, summaries and contrasts as `activarium.tables` has them; `analysis`."""

    runs: pd.DataFrame
    epochs: pd.DataFrame
    costs: pd.DataFrame
    summaries: pd.DataFrame
    contrasts: pd.DataFrame
    analysis: dict
    profiles: dict = field(default_factory=dict)  # what is proven, by the name of the activation
    own_activations: dict = field(default_factory=dict)  # what the study says of them, by name
    balanced: pd.DataFrame | None = None  # as `tables.balanced` has it, where classes are unequal
    learned: pd.DataFrame | None = None  # what runs learned, in `tables.LEARNED`
    uncertified: Sequence[str] = ()  # the names of those without a definition
    tuning: pd.DataFrame | None = None  # as `tables.TUNING`, where a recipe tunes a number
    tuning_costs: pd.DataFrame | None = None
    measures: pd.DataFrame | None = None  # as `tables.MEASURES`, where anything is measured
    measure_costs: pd.DataFrame | None = None  # in `tables.MEASURE_COSTS`, likewise

    @classmethod
    def read(
        cls,
        parquets: Iterable[Path | str],
        analysis: Path | str,
        profiles: Iterable[Path | str] = (),
        own_activations: Mapping[str, Any] | None = None,
        uncertified: Sequence[str] = (),
    ) -> "StudyTables":
        """Read them from their files; a Parquet file's name is its table's."""
        frames = {Path(p).stem: tables.read(p) for p in parquets}
        found = read_json(analysis)
        return cls(
            **frames,
            analysis=found,
            profiles=read_json_files(profiles),
            own_activations=dict(own_activations or {}),
            uncertified=uncertified,
        )

    def balanced_rows(self) -> dict[Setting, list[dict]]:
        """{setting: a dict an activation, best first} where balanced accuracy is another number.

        A dict has `activation`, the means `balanced` and `accuracy`, and `n`, the runs behind them.
        """
        if self.balanced is None:
            return {}
        both = self.runs.merge(self.balanced, on=[*SETTING, "activation", "seed"])
        both = both.dropna(subset=["balanced_accuracy"])
        found = {}
        for setting, group in both.groupby(SETTING):
            if (group["balanced_accuracy"] - group["test_accuracy"]).abs().max() < EQUAL:
                continue
            means = group.groupby("activation").agg(
                balanced=("balanced_accuracy", "mean"),
                accuracy=("test_accuracy", "mean"),
                n=("seed", "size"),
            )
            ordered = means.sort_values("balanced", ascending=False, kind="stable")
            found[setting] = ordered.reset_index().to_dict("records")
        return found

    def tuned_cells(self, setting: Setting) -> list[dict]:
        """What tuning chose for each activation of a setting; empty where it tunes nothing."""
        return self._tuning_rows("cells", setting)

    def retuned_contrasts(self, setting: Setting) -> list[dict]:
        """What would become of each contrast of a setting after another tuning."""
        return self._tuning_rows("contrasts", setting)

    def _tuning_rows(self, key: str, setting: Setting) -> list[dict]:
        rows = self.analysis.get("tuning", {}).get(key, [])
        return [r for r in rows if (r["recipe"], r["network"], r["dataset"]) == setting]

    @property
    def control(self) -> str:
        """The name of the activation that all others are compared with."""
        return self.analysis["plan"]["control"]

    @cached_property
    def evaluated_epochs(self) -> dict[Setting, list[int]]:
        """{setting: the numbers of the epochs after which any of its runs was evaluated}."""
        seen = self.epochs.dropna(subset="test_accuracy")
        return {setting: sorted(set(self.of(seen, setting)["epoch"])) for setting in self.settings}

    @property
    def has_curves(self) -> bool:
        """Whether the runs of any setting were evaluated after more than one epoch."""
        return any(len(epochs) > 1 for epochs in self.evaluated_epochs.values())

    def why_no_curves(self) -> str:
        """Why nothing can be said of how accuracy grew, in a sentence."""
        if self.epochs.empty:
            return "No table of epochs came with these runs."
        return "Every run was evaluated after one epoch alone."

    @cached_property
    def settings(self) -> list[Setting]:
        """Every (recipe, network, dataset) that has runs, sorted."""
        return sorted(set(map(tuple, self.runs[SETTING].to_numpy().tolist())))

    @cached_property
    def activations(self) -> list[str]:
        """The names of all activations, sorted."""
        return sorted(set(self.runs["activation"]))

    @cached_property
    def primary(self) -> pd.DataFrame:
        """The contrasts of the primary analysis, in which failures score as chance."""
        return self.contrasts[self.contrasts["failures"] == "chance"]

    @cached_property
    def compared(self) -> pd.DataFrame:
        """The primary contrasts that compare anything: pairs, and not of the control's own runs."""
        rows = self.primary[self.primary["n_pairs"] > 0]
        own = [
            frozenset((row["activation"], self.control))
            in self.same_runs(tuple(row[k] for k in SETTING))
            for row in rows.to_dict("records")
        ]
        return rows[~pd.Series(own, index=rows.index, dtype=bool)]

    def same_runs(self, setting: Setting) -> dict[frozenset[str], str]:
        """{pair of activations: how that is known} of those whose runs in a setting are the same.

        "losses", "images" or "scores": see `activarium.compare.identical_runs`.
        """
        return self._same_runs.get(setting, {})

    @cached_property
    def _same_runs(self) -> dict[Setting, dict[frozenset[str], str]]:
        found: dict[Setting, dict[frozenset[str], str]] = {}
        for row in self.analysis["identical_runs"]:
            recipe, network, dataset = (row[key] for key in SETTING)
            pair = frozenset((row["activation"], row["other"]))
            found.setdefault((recipe, network, dataset), {})[pair] = row["by"]
        return found

    @cached_property
    def time_spread(self) -> float:
        """How many times longer the slowest of equal runs took than the fastest, at most."""
        spreads = (row["spread"] for row in self.analysis["cost"]["cells"])
        return max((s for s in spreads if s is not None), default=1.0)

    @property
    def busy(self) -> bool:
        """Whether other work ran beside these runs, so that their times say nothing."""
        return self.time_spread > BUSY

    def number(self, activation: str) -> int:
        """Where an activation stands among all: its mark in figures, tables and the script."""
        return self._numbers[activation]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {activation: number for number, activation in enumerate(self.activations)}

    def of(self, frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
        """The rows of `frame` that belong to one setting."""
        recipe, network, dataset = (frame[k] == v for k, v in zip(SETTING, setting, strict=True))
        return frame[recipe & network & dataset]

    def rows(self, key: str, setting: Setting) -> list[dict]:
        """The dicts of the analysis under `key` that belong to one setting; of cost, its cells."""
        found = self.analysis[key]
        found = found["cells"] if key == "cost" else found
        return [row for row in found if tuple(row[k] for k in SETTING) == setting]

    def last_rise(self, setting: Setting) -> tuple[int, dict[str, float]]:
        """(epochs, {activation: mean rise of test accuracy in that many last ones}).

        They are those since the last evaluation but one, of the runs that reached the end.
        Fractions; (0, {}) where the test images were seen after one epoch alone.
        """
        epochs = self.of(self.epochs, setting)
        scores = epochs.pivot(index=["activation", "seed"], columns="epoch", values="test_accuracy")
        scores = scores.dropna(axis="columns", how="all")
        if scores.shape[1] < 2:
            return 0, {}
        before, last = scores.columns[-2:]
        rises = scores[last] - scores[before]
        return int(last - before), rises.dropna().groupby("activation").mean().to_dict()

    def best_first(self, setting: Setting) -> list[str]:
        """The activations of a setting, highest mean score first."""
        return list(self._orders[setting])

    @cached_property
    def _orders(self) -> dict[Setting, list[str]]:
        """{setting: its activations, highest mean score first}."""
        rows = self.summaries.sort_values("mean", ascending=False, kind="stable")
        known = {key: list(group["activation"]) for key, group in rows.groupby(SETTING)}
        return {setting: known.get(setting, []) for setting in self.settings}

    @cached_property
    def shown(self) -> list[str]:
        """The activations that figures show, sorted: all, or of many those of the analysis."""
        return self.analysis.get("shown", self.activations)

    @property
    def left_out(self) -> int:
        """How many activations no figure shows."""
        return len(self.activations) - len(self.shown)

    def shown_first(self) -> list[str]:
        """Those of `shown` in the order of the first setting's means, those without one last."""
        first = [a for a in self.best_first(self.settings[0]) if a in self.shown]
        return list(dict.fromkeys([*first, *self.shown]))

    def shown_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of `frame` that are about an activation of `shown`."""
        return frame[frame["activation"].isin(self.shown)]

    def other_rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows of `frame` that are about an activation which no figure shows."""
        return frame[~frame["activation"].isin(self.shown)]

    @cached_property
    def reused(self) -> pd.DataFrame:
        """The costs of the runs that were taken from published tables."""
        if "reused_from" not in self.costs:  # made by an older version
            return self.costs.iloc[:0]
        return self.costs[self.costs["reused_from"].notna()]

    @cached_property
    def new_activations(self) -> list[str]:
        """The activations that were trained beside published runs; [] where none were reused."""
        if self.reused.empty:
            return []
        known = {self.control, *self.reused["activation"]}
        return [a for a in self.activations if a not in known]

    @cached_property
    def coloured(self) -> list[str]:
        """The few activations that figures colour besides the control: new ones, then the best."""
        orders = [[a for a in self.best_first(s) if a != self.control] for s in self.settings]
        ranks = range(max(map(len, orders), default=0))
        by_rank = [order[i] for i in ranks for order in orders if i < len(order)]
        return list(dict.fromkeys([*self.new_activations, *by_rank]))[:COLOURED]

    def title(self, setting: Setting) -> str:
        """A setting in words; an axis on which all settings agree is left out, but the data set."""
        more = [setting[i] for i in (1, 0) if len({s[i] for s in self.settings}) > 1]
        return " · ".join([dataset_label(setting[2]), *more])


def read_texts(files: Iterable[Path | str]) -> dict[str, str]:
    """{name: text} of files, by their names without the ending."""
    return {Path(f).stem: Path(f).read_text(encoding="utf-8") for f in files}


def read_json_files(files: Iterable[Path | str]) -> dict[str, dict]:
    """{name: value} of our files of JSON; a UserError names one that is damaged."""
    return {Path(f).stem: read_json(f) for f in files}


def formula_of(name: str, declared: Any = None) -> str | None:
    """An activation's formula for people: its expression, else as its file has it, else None.

    `declared` is what the study says beside the name.
    """
    spec = activations.ActivationSpec.from_declared(name, declared)
    if spec.own_file:
        return source.declared_text(spec.own_file, "formula")
    known = spec.built_in in activations.names()
    return activations.load(spec).formula if known else spec.expr
