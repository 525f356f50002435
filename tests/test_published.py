"""Published figures: beside ours with the uncertainty of both, and only where there are some."""

import numpy as np
import pytest
import statsmodels.api as sm
from synthetic import CHANCE, reported, study
from test_report import parsed

from activarium.compare.published_results import REPORTED, compare_with_published
from activarium.compare.scores import score_tables


def found(made, control="gelu"):
    settings = score_tables(made.runs, "chance", CHANCE)
    return {r["activation"]: r for r in compare_with_published(settings, control, 0.95)["rows"]}


def paper(seeds=10, **more):
    return study(("gelu", "hardswish", "relu"), ("cifar10",), seeds=seeds, **more)


def test_the_interval_is_that_of_one_further_run():
    made = paper()
    row = found(made)["hardswish"]
    scores = made.runs.pivot(index="seed", columns="activation", values="test_accuracy")
    for values, ours in (
        (scores["hardswish"], row),
        (scores["hardswish"] - scores["gelu"], row["difference"]),
    ):
        fit = sm.OLS(values.to_numpy(), np.ones(len(values))).fit()
        expected = fit.get_prediction([1.0]).conf_int(obs=True, alpha=0.05)[0]
        assert [ours["low"], ours["high"]] == pytest.approx(expected)
        assert ours["mean"] == pytest.approx(values.mean())


def test_only_what_was_published_for_what_was_run_is_shown():
    rows = found(paper())
    assert set(rows) == {"gelu", "hardswish"}
    assert rows["gelu"]["reported"] == 0.8952
    assert rows["gelu"]["difference"] is None
    assert rows["hardswish"]["difference"]["reported"] == pytest.approx(-0.0075)
    assert found(study()) == {}


def test_a_figure_is_within_below_or_above_and_one_seed_says_nothing():
    made = paper()
    for shift, word in ((0, "within"), (0.05, "below"), (-0.05, "above")):
        cell = made.runs["activation"] == "gelu"
        ours = REPORTED["cifar10"]["gelu"] + shift + np.tile([-0.002, 0.002], 5)
        made.runs.loc[cell, "test_accuracy"] = ours
        assert found(made)["gelu"]["verdict"] == word
    assert found(paper(seeds=1))["gelu"]["verdict"] is None


def test_without_the_controls_figure_there_is_no_published_difference():
    assert found(paper(), control="relu")["hardswish"]["difference"] is None


def test_the_report_has_the_section_only_where_there_is_something_to_show():
    page = parsed(reported(paper(), draw=False))
    text = page.text_of("section", id="published")
    assert "arXiv 2305.12073 reports 2 accuracies of these activations on these images" in text
    assert "89.52" in text
    assert "Source: arXiv 2305.12073" in text
    without = parsed(reported(study(), draw=False))
    assert not without.all("section", id="published")
    assert not without.all("a", href="#published")
