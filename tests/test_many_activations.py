"""Hundreds of activations: figures show the best, the control and the chosen, tables all."""

import base64
import lzma
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from synthetic import reported, study

from activarium import figures
from activarium.compare.all_pairs import compare_all_pairs
from activarium.compare.permutation_tests import seed_order
from activarium.compare.shown import MOST, SHOWN, list_shown
from activarium.report.axis_limits import deciding_range
from activarium.report.decision_table import decision_rows
from activarium.report.narrow_plots import narrow_plots
from activarium.report.verdicts import describe_contrasts

NAMES = ("gelu", *(f"a{i:02}" for i in range(MOST + 5)))  # a later one is better


@cache
def many():
    """The report of a study of more activations than figures show."""
    return reported(study(activations=NAMES, seeds=6))


def summaries(means):
    """Summaries of one setting from {activation: mean}."""
    key = {"recipe": "r", "network": "n", "dataset": "d"}
    return [key | {"activation": name, "mean": mean} for name, mean in means.items()]


def test_up_to_forty_activations_are_all_shown():
    assert list_shown(summaries({f"a{i}": i for i in range(MOST)}), "a0") is None


@pytest.mark.parametrize("chosen", [[], ["a3", "a7"], [f"a{i}" for i in range(30)]])
def test_of_more_the_control_the_few_chosen_and_the_best_are_shown(chosen):
    shown = list_shown(summaries({f"a{i}": i for i in range(MOST + 1)}), "a0", chosen)
    few = chosen if len(chosen) <= SHOWN // 2 else []
    best = [f"a{i}" for i in range(MOST, MOST - SHOWN + 1 + len(few), -1)]
    assert shown == sorted(["a0", *few, *best])


def test_each_setting_has_its_best_among_those_shown():
    other = {"recipe": "r", "network": "n", "dataset": "other"}
    rows = summaries({f"a{i}": i for i in range(MOST + 1)})
    rows += [row | other | {"mean": -row["mean"]} for row in rows]
    shown = list_shown(rows, "a20")
    assert {"a0", "a1", f"a{MOST}", f"a{MOST - 1}", "a20"} <= set(shown)


def test_pairs_of_those_shown_are_corrected_for_all_pairs():
    values = 0.8 + np.random.default_rng(0).normal(0, 0.01, (6, 8))
    scores = pd.DataFrame(values.round(4), columns=[f"a{i}" for i in range(8)])
    every = compare_all_pairs(scores, 0.95)
    shown = {"a1", "a4", "a6"}
    assert compare_all_pairs(scores, 0.95, shown) == [
        row for row in every if {row["activation"], row["other"]} <= shown
    ]


def test_seeds_stand_in_the_same_order_however_many_contrasts_there_are():
    d = np.random.default_rng(0).normal(0, 1, (300, 7)).round(1)
    assert seed_order(d).tolist() == np.lexsort(np.sort(d, axis=0)).tolist()
    d[-100:] = 0  # so that the last ones tell no seeds apart
    d[:200] = 0
    assert seed_order(d).tolist() == np.lexsort(np.sort(d, axis=0)).tolist()


def test_every_activation_has_its_row_in_the_tables_and_the_rest_a_summary_in_figures():
    report = many()
    table = report.html[report.html.index('id="decision"') : report.html.index('id="evidence"')]
    assert set(re.findall(r'<tr data-a="(\d+)"', table)) == set(map(str, range(len(NAMES))))
    assert len(report.tables.shown) == SHOWN
    for name in ("forest", "dots"):
        assert f"{len(NAMES) - SHOWN} others" in report.figures[name], name


@pytest.mark.parametrize("name", ["forest", "dots", "matrix", "ranks", "target"])
def test_no_figure_has_a_row_of_one_that_is_left_out(name):
    report = many()
    marked = set(re.findall(rf'id="{name}-mark-(\d+)-name', report.figures[name]))
    numbers = {str(report.tables.number(a)) for a in report.tables.shown}
    assert marked and marked <= numbers


def test_downloads_of_many_are_compressed_and_hold_all():
    report = many()
    link = r'download="made-up-contrasts.csv.xz" href="data:application/x-xz;base64,([^"]*)"'
    (uri,) = re.findall(link, report.html)
    text = lzma.decompress(base64.b64decode(uri)).decode()
    assert text == report.tables.contrasts.to_csv(index=False)


def test_the_axis_keeps_to_differences_whose_verdict_could_be_another():
    means = np.array([-30, -25, -20, -0.5, 0.2, 0.4, 1.5])
    low, high = deciding_range(means, means - 1, means + 1, 0.5)
    assert (low, high) == (-1.5, 2.5)


@pytest.mark.parametrize(
    "means", [[-0.5, 0.2, 0.4], [-30, -25, -20], [-30, 0.1], [np.nan, np.nan], []]
)
def test_the_axis_leaves_nothing_out_where_all_are_near_or_hardly_one_is(means):
    means = np.array(means, float)
    assert deciding_range(means, means - 1, means + 1, 0.5) is None


def test_zero_and_the_margin_stay_in_sight_where_all_lie_far_from_the_control():
    made = study(activations=("gelu", "relu", "silu", "elu", "tanh", "mish"), spread=1e-4)
    made.runs.loc[made.runs["activation"] == "gelu", "test_accuracy"] -= 0.5
    report = reported(made, draw=False)
    ((group,),) = narrow_plots(report.tables, decisions(report))["forest"].values()
    assert 0 < group["band"][0] < group["zero"] < group["band"][1] < 300


def control_far_below():
    """The report of many activations, of which the control is far below all others."""
    made = study(activations=NAMES[:8], seeds=6, step=0.0001)
    made.runs.loc[made.runs["activation"] == "gelu", "test_accuracy"] -= 0.2
    return reported(made, draw=False)


def test_the_control_has_its_dots_in_sight_where_it_is_far_from_all_others():
    report = control_far_below()
    assert not re.search(r"[◂▸]", figures.draw_figure("dots", report.tables))
    ((group, *_),) = narrow_plots(report.tables, decisions(report))["dots"].values()
    (row,) = [row for row in group["rows"] if row["control"]]
    assert row["outside"] is None and all(0 < dot < 300 for dot in row["dots"])


def test_one_run_far_out_of_the_control_presses_nothing_together():
    made = study(activations=("gelu", "relu", "silu", "elu", "tanh"))
    made.runs.loc[3, "test_accuracy"] = 0.1
    assert made.runs.loc[3, "activation"] == "gelu"
    tables = reported(made, draw=False).tables
    assert ">20<" not in figures.draw_figure("dots", tables)


@cache
def others_far_below():
    """The tables of many activations, of which those in figures are far above the others."""
    made = study(activations=NAMES, seeds=6, step=0.0001)
    made.runs.loc[made.runs["activation"].isin(NAMES[1:-15]), "test_accuracy"] -= 0.2
    return reported(made, draw=False).tables


@pytest.mark.parametrize(("name", "far"), [("forest", ">−10<"), ("dots", ">80<")])
def test_those_without_a_row_press_nothing_together_and_their_median_is_named(name, far):
    figure = figures.draw_figure(name, others_far_below())
    assert re.search(r">◂ median [−\d.]+<", figure) and far not in figure


def test_the_first_screen_counts_what_it_has_no_room_to_name():
    rows = [{"activation": f"a{i}", "mean_diff": 0.0, "low": None, "verdict": "better",
             "p_tost_holm": None} for i in range(60)]  # fmt: skip
    said = describe_contrasts(rows, {"confidence": 0.95})
    assert said.endswith("a44, a45 and 14 more") and said.count("a") < 60


def test_what_lies_beyond_a_strip_is_marked_at_its_edge():
    made = study(activations=("gelu", "relu", "silu", "elu"))
    made.runs.loc[made.runs["activation"] == "relu", "test_accuracy"] -= 0.5
    report = reported(made)
    (groups,) = narrow_plots(report.tables, decisions(report))["forest"].values()
    rows = {row["label"]: row for row in groups[0]["rows"]}
    assert rows["ReLU"]["outside"] == "left" and rows["SiLU"]["outside"] is None
    assert 'class="outside"' in report.html


def decisions(report):
    """{setting: the rows of its decision table}."""
    return {setting: decision_rows(report.tables, setting) for setting in report.tables.settings}
