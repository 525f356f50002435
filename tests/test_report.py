"""The report: one page that holds everything, says what the tables say, and shows names as text."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from itertools import combinations

import pytest
import synthetic
import yaml
from conftest import ROOT
from synthetic import MACHINES, RECIPE, reported, study

from activarium import activations, figures
from activarium.report import (
    citation,
    formatting,
    narrow_plots,
    page,
    proven_properties,
    recipe_verdicts,
    training_summary,
    verdicts,
)
from activarium.report.decision_table import decision_rows
from activarium.runtime.errors import UserError

pytestmark = [
    pytest.mark.xdist_group("pages"),  # which one process makes and keeps
    pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Glyph"),  # of a font that only measures
    pytest.mark.filterwarnings("ignore:The set_bad:PendingDeprecationWarning"),  # seaborn's own
]
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    'it\'s "quoted" & <b>bold</b>',
    "$x^2$",
    "{{ 7 * 7 }}",
    "_hidden",
    "ϕ(x) – 日本",
    'id="x" #ffffff url(#a)',
    "</svg></script><script>alert(2)</script>",
    "--><!-- data-empty",
    "&amp; \\textbf{x} 100 %",
)


class Parsed(HTMLParser):
    """What a browser would see: the elements, the words, and the cells of every table."""

    VOID = {"meta", "link", "img", "br", "input", "hr"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.tables = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        element = {"tag": tag, "text": "", "inside": [e["tag"] for e in self.open], **attributes}
        self.elements.append(element)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop()["tag"] == tag, f"</{tag}> closes something else"
        if tag in ("td", "th", "li", "p", "h2", "h3", "option", "summary"):
            self.handle_data(" ")

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, tag, **attributes):
        return [
            e for e in self.elements
            if e["tag"] == tag and all(e.get(k) == v for k, v in attributes.items())
        ]  # fmt: skip

    def text_of(self, tag, **attributes):
        (element,) = self.all(tag, **attributes)
        return " ".join(element["text"].split())

    @property
    def words(self):
        return self.text_of("main")


@cache
def plain():
    return reported(study())


@cache
def wide():
    """Two recipes, two data sets, failures, mixed machines and what is proven."""
    return reported(
        study(
            ("gelu", "relu", "sigmoid"),
            ("cifar10", "digits"),
            recipes=("adam", "sgd"),
            machines=2,
            validation=True,
            fails=lambda run: run["activation"] == "sigmoid" and run["seed"] < 3,
        ),
        certified=True,
    )


@cache
def parsed(report):
    found = Parsed(report.html)
    assert not found.open
    return found


EDGES = {
    "one seed": lambda: study(seeds=1),
    "two seeds": lambda: study(seeds=2),
    "one activation beside the control": lambda: study(("gelu", "relu")),
    "only the control": lambda: study(("gelu",)),
    "all of a setting diverged": lambda: study(
        datasets=("digits", "cifar10"), fails=lambda run: run["dataset"] == "cifar10"
    ),
    "everything diverged": lambda: study(fails=lambda run: True),
    "an activation always diverged": lambda: study(fails=lambda run: run["activation"] == "elu"),
    "no epochs and no costs": lambda: study(epochs=0, costs=False),
    "several recipes": lambda: study(
        ("gelu", "relu", "elu"), recipes=("adam", "sgd", "slow"), validation=True
    ),
    "several data sets": lambda: study(datasets=("digits", "cifar10", "stl10")),
    "no control in a setting": lambda: study(
        datasets=("digits", "cifar10"),
        drops=lambda run: run["dataset"] == "cifar10" and run["activation"] == "gelu",
    ),
    "no control anywhere": lambda: study(drops=lambda run: run["activation"] == "gelu"),
    "five seeds": lambda: study(seeds=5),
    "unbalanced seeds": lambda: study(
        drops=lambda run: run["activation"] == "elu" and run["seed"] > 6
    ),
    "unbalanced seeds, two of one": lambda: study(
        drops=lambda run: (
            (run["activation"] == "elu" and run["seed"] > 1)
            or (run["activation"] == "tanh" and run["seed"] < 4)
        )
    ),
    "no spread": lambda: study(spread=0),
}


@cache
def edge(case):
    return reported(EDGES[case]())


# One file that asks for nothing.


def test_the_policy_lets_only_the_pages_own_script_run():
    found = parsed(plain())
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    (script,) = found.all("script")
    digest = base64.b64encode(hashlib.sha256(script["text"].encode()).digest()).decode()
    assert policy["content"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )
    assert "eval(" not in script["text"]
    assert "innerHTML" not in script["text"]


def test_the_page_refers_to_nothing_outside_itself():
    for report in (plain(), wide()):
        found = parsed(report)
        ids = {e["id"] for e in found.elements if "id" in e}
        for e in found.elements:
            assert not any(k.startswith("on") for k in e), e
            assert not {"src", "srcset", "data", "poster", "action"} & set(e), e
            for key in ("href", "xlink:href"):
                target = e.get(key, "")
                plain_link = e["tag"] == "a" and target.startswith("https://")
                data = e["tag"] == "a" and "download" in e and target.startswith("data:")
                inside = target.startswith("#") and target[1:] in ids
                assert key not in e or plain_link or data or inside, e
        assert not found.all("link")
        assert not found.all("iframe")
        for url in re.findall(r"url\(([^)]*)\)", report.html):
            assert url.startswith("#"), url
        assert "@import" not in report.html
        assert not re.search(r'<svg[^>]* (?:="|width=|height=)[^>]*>', report.html), (
            "whole attributes"
        )


def test_no_id_stands_twice_and_every_label_has_its_element():
    for report in (plain(), wide(), edge("all of a setting diverged")):
        found = parsed(report)
        ids = Counter(e["id"] for e in found.elements if "id" in e)
        assert [i for i, n in ids.items() if n > 1] == []
        for e in found.elements:
            for key in ("aria-labelledby", "aria-describedby", "for"):
                assert set((e.get(key) or "").split()) <= set(ids), e


def test_no_id_stands_twice_in_a_figure_of_its_own():
    for report in (plain(), wide()):
        for name, svg in report.figures.items():
            ids = Counter(re.findall(r'\bid="([^"]*)"', svg))
            assert [i for i, n in ids.items() if n > 1] == []
            assert all(i.startswith(f"{name}-") for i in ids)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 'Mine'\n", "mine.py: has no draw; write def draw(tables)"),
        ("def draw(tables): pass\n", 'mine.py: has no title; write title = "…"'),
        ("title = 3\ndef draw(t): pass\ndef finding(t): pass\n", "line 1: title must be a text"),
        ("def draw(tables:\n", "mine.py, line 1: cannot be read"),
    ],
)
def test_a_file_that_states_no_figure_is_refused_by_its_line(tmp_path, monkeypatch, text, said):
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    with pytest.raises(UserError, match=re.escape(said)):
        figures.check()


def test_every_figure_has_a_title_a_finding_and_a_caption():
    figures.check()
    for report in (plain(), wide()):
        found = parsed(report)
        shown = {e["id"].removeprefix("figure-"): e for e in found.all("figure")}
        for name, svg in report.figures.items():
            finding = figures.load(name).finding(report.tables)
            assert finding.endswith(".")
            if 'data-empty="yes"' in svg:
                assert name not in shown
                assert finding in found.words
                continue
            text = " ".join(shown[name]["text"].split())
            assert figures.load(name).title in text
            assert finding in text
            assert figures.caption(name) in text
            assert found.text_of("title", id=f"{name}-title") == figures.load(name).title
            assert found.text_of("desc", id=f"{name}-finding") == finding
    assert set(figures.names()) == set(plain().figures)


def test_the_same_tables_give_the_same_bytes():
    first, again = reported(study(machines=2, seeds=6)), reported(study(machines=2, seeds=6))
    assert first.figures == again.figures
    assert first.html == again.html


DRAWN = ("forest", "pareto", "curves")  # the second imports matplotlib before our style
DRAWS = f"""
import sys
sys.path[:0] = {[p for p in sys.path if p.endswith(("tests", "workflow/scripts"))]!r}
from activarium.figures import draw_figure
from synthetic import reported, study
from test_report import DRAWN
tables = reported(study(), draw=False).tables
sys.stdout.write("".join(draw_figure(name, tables) for name in DRAWN))
"""
THEIRS = b"""
backend: module://nosuch
text.usetex: True
font.size: 30
svg.fonttype: path
savefig.bbox: tight
savefig.transparent: True
figure.dpi: 33
path.sketch: 1, 100, 2
axes.formatter.use_locale: True
lines.linewidth: 9
"""


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        (".", THEIRS),
        pytest.param("home/matplotlib", THEIRS, marks=pytest.mark.slow),
        pytest.param(".", b"\xff\xfe", marks=pytest.mark.slow),
    ],
)
def test_figures_are_the_same_whatever_this_user_has_set_for_matplotlib(tmp_path, folder, said):
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / "matplotlibrc").write_bytes(said)
    theirs = {"MPLBACKEND": "nosuch", "XDG_CONFIG_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", DRAWS], cwd=tmp_path, env=os.environ | theirs,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(plain().figures[name] for name in DRAWN)


def test_the_order_of_rows_does_not_matter():
    made = study()
    made.runs = made.runs.sample(frac=1, random_state=1)
    made.epochs = made.epochs.sample(frac=1, random_state=1)
    shuffled = reported(made, draw=False).tables.analysis
    assert shuffled == plain().tables.analysis


# It says what the tables say.


def test_no_two_settings_have_the_same_title():
    for axis in ("recipes", "networks", "datasets"):
        made = study(("gelu", "relu"), seeds=2, epochs=0, **{axis: ("one", "two")})
        tables = reported(made, draw=False).tables
        titles = [tables.title(setting) for setting in tables.settings]
        assert ["one" in titles[0], "two" in titles[1]] == [True, True]
        assert len(set(titles)) == 2


def decision_tables(found):
    return {
        " ".join(e["aria-label"].removeprefix("Decision table, ").split()): table
        for e, table in zip(
            [e for e in found.all("div") if e.get("aria-label", "").startswith("Decision table")],
            [t for t in found.tables if "Better on" in "".join(h["text"] for h in t[0])],
            strict=True,
        )
    }


@pytest.mark.parametrize("make", [plain, wide], ids=["plain", "wide"])
def test_every_number_of_the_decision_table_is_the_tables(make):
    tables, shown = make().tables, decision_tables(parsed(make()))
    assert len(shown) == len(tables.settings)
    for setting in tables.settings:
        rows = shown[tables.title(setting)][1:]
        summaries = tables.of(tables.summaries, setting).set_index("activation")
        contrasts = tables.of(tables.primary, setting).set_index("activation")
        assert len(rows) == len(summaries)
        for row in rows:
            name = row[0]["text"].split("control")[0].strip()
            (activation,) = [a for a in summaries.index if activations.load(a).label == name]
            cells = [" ".join(cell["text"].split()) for cell in row]
            s = summaries.loc[activation]
            assert cells[1] == f"{100 * s['mean']:.2f} ± {50 * (s['high'] - s['low']):.2f}"
            assert cells[7] == f"{s['rank_low']} to {s['rank_high']}"
            assert cells[8] == f"{s['n_failed']} of {s['n_ok'] + s['n_failed']}"
            if activation == "gelu":
                assert cells[2:7] == ["0", "–", "–", "–", "–"]
                continue
            c = contrasts.loc[activation]
            assert cells[2].split()[0] == f"{100 * c['mean_diff']:+.2f}".replace("-", "−")
            ends = [f"{100 * c[end]:+.2f}".replace("-", "−") for end in ("low", "high")]
            assert cells[3] == " to ".join(ends)
            assert c["verdict"] in cells[4]
            assert cells[5] == f"{100 * c['p_superior']:.0f} % of {c['n_pairs']}"
            p = c["p_max_t"]
            assert cells[6] == ("< 0.001" if p < 0.001 else f"{p:.3f}")
            assert float(row[2]["data-v"]) == c["mean_diff"]


@pytest.mark.parametrize("make", [plain, wide], ids=["plain", "wide"])
def test_the_verdict_sentences_are_those_of_the_contrasts(make):
    tables = make().tables
    for setting in tables.settings:
        rows = tables.of(tables.primary, setting)
        said = dict(verdicts.verdict_sentences(tables, setting))
        assert set(said) == set(rows["verdict"])
        for row in rows.to_dict("records"):
            assert verdicts.describe_contrast(row, tables.analysis["plan"]) in said[row["verdict"]]
            assert verdicts.describe_contrast(row, tables.analysis["plan"]) in parsed(make()).words
    n = Counter(tables.primary["verdict"])
    assert f"{n['better']} came out better, {n['worse']} worse" in verdicts.headline(tables)


def test_what_could_be_the_best_is_named_also_where_it_is_one_alone():
    text = parsed(reported(study(spread=0.0005), draw=False)).text_of("section", id="answer")
    assert "GELU is not the best here. Only Tanh could be the best (95 % confidence)." in text
    text = parsed(reported(study(spread=0.02), draw=False)).text_of("section", id="answer")
    assert "The best could be " in text


def test_an_interval_that_says_another_thing_than_its_verdict_is_explained_where_it_stands():
    margin, row = 0.005, {"low": 0.001, "high": 0.004}
    kinds = [verdicts.interval_conflict(row | {"verdict": v}, margin) for v in verdicts.SIGNS]
    assert kinds == [None, None, "without 0", "without 0"]
    row = {"low": -0.006, "high": 0.004}
    kinds = [verdicts.interval_conflict(row | {"verdict": v}, margin) for v in verdicts.SIGNS]
    assert kinds == ["with 0", "with 0", "beyond", None]
    found = parsed(edge("unbalanced seeds, two of one"))
    why = "leaves out 0, but no difference is shown (ELU). The interval assumes normal differences"
    for part in ("answer", "decision"):
        assert why in found.text_of("section", id=part)
    (table,) = decision_tables(found).values()
    assert [row[0]["text"].strip() for row in table if "‡" in row[-7]["text"]] == ["ELU"]


def test_a_pair_that_is_coloured_and_has_no_verdict_is_counted_as_such():
    """All pairs promise less: of 4 that differ, 3 are from the control, and 2 are verdicts."""
    finding = figures.load("matrix").finding(edge("unbalanced seeds, two of one").tables)
    said = (
        "by this weaker correction 4 of 5 pairs differ. 3 of them are with GELU; verdicts show 2."
    )
    assert finding == f"Digits: {said}"
    assert "verdicts show" not in figures.load("matrix").finding(plain().tables)


def renamed(made, **names):
    """The study in which one activation's runs stand under another's name, losses and all."""
    for name, of in names.items():
        for frame in (made.runs, made.epochs):
            theirs = frame.loc[frame["activation"] == of, "test_accuracy"].to_numpy()
            frame.loc[frame["activation"] == name, "test_accuracy"] = theirs
    made.epochs["train_loss"] = 1 - made.epochs["test_accuracy"]
    return made


def test_runs_that_are_the_control_s_own_are_no_comparison():
    report = reported(renamed(study(seeds=8), relu="gelu"), draw=False)
    (group,) = strip_rows(report.tables, "forest", report.tables.settings[0])
    narrow = {row["label"]: (row["text"], row["verdict"]) for row in group["rows"]}
    assert narrow["ReLU"] == ("the same runs", None)
    found = parsed(report)
    text = found.text_of("section", id="answer")
    assert "Of 2 comparisons with GELU, 2 came out better" in text
    assert "GELU and ReLU have the same runs, to the last bit of every loss" in text
    (table,) = decision_tables(found).values()
    cells = {row[0]["text"].split()[0]: [c["text"].strip() for c in row] for row in table[1:]}
    assert (cells["ReLU"][4], cells["ReLU"][6]) == ("the same runs", "–")
    made = renamed(study(seeds=8), relu="gelu", elu="gelu", tanh="gelu")
    text = parsed(reported(made, draw=False)).text_of("section", id="answer")
    assert "Nothing could be compared with GELU." in text
    assert "ELU, GELU, ReLU and Tanh have the same runs" in text
    assert "equivalent" not in text.split("Before you quote this")[0]
    assert "the best" not in text.split("Before you quote this")[0]


def test_one_function_under_two_names_is_counted_once_too():
    made = renamed(study(("gelu", "relu", "elu", "celu"), seeds=8), celu="elu")
    text = parsed(reported(made, draw=False, certified=True)).text_of("section", id="answer")
    assert "Of 3 comparisons with GELU, 3 came out better" in text
    assert "CELU and ELU are proven to be one function, and their runs are the same." in text
    assert "With each function counted once there are 2 comparisons: 2 better." in text
    assert "have the same runs" not in text
    apart = reported(study(("gelu", "elu", "celu"), seeds=8), draw=False, certified=True)
    text = parsed(apart).text_of("section", id="answer")
    assert "CELU and ELU are proven to be one function. Their runs differ by rounding alone" in text
    assert "counted once" not in text


def test_the_same_runs_in_one_setting_are_named_with_it():
    made = study(("gelu", "relu"), ("digits", "stl10"), seeds=3)
    one = made.runs["dataset"] == "stl10"
    made.runs.loc[one, "test_accuracy"] = 0.5
    text = parsed(reported(made, draw=False)).text_of("section", id="answer")
    said = "GELU and ReLU have the same score on every seed (STL-10). The scores are too coarse"
    assert said in text


def test_what_no_recipe_shows_is_no_agreement():
    few = reported(study(recipes=("adam", "sgd"), seeds=3), draw=False, margin=1e-6)
    text = parsed(few).text_of("section", id="recipes")
    assert "No recipe shows anything, so no verdict could survive." in text
    assert (
        "no recipe shows a difference, which is no agreement. Their differences reach from" in text
    )
    assert text.count("nothing shown") == 3
    assert "yes" not in text


def test_a_control_that_diverged_is_named_beside_what_it_is_compared_with():
    half = study(fails=lambda run: run["activation"] == "gelu" and run["seed"] < 4)
    text = parsed(reported(half, draw=False)).text_of("section", id="answer")
    assert "Diverged runs: 4 of 10 of GELU. They score as guessing (10.00 %)." in text
    assert "That changes every difference from GELU." in text
    assert "Diverged runs" in answer("an activation always diverged")
    assert "every difference" not in answer("an activation always diverged")
    assert "Diverged runs" not in answer("everything diverged")


def test_of_what_is_not_compared_nothing_is_said_to_be_the_best():
    apart = study(drops=lambda run: (run["activation"] == "gelu") != (run["seed"] < 5))
    for text in (
        parsed(reported(apart, draw=False)).text_of("section", id="answer"),
        answer("everything diverged"),
    ):
        assert "the best" not in text.split("Before you quote this")[0]


def test_few_seeds_say_nothing_over_settings_either():
    made = study(datasets=("digits", "stl10"), seeds=5, spread=0.0002)
    text = parsed(reported(made, draw=False)).text_of("section", id="answer")
    assert "no winner is named: so few seeds show nothing." in text
    assert "better than every other" not in text
    assert "in every setting" not in text


def test_where_others_are_better_than_the_control_is_said_once_a_setting():
    tables = reported(study(datasets=("digits", "stl10"), spread=0.0005), draw=False).tables
    found = tables.analysis["control_is_best"]["better"]
    assert {row["dataset"] for row in found} == {"digits", "stl10"} and len(found) == 6
    assert verdicts.study_best_sentence(tables) == (
        "GELU is not the best everywhere. Shown to be better: ELU, ReLU and Tanh on Digits; "
        "ELU, ReLU and Tanh on STL-10."
    )


def test_of_what_has_no_score_no_figure_names_a_best():
    tables = edge("everything diverged").tables
    assert figures.load("ranks").finding(tables) == "Too few runs to rank anything."
    apart = edge("no control anywhere").tables
    assert figures.load("forest").finding(apart) == "There is nothing to compare with the control."


def test_at_another_confidence_other_numbers_of_seeds_are_too_few():
    """2/2⁷ is 0.016, and 2/2⁵ is below a tenth."""
    text = parsed(reported(study(seeds=7), draw=False, confidence=0.99)).words
    assert "Descriptive only: with 7 pairs or fewer, the smallest possible p" in text
    assert "is 0.02 or more. So no difference can be confirmed at 1 %" in text
    assert "By chance alone, about 1 % of settings say otherwise" in text
    text = parsed(reported(study(seeds=5), draw=False, confidence=0.9)).words
    assert "Descriptive only" not in text


def test_better_by_less_than_the_margin_is_said():
    report = reported(study(), margin=0.05, draw=False)
    small = report.tables.primary.query("verdict == 'better'")
    assert len(small)
    assert "by less than the margin" in parsed(report).text_of("section", id="answer")
    assert "by less than the margin" not in parsed(plain()).text_of("section", id="answer")


def test_less_than_the_margin_is_said_only_where_it_is_shown_after_correction():
    row = {"verdict": "better", "low": 0.001, "high": 0.004, "p_tost_holm": 0.06}
    plan = {"confidence": 0.95, "margin": 0.005}
    assert not verdicts.is_within_margin(row, plan)
    assert verdicts.is_within_margin(row | {"p_tost_holm": 0.04}, plan)


def test_no_failure_in_few_seeds_is_not_taken_for_none():
    """Ten runs without a failure leave a share of up to 1 − 0.025^(1/10), Clopper and Pearson's."""
    found = parsed(plain())
    said = "After no failure in 10 seeds, up to 31 % of such runs may still fail"
    assert f"No run diverged. {said}" in found.text_of("section", id="answer")
    assert said in found.text_of("section", id="failures")


def test_what_was_trained_stands_under_the_headline_unless_it_was_elsewhere():
    text = parsed(plain()).text_of("section", id="answer")
    assert "Trained: net (plain, width 8) for 4 epochs on all training images of Digits" in text
    assert "images of Digits, with 10 seeds." in text
    recipes = {"short": RECIPE, "long": RECIPE | {"epochs": 20}}
    more = {"recipes": recipes, "train_size": 10000, "validation": 0.2}
    text = parsed(reported(study(), draw=False, **more)).text_of("section", id="answer")
    long = "for 4 to 20 epochs on 80 % of 10 000 training images of Digits, with 10 seeds."
    assert f"{long} The other images are held out." in text
    recipes["rounded"] = RECIPE | {"precision": "bfloat16"}
    text = parsed(reported(study(), draw=False, recipes=recipes)).text_of("section", id="answer")
    assert "for 4 to 20 epochs in float32 and bfloat16 on all training images" in text
    elsewhere = parsed(reported(study(), draw=False, runs=("table.csv",)))
    assert "Trained:" not in elsewhere.text_of("section", id="answer")


def test_the_recipe_stands_on_the_first_screen_and_of_several_what_they_share():
    text = parsed(plain()).text_of("section", id="answer")
    assert (
        "Recipe Adam; learning rate 0.001; constant rate; batches of 50; 4 epochs; float32; no "
        "augmentation; no weight decay; no label smoothing."
    ) in text
    more = RECIPE | {"learning_rate": 0.1, "schedule": "cosine", "augmentation": "crop_flip"}
    recipes = {"slow": RECIPE, "fast": more}
    text = parsed(reported(study(), draw=False, recipes=recipes)).text_of("section", id="answer")
    assert "2 recipes, all with Adam; batches of 50; 4 epochs; float32; no weight decay;" in text
    assert "slow: learning rate 0.001, constant rate, no augmentation;" in text
    assert (
        "fast: learning rate 0.1, rate falling to 0 along a cosine, random crops and flips." in text
    )
    elsewhere = parsed(reported(study(), draw=False, runs=("my/table.csv",)))
    assert "batches of" not in elsewhere.text_of("section", id="answer")
    assert "column recipe of the table" in elsewhere.text_of("section", id="recipes")
    assert "table.csv" in elsewhere.words and "my/" not in elsewhere.words


def test_every_recipe_that_a_study_may_state_has_words():
    schema = yaml.safe_load((ROOT / "config/schema.yaml").read_text())["$defs"]["recipe"]
    given = {"warmup": 0.1, "clip": 1, "ema": 0.99, "betas": [0.9, 0.95], "momentum": 0.5,
             "evaluate_every": 2}  # fmt: skip
    of_optimizer = {"betas", "momentum"}
    for key in ("optimizer", "schedule", "augmentation", "precision"):
        for value in schema["properties"][key]["enum"]:
            words = training_summary.describe_recipe(RECIPE | given | {key: value})
            assert set(words) == set(schema["properties"]) - of_optimizer
    assert training_summary.describe_recipe(RECIPE | given)["optimizer"] == (
        "Adam with betas 0.9 and 0.95"
    )
    words = [training_summary.describe_recipe(RECIPE | {"optimizer": "sgd"} | given)["optimizer"]
             for given in ({}, {"momentum": 0.5}, {"momentum": 0},
                           {"momentum": {"tune": [0.5, 0.9], "seeds": 3}})]  # fmt: skip
    assert words == [
        "SGD with Nesterov momentum 0.9", "SGD with Nesterov momentum 0.5", "plain SGD",
        "SGD with Nesterov momentum",
    ]  # fmt: skip


def test_what_only_some_recipes_say_is_told_of_the_others_too():
    recipes = {"slow": RECIPE, "fast": RECIPE | {"warmup": 0.05, "clip": 1, "ema": 0.99}}
    text = training_summary.describe_recipes(recipes)
    assert text.endswith(
        "slow: no warm-up, no clipping, no moving average; fast: warm-up over 5 % of the steps, "
        "gradients clipped to a norm of 1, scored by a moving average of the weights of decay 0.99."
    )


def test_how_much_the_last_epoch_still_brought_stands_on_the_first_screen():
    """A score s is s/2, 3s/4, 7s/8 and then s, so that the last of four epochs brings s/8."""
    tables = plain().tables
    rises = tables.summaries.set_index("activation")["mean"] / 8
    low, high = (formatting.points(end) for end in (rises.min(), rises.max()))
    text = parsed(plain()).text_of("section", id="answer")
    said = (
        f"Still rising in the last of 4 epochs: by {formatting.points(rises.mean())} points of test"
    )
    assert said in text
    assert f"(GELU {low}, Tanh {high})" in text
    made = study()
    made.epochs["test_accuracy"] = -made.epochs["test_accuracy"]
    assert "No longer rising in the last of 4" in reported(made, draw=False).html
    made.epochs.loc[made.epochs["epoch"] == 3, "test_accuracy"] = float("nan")
    assert "No longer rising in the last 2 of 4 epochs" in reported(made, draw=False).html
    made.epochs.loc[made.epochs["epoch"] != 4, "test_accuracy"] = float("nan")
    for without in (study(epochs=1), made):
        text = parsed(reported(without, draw=False)).text_of("section", id="answer")
        assert "Last epoch" not in text


def test_equal_rises_of_the_last_epoch_are_said_once():
    """Both ends would have one name and one number."""
    whole = study(("gelu", "relu"), datasets=("digits", "stl10"))
    one = study(("gelu", "relu"))
    for made, said in ((one, "with each activation."), (whole, "in each setting.")):
        made.epochs["test_accuracy"] = 0.5
        text = parsed(reported(made, draw=False)).text_of("section", id="answer")
        (found,) = re.findall(r"No longer rising.*?epochs: (.*?\.)(?= |$)", text)
        assert said in found and found.count("0.00") == 1, found


def test_fine_tuning_has_a_limit_of_its_own_and_names_the_networks_that_it_is_about(monkeypatch):
    tuned = {"file": "torchvision", "parameters": {"model": "resnet18", "weights": "a checksum"}}
    fresh = {"file": "torchvision", "parameters": {"model": "resnet18", "weights": None}}

    line = (
        "The weights come from a file: if they were trained with another activation than the one "
        "compared, this favours that one. What images they have seen is not known."
    )

    def limits(**declared):
        monkeypatch.setitem(synthetic.DECLARED, "networks", declared)
        text = parsed(reported(study(), draw=False)).text_of("section", id="answer")
        return text.partition("Before you quote this")[2]

    assert "The weights" not in limits(net=fresh)
    assert line in limits(net=tuned) and f"net: {line}" not in limits(net=tuned)
    assert f"net: {line}" in limits(net=tuned, fresh=fresh)


def test_the_last_epoch_of_several_settings_is_told_from_its_least_to_its_most():
    text = parsed(edge("several data sets")).text_of("section", id="answer")
    tables = edge("several data sets").tables
    rises = tables.summaries.groupby("dataset")["mean"].mean() / 8
    low, high = (formatting.points(end) for end in (rises.min(), rises.max()))
    assert f"from {low} (STL-10) to {high} points (Digits)" in text


NET = {
    "label": "plain net", "about": "A plain net.", "layers": {"convolution": 3, "linear layer": 1},
    "activations": 3, "norm": False, "parameters": {"digits": 24058}, "sigma_w2": 2.0,
    "sigma_b2": 0.0,
}  # fmt: skip


def test_the_network_is_described_on_the_first_screen():
    text = parsed(reported(study(), draw=False, networks={"net": NET})).words
    said = (
        "Network net, plain net: 3 convolutions, 1 linear layer and 3 activations, without "
        "normalisation, 24\u202f058 parameters without those of the activation. Weights start "
        "normal with variance 2 / fan-in (He), biases 0."
    )
    assert "".join(said.split()) in "".join(text.split())
    two = {"net": NET, "other": NET | {"sigma_b2": 0.01, "norm": True}}
    text = training_summary.describe_networks(two)
    assert "biases 0; other" in text and text.endswith("biases normal with variance 0.01.")
    assert (
        training_summary.describe_networks(two, 1)
        .split("; ")[1]
        .startswith("1 more, described under Methods.")
    )
    refused = training_summary.describe_networks({"net": {"refused": "TypeError"}})
    assert refused == "net, which could not be built here to be described (TypeError)."


def test_what_a_line_of_the_study_computes_stands_there_too():
    lines = {"gelu": None, "quarter": "0.25*x if x < 0 else x", "half": "x/2"}
    text = parsed(reported(study(), draw=False, activations=lines)).text_of("section", id="answer")
    assert "Stated in the study: quarter is 0.25*x if x < 0 else x, half is x/2." in text
    assert "Stated in the study" not in parsed(plain()).text_of("section", id="answer")


def test_one_recipe_is_said_on_the_first_screen_and_two_are_compared():
    first = parsed(plain()).text_of("section", id="answer")
    assert "For this recipe only" in first
    found = parsed(edge("several recipes"))
    assert "For this recipe only" not in found.text_of("section", id="answer")
    recipes = found.text_of("section", id="recipes")
    kept = edge("several recipes").tables.analysis["recipes"]
    stay = sum(row["survives"] for row in kept["survival"])
    said = f"{len(kept['survival'])} comparisons have a verdict under some recipe. {stay} ha"
    assert said in recipes
    assert "Each at its own best recipe" in recipes
    assert "neither trained on nor tested" in recipes
    for row in kept["own_best"]["chosen"]:
        assert formatting.percent(row["validation_accuracy"]) in recipes


def test_recipes_without_validation_are_not_chosen_among_and_the_reason_is_given():
    found = parsed(reported(study(recipes=("adam", "sgd")), draw=False))
    recipes = found.text_of("section", id="recipes")
    assert "Left out: not every run has a validation accuracy" in recipes


def test_pairs_that_mix_machines_are_marked():
    mixed = study(machines=2)
    later = (mixed.costs["activation"] == "relu") & (mixed.costs["seed"] == 0)
    mixed.costs.loc[later, "instruction_set"] = "AVX2"
    found = parsed(reported(mixed, draw=False))
    answer = found.text_of("section", id="answer")
    assert "The runs were made in 2 different ways" in answer
    assert "In 1 contrast some pairs mix them." in answer
    (table,) = decision_tables(found).values()
    marked = [row[0]["text"].strip() for row in table[1:] if "†" in row[2]["text"]]
    assert marked == ["ReLU"]
    assert "† 1 of 10 pairs of ReLU" in found.text_of("section", id="decision")
    assert "†" not in plain().html


def test_pairs_that_mix_code_are_marked_and_what_was_not_recorded_is_other_code():
    mixed = study()
    mixed.costs["code"] = mixed.costs["activation"].map({"gelu": "a1", "relu": "a1"})
    found = parsed(reported(mixed, draw=False))
    (table,) = decision_tables(found).values()
    marked = {row[0]["text"].strip() for row in table[1:] if "†" in row[2]["text"]}
    labels = {activations.label(a) for a in set(mixed.runs["activation"])}
    assert marked == labels - {"GELU", "ReLU"}
    decision = found.text_of("section", id="decision")
    assert "or by other code. That may be part" in decision
    assert "Code that was not recorded counts as other code." in decision
    mixed.costs["code"] = "a1"
    assert "†" not in reported(mixed, draw=False).html


def test_published_runs_are_counted_and_what_is_trained_beside_them_stands_out():
    made = study()
    new = made.costs["activation"] == "relu"
    made.costs.loc[~new, "reused_from"] = "reference/cifar10/runs.parquet"
    made.costs.loc[~new, "commit"] = "32f56d7d5551b409e82b6e884cda5131cf93cfa3"
    made.costs.loc[new, "code"] = "a1"
    report = reported(made)
    found, taken, runs = parsed(report), int((~new).sum()), len(made.runs)
    methods = found.text_of("section", id="methods")
    assert f"{taken} of {runs} runs were published before, at commit 32f56d7." in methods
    assert f"Of {taken} the code was not recorded." in methods
    (table,) = decision_tables(found).values()
    assert [r[0]["text"].strip() for r in table if "new" in r[0]["text"].split()] == ["ReLU new"]
    assert report.tables.coloured[0] == "relu"
    assert re.search(r"font-weight: 700[^>]*>ReLU<", report.figures["forest"])
    made.costs["reused_from"] = None
    again = reported(made, draw=False)
    assert "published before" not in again.html and not again.tables.new_activations


def test_times_of_a_busy_machine_are_not_to_be_read():
    made = study()
    assert "busy" not in parsed(plain()).text_of("section", id="answer")
    made.costs.loc[made.costs["seed"] == 3, "train_seconds"] *= 2.6
    text = parsed(reported(made, draw=False)).text_of("section", id="answer")
    assert "Equal runs took up to 2.6 times as long as others" in text


def test_each_activation_has_its_time_memory_and_accuracy_a_second():
    made = study()
    text = parsed(reported(made, draw=False)).text_of("section", id="cost")
    row = made.costs[made.costs["activation"] == "relu"].iloc[0]
    score = made.runs[made.runs["activation"] == "relu"]["test_accuracy"].mean()
    image = f"{1e6 * row['train_seconds'] / row['images']:.0f}"
    kept = f"{row['saved_bytes_per_element']:g}"
    bought = f"{100 * score / row['train_seconds']:.2f}"
    assert " ".join(["ReLU", image, "1.00 ×", kept, bought]) in " ".join(text.split())


def test_two_machines_are_named_beside_their_times():
    text = parsed(reported(study(machines=2), draw=False)).text_of("section", id="cost")
    counted = [text.count(f"made-up, {host}, {host}") for host in MACHINES]
    assert counted[0] == counted[1] > 1 and counted[2] == 0
    assert "made-up" not in parsed(plain()).text_of("section", id="cost")


def test_a_busy_machine_shows_memory_and_no_times():
    made = study()
    made.costs.loc[made.costs["seed"] == 3, "train_seconds"] *= 2.6
    text = parsed(reported(made, draw=False)).text_of("section", id="cost")
    assert "ReLU – – " in " ".join(text.split()) and "×" not in text


def test_the_downloads_are_the_tables():
    found = parsed(plain())
    files = {e["download"]: e["href"] for e in found.all("a") if "download" in e}
    content = {
        name: base64.b64decode(uri.split("base64,")[1]).decode() for name, uri in files.items()
    }
    assert content["made-up-contrasts.csv"] == plain().tables.contrasts.to_csv(index=False)
    assert content["made-up-summaries.csv"] == plain().tables.summaries.to_csv(index=False)
    tex = content["made-up-decision.tex"]
    assert tex.count(r"\begin{tabular}") == tex.count(r"\end{tabular}") == 1
    for row in plain().tables.primary.to_dict("records"):
        assert f"{100 * row['mean_diff']:+.2f}" in tex


def test_what_the_study_states_is_in_the_methods():
    found = parsed(plain())
    methods = found.text_of("section", id="methods")
    for row in plain().tables.analysis["plan"]["methods"]:
        assert row["question"] in methods
        assert row["method"] in methods
    assert "within ± 0.5 pp" in methods


def test_what_is_proven_stands_in_the_page_and_in_no_report_without_proofs():
    proofs = parsed(wide()).text_of("section", id="profiles")
    assert "Lipschitz" in proofs
    for activation in wide().tables.activations:
        assert activations.load(activation).label in proofs
    assert not parsed(plain()).all("section", id="profiles")


def test_a_formula_stands_for_people_above_the_text_that_was_certified():
    lines = {"quarter": "0.25*x if x < 0 else x"}
    made = reported(study(["gelu", "hardswish"], seeds=3), certified=True, draw=False)
    of = {row["name"]: row for row in proven_properties.property_rows(made.tables, {})}
    assert of["hardswish"]["formula"] == activations.load("hardswish").formula
    first = parsed(made).text_of("section", id="profiles").partition("As it was certified")[0]
    assert "f(x) = x·Φ(x), certified at" in first and "piecewise(" not in first
    made.tables.profiles["quarter"] = made.tables.profiles["hardswish"]
    rows = proven_properties.property_rows(made.tables, lines)
    assert [row["formula"] for row in rows if row["name"] == "quarter"] == list(lines.values())


def test_headings_are_explained_where_they_stand():
    text = parsed(plain()).text_of("section", id="decision")
    explained = text.partition("Decision table")[0].partition("Activation")[0]
    for said in (
        "p (max‑T) how often chance alone would give",
        "Time of training one image, as a multiple of ReLU’s on the same machine",
        "Memory, B bytes kept for the backward pass for each element of the activation’s input",
    ):
        assert said in explained
    several = parsed(edge("several data sets")).text_of("section", id="decision")
    assert "p says how often chance alone would give so large a mean difference" in several
    no_costs = parsed(edge("no epochs and no costs")).text_of("section", id="decision")
    assert "bytes kept for the backward pass" not in no_costs


def test_no_path_stands_in_the_page_that_its_reader_has_not_got():
    """Where files of the workflow stand, or of whoever made the page."""
    for report in (plain(), wide(), edge("only the control")):
        for path in ("results/", "config/", "workflow/", ".parquet", ".yaml", "reference/"):
            assert path not in parsed(report).words, path
    taken = {e["download"] for e in parsed(wide()).all("a") if "download" in e}
    assert "made-up-profiles.json" in taken


def test_the_page_the_citation_and_the_package_say_the_same_of_the_project():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (cited["title"], cited["version"]) == (citation.TITLE, citation.VERSION)
    assert cited["authors"] == [{"name": citation.AUTHORS}]
    assert package["version"] == citation.VERSION
    assert cited.get("repository-code", "") == citation.ADDRESS
    assert package.get("urls", {}).get("Repository", "") == citation.ADDRESS
    asked = plain().tables.analysis["published"]["source"]
    assert [reference["url"] for reference in cited["references"]] == [asked["url"]]
    text = parsed(plain()).text_of("section", id="cite")
    assert f"version = {{{citation.VERSION}}}" in text and asked["url"] in text


def test_an_address_once_there_is_one_stands_in_the_page_and_in_what_is_cited(monkeypatch):
    assert "url     =" not in plain().html
    assert plain().html.count('href="http') == 1, "of the paper"
    monkeypatch.setattr(citation, "ADDRESS", "https://example.org/activarium")
    text = parsed(reported(study(seeds=2), draw=False)).text_of("section", id="cite")
    assert text.count("https://example.org/activarium") == 2
    assert "url = {https://example.org/activarium}," in text


@pytest.mark.parametrize("name", sorted(set(figures.names()) - {"diagnostics"}))
def test_each_activation_can_be_highlighted_in_every_figure(name):
    """But for the residuals, which are quantiles of all activations together."""
    made = wide()
    if 'data-empty="yes"' in made.figures[name]:
        pytest.skip("of several data sets in one recipe only")
    shown = {a for a in made.tables.activations if name != "forest" or a != "gelu"}
    found = re.findall(r'data-a="([\d ]+)"', page.page_figure(name, made.figures[name])["svg"])
    numbers = {int(n) for marks in found for n in marks.split()}
    assert {made.tables.number(a) for a in shown} <= numbers


def test_a_pair_belongs_to_both_of_its_activations():
    svg = page.page_figure("matrix", plain().figures["matrix"])["svg"]
    marks = Counter(re.findall(r'data-a="(\d+ \d+)"', svg))
    n = range(len(plain().tables.activations))
    assert marks == {f"{i} {j}": 1 for i in n for j in n if i != j}


# Narrow screens get their own forest plot and dots.


def strip_rows(tables, figure, setting):
    decisions = {s: decision_rows(tables, s) for s in tables.settings}
    return narrow_plots.narrow_plots(tables, decisions)[figure][setting]


@pytest.mark.parametrize("figure", ["forest", "dots"])
def test_the_control_and_the_best_come_first_on_a_narrow_screen(figure):
    tables = sigmoid_far_below().tables
    (setting,) = tables.settings
    (group,) = strip_rows(tables, figure, setting)
    names = [row["label"] for row in group["rows"]]
    best = [activations.load(a).label for a in tables.best_first(setting) if a != "gelu"]
    assert names == ["GELU", *best]
    for row in group["rows"]:
        places = [row["mean"], *(row["dots"] or []), *(row["thick"] or []), *(row["wide"] or [])]
        assert all(0 <= place <= narrow_plots.WIDTH for place in places)


def test_a_strip_stands_where_its_number_does():
    (group,) = strip_rows(plain().tables, "forest", plain().tables.settings[0])
    control, *others = group["rows"]
    rows = plain().tables.primary.sort_values("mean_diff", ascending=False)
    pairs = list(zip(rows["mean_diff"], others, strict=True))
    assert all(formatting.points(difference) in row["text"] for difference, row in pairs)
    scale = [(row["mean"] - control["mean"]) / difference for difference, row in pairs]
    assert scale == pytest.approx([scale[0]] * 3, rel=0.02)
    margin = group["band"][1] - control["mean"]
    assert margin == pytest.approx(scale[0] * 0.005, rel=0.02)


def test_what_is_far_off_waits_on_an_axis_of_its_own():
    names = ("gelu", "relu", "elu", "tanh", "silu", "mish", "selu", "celu", "relu6", "sigmoid")
    made = study(names)
    made.runs.loc[made.runs["activation"].isin(["relu6", "sigmoid"]), "test_accuracy"] -= 0.5
    tables = reported(made, draw=False).tables
    for figure in ("forest", "dots"):
        first, rest = strip_rows(tables, figure, tables.settings[0])
        assert len(first["rows"]) == narrow_plots.SHOWN
        assert {row["label"] for row in rest["rows"]} == {"ReLU6", "Sigmoid"}
        places = [row["mean"] for row in first["rows"]]
        assert max(places) - min(places) > narrow_plots.WIDTH / 3


def test_what_learns_or_draws_is_proven_where_it_starts_and_equal_to_nothing():
    names = ("gelu", "silu", "acon_c", "prelu", "rrelu")
    report = reported(study(names, seeds=3), draw=False, certified=True)
    proofs = parsed(report).text_of("section", id="profiles")
    learn = "ACON-C and PReLU learn parameters. The properties here hold at the start values"
    assert learn in proofs
    assert "RReLU draws at random in training. The properties here are those of the form" in proofs
    assert "Proven equal everywhere" not in proofs
    for said in (
        "PReLU, at the start values f(x)",
        "at slope = 0.25, where training starts",
        "p1 = 1, p2 = 0 and beta = 1, where training starts",
        "RReLU, as evaluated f(x)",
    ):
        assert said in proofs
    assert "SiLU, at" not in proofs and "GELU, as" not in proofs
    finding = figures.load("profiles").finding(report.tables)
    assert "5 activations are certified over all of R (3 at the start values" in finding
    assert "The properties here" not in parsed(wide()).text_of("section", id="profiles")


def test_no_title_above_a_proven_function_reaches_the_next_panel():
    names = ("acon_c", "prelu", "gelu", "rrelu", "silu")
    report = reported(study(names, seeds=3), draw=False, certified=True)
    figure = figures.load("profiles").draw(report.tables)
    figure.draw_without_rendering()
    boxes = [ax._left_title.get_window_extent().padded(3) for ax in figure.axes if ax.lines]
    assert len(boxes) == len(names)
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_time_to_target_is_read_off_whole_epochs():
    figure = figures.load("target").draw(reported(study(epochs=2), draw=False).tables)
    assert all(tick == int(tick) for ax in figure.axes for tick in ax.get_xticks())


# Whatever a study is like, it says what is true.


@pytest.mark.parametrize("case", EDGES)
def test_a_report_of(case):
    report = edge(case)
    found = parsed(report)
    for bad in ("nan", "None", "inf", "Undefined", "NaN"):
        assert not re.search(rf"(?<![\w-]){bad}(?![\w-])", found.words), bad
    for svg in report.figures.values():
        assert "nan" not in re.sub(r"<(title|desc).*?</\1>", "", svg).lower()


def answer(case):
    return parsed(edge(case)).text_of("section", id="answer")


@pytest.mark.parametrize("where", ["here", "in every setting"])
@pytest.mark.parametrize("verdict", ["worse", "not shown"])
def test_a_one_sided_claim_that_the_verdicts_do_not_show_is_named_as_such(verdict, where):
    """Also where a third activation leaves the control alone among those that could be the best."""
    tables = reported(study(datasets=("digits", "stl10")), draw=False).tables
    tables.primary["verdict"] = verdict
    claim = {"verdict": "supported", "p": 0.0323}
    tables.analysis["control_is_best"] = claim
    (about,) = tables.rows("settings", tables.settings[0])
    about |= {"control_is_best": claim, "could_be_best": ["gelu"]}
    said = f"GELU is better than every other {where} (p 0.032)"
    if verdict == "not shown":
        said = f"In one-sided tests {said}. The two-sided verdicts do not all show it"
    last = " Only GELU could be the best (95 % confidence)." if where == "here" else ""
    study_wide = where == "in every setting"
    found = (
        verdicts.study_best_sentence(tables)
        if study_wide
        else verdicts.best_sentences(tables, tables.settings[0])
    )
    assert found == f"{said}.{last}"


def test_one_seed_is_described_and_nothing_is_claimed():
    assert "Descriptive only" in answer("one seed")
    assert set(edge("one seed").tables.primary["verdict"]) == {"not shown"}
    assert "0 came out better, 0 worse, and in 3 no difference was shown" in answer("one seed")


def test_two_seeds_are_said_to_give_no_usable_interval():
    page = parsed(reported(study(seeds=2), draw=False))
    said = " Two seeds show no difference and no usable interval; train more than 5."
    assert page.text_of("p", **{"class": "headline"}).endswith(said)
    assert "No interval from two pairs is usable: it rests on one difference" in page.words


def test_five_seeds_are_descriptive_only_in_words_and_no_rank_test_is_claimed():
    assert "Descriptive only: with 5 pairs or fewer," in answer("five seeds")
    assert "usable" not in answer("five seeds")
    assert "better than every other" not in answer("five seeds")
    rows = edge("five seeds").tables.analysis["sensitivity"]
    assert {row["verdicts"]["p_wilcoxon_holm"] for row in rows} == {None}
    assert "Descriptive only" not in parsed(plain()).words


def test_only_the_control_leaves_nothing_to_compare():
    assert "Nothing could be compared with GELU." in answer("only the control")
    assert "There is no verdict to question." in parsed(edge("only the control")).words


def test_a_setting_where_nothing_was_learned_says_so():
    made = study(activations=("gelu", "relu"))
    unshown = "No activation is shown to be better than guessing here (10.00 %)."
    hardly = "no activation is more than 2 pp above guessing (10.00 %)"
    both = unshown, hardly
    assert not any(sentence in reported(made, draw=False).html for sentence in both)
    made.runs["test_accuracy"] = 0.102  # always one class, which is a little more than a tenth
    assert [sentence in reported(made, draw=False).html for sentence in both] == [False, True]
    made.runs["test_accuracy"] = [0.04, 0.2] * 10
    assert [sentence in reported(made, draw=False).html for sentence in both] == [True, False]
    made.runs.loc[made.runs["activation"] == "relu", "test_accuracy"] = 0.4
    html = reported(made, draw=False).html
    assert not any(sentence in html for sentence in both)
    control = "GELU itself is not shown to be better than guessing here (10.00 %)"
    assert control in html
    made.runs.loc[made.runs["activation"] == "gelu", "test_accuracy"] = [0.4, 0.3] * 5
    assert control not in reported(made, draw=False).html


def test_an_activation_whose_numerics_are_not_measured_is_named():
    found = {
        "value": dict.fromkeys(("max_abs", "max_abs_at", "max_ulp", "zero_below"), 0.5)
        | {"right_to": 1e4},
        "gradient": {"max_abs": 0.5, "wrong_sign": 0, "right_to": 1.5},
        "not_finite": {"value": 0, "gradient": 0, "first_at": None},
    }
    measured = {f"{a}.numerics": {"float32": found} for a in ("gelu", "relu")}
    made = study(activations=("gelu", "relu"))
    whole = reported(made, draw=False, certified=True, numerics=measured).html
    assert "What torch computes" in whole and "ot measured" not in whole
    assert "|x| ≤ 10000" in whole and "|x| ≤ 1.5" in whole
    del measured["relu.numerics"]
    part = reported(made, draw=False, certified=True, numerics=measured).html
    assert "Not measured yet: ReLU." in part


def test_numerics_that_failed_are_named_with_their_reason_and_block_no_report():
    refused = {"gelu.numerics": {"refused": "RuntimeError: no <rows>"}}
    html = reported(
        study(activations=("gelu", "relu")), draw=False, certified=True, numerics=refused
    ).html
    assert "Not measured: GELU (RuntimeError: no &lt;rows&gt;)." in html
    assert "Not measured yet: ReLU." in html


def test_a_setting_where_everything_diverged_says_so():
    found = parsed(edge("all of a setting diverged"))
    assert "40 runs of 80 diverged; they count as guessing, not as missing." in found.words
    assert "40 runs, no score." in found.words
    assert "Every run diverged here" in answer("all of a setting diverged")
    assert "Every run diverged here" not in answer("an activation always diverged")
    failures = found.text_of("section", id="failures")
    assert failures.count("10 of 10") == 4


def test_a_setting_without_the_control_compares_nothing_there():
    text = answer("no control in a setting")
    assert "Of 3 comparisons with GELU" in text
    assert (
        "Not compared, because they share no seed with GELU: ReLU, ELU and Tanh."
        in text.replace("ELU, ReLU and Tanh", "ReLU, ELU and Tanh")
    )
    found = decision_tables(parsed(edge("no control in a setting")))
    (without,) = [t for t in found.values() if len(t) == 4]
    assert all("no pairs" in row[4]["text"] for row in without[1:])
    assert "Nothing could be compared with GELU." in answer("no control anywhere")


def test_unbalanced_seeds_show_how_many_pairs_there_are():
    (table,) = decision_tables(parsed(edge("unbalanced seeds"))).values()
    pairs = {row[0]["text"].strip(): row[5]["text"].split("of")[-1].strip() for row in table[1:]}
    assert pairs["ELU"] == "7"
    assert pairs["ReLU"] == "10"
    assert "7 to 10 seeds each" in parsed(edge("unbalanced seeds")).words
    shared = "a difference over the 7 to 10 that it shares with GELU."
    assert shared in answer("unbalanced seeds") and shared not in answer("no spread")


def test_a_table_from_outside_without_epochs_and_costs_says_what_is_not_there():
    text = parsed(edge("no epochs and no costs")).words
    assert "Learning curves: not drawn. No table of epochs came with these runs." in text
    assert "Accuracy and its cost: not drawn. No cost came with these runs." in text
    assert "Nothing is recorded about what these runs were made on." in text


# Figures show what they are about.


def test_runs_that_were_evaluated_once_have_no_curves():
    made = study(seeds=3)
    last = made.epochs["epoch"].max()
    made.epochs.loc[made.epochs["epoch"] < last, ["test_loss", "test_accuracy"]] = None
    tables = reported(made, draw=False).tables
    for name in ("curves", "target"):
        figure = figures.load(name)
        assert figure.draw(tables) is None
        assert figure.finding(tables) == "Every run was evaluated after one epoch alone."


@pytest.mark.parametrize("left", ["no rows", "no values"])
def test_a_setting_without_epochs_leaves_its_panel_empty(left):
    made = study(networks=("plain_2", "plain_4"), seeds=3)
    other = made.epochs["network"] == "plain_4"
    if left == "no rows":
        made.epochs = made.epochs[~other]
    else:
        made.epochs.loc[other, ["test_loss", "test_accuracy"]] = None
    tables = reported(made, draw=False).tables
    for name in ("curves", "target"):
        full, empty = figures.load(name).draw(tables).axes
        marks = [len(ax.lines) + len(ax.collections) for ax in (full, empty)]
        assert marks[0] and not marks[1]
        assert "plain_4" not in figures.load(name).finding(tables)


def test_the_last_gain_is_between_the_last_two_evaluations():
    made = study(seeds=3)
    made.epochs.loc[made.epochs["epoch"] == 3, ["test_loss", "test_accuracy"]] = None
    said = figures.load("curves").finding(reported(made, draw=False).tables)
    control = made.epochs[made.epochs["activation"] == "gelu"]
    means = 100 * control.groupby("epoch")["test_accuracy"].mean()
    assert f"in the last 2 of 4 epochs the control's runs went from {means[2]:.2f} to" in said


def test_a_mean_curve_ends_where_a_run_was_cut_short():
    """Else it would jump there to those that are left."""
    made = study(seeds=3, fails=lambda run: (run["activation"], run["seed"]) == ("relu", 1))
    tables = reported(made, draw=False).tables
    (axes,) = figures.load("curves").draw(tables).axes
    means = {line.get_gid(): line for line in axes.lines if "mean" in line.get_gid()}
    assert len(means) == len(tables.activations)
    ends = {a: list(means[f"mark-{tables.number(a)}-mean-0"].get_xdata()) for a in ("elu", "relu")}
    assert ends == {"elu": [1, 2, 3, 4], "relu": [1]}
    elu = made.epochs[(made.epochs["activation"] == "elu") & (made.epochs["epoch"] == 4)]
    drawn = means[f"mark-{tables.number('elu')}-mean-0"].get_ydata()[-1]
    assert drawn == pytest.approx(100 * elu["test_accuracy"].mean())


def test_nobody_is_the_only_faint_one():
    few, more = ("gelu", "relu", "elu", "tanh", "silu", "mish"), ("selu", "celu")
    shown = [figures.draw_figure("curves", tables_of(names)) for names in (few, few + more)]
    assert [">others<" in figure for figure in shown] == [False, True]
    assert all(f">{activations.load(name).label}<" in shown[0] for name in few)


def tables_of(names):
    return reported(study(names, seeds=3), draw=False).tables


def sigmoid_far_below():
    made = study(("gelu", "relu", "elu", "tanh", "silu", "mish", "sigmoid"))
    for frame in (made.runs, made.epochs):
        frame.loc[frame["activation"] == "sigmoid", "test_accuracy"] -= 0.5
    return reported(made)


def shown(svg):
    """The words of an SVG, without its title and description."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_what_lies_far_outside_is_named_and_does_not_press_the_rest_together():
    report = sigmoid_far_below()
    row = report.tables.primary.query("activation == 'sigmoid'").iloc[0]
    forest = shown(report.figures["forest"])
    assert f"◂ {formatting.points(row['mean_diff'])}" in forest
    assert "−40" not in forest
    mean = report.tables.summaries.query("activation == 'sigmoid'").iloc[0]["mean"]
    assert f"◂ mean {100 * mean:.2f}" in shown(report.figures["dots"])
    assert f"Sigmoid {100 * mean:.1f}" in shown(report.figures["pareto"])
    assert not [w for w in shown(plain().figures["forest"]) if w.startswith("◂")]


def test_failures_stand_in_the_figure_of_every_run():
    assert any("× 3 diverged" in text for text in shown(wide().figures["dots"]))


def test_no_two_names_in_the_figure_of_costs_lie_on_one_another():
    at = re.findall(
        r'<g id="pareto-mark-\d+-name-0">\s*<text[^>]* x="([\d.]+)" y="([\d.]+)"',
        sigmoid_far_below().figures["pareto"],
    )
    places = [(float(x), float(y)) for x, y in at]
    assert len(places) >= 4
    for i, (x, y) in enumerate(places):
        assert all(abs(x - u) > 8 or abs(y - v) > 7 for u, v in places[:i])


# Names are text.


@cache
def marked_up():
    made = study(
        ("gelu", *MARKUP), ("<i>data</i>", "{% raw %}"), ("<u>net</u>",), ("<b>r", "&amp; $n$"),
        seeds=2, epochs=2, machines=2,
        drops=lambda run: (run["recipe"] == "<b>r") != (run["dataset"] == "<i>data</i>"),
    )  # fmt: skip
    return reported(made, name="<script>alert(3)</script>", runs=("my/<em>file.csv",))


def test_names_with_markup_are_text_in_the_page():
    found, known = parsed(marked_up()), parsed(plain())
    assert {e["tag"] for e in found.elements} <= {e["tag"] for e in known.elements} | {"use"}
    assert len(found.all("script")) == 1
    assert found.text_of("h1") == "<script>alert(3)</script>"
    assert "<em>file.csv" in found.words
    named = {cell["text"].strip() for table in found.tables for row in table for cell in row}
    for name in MARKUP:
        assert " ".join(name.split()) in {" ".join(n.split()) for n in named}, name
        assert name in {o["text"].strip() for o in found.all("option")}
    for name in ("<i>data</i>", "{% raw %}", "<b>r", "&amp; $n$"):
        assert name in found.words


def test_names_with_markup_are_text_in_every_figure():
    import xml.etree.ElementTree as ET

    allowed = {"svg", "title", "desc", "g", "path", "text", "tspan", "use", "defs", "clipPath",
               "rect", "image"}  # fmt: skip
    shown = Counter()
    for svg in marked_up().figures.values():
        elements = list(ET.fromstring(svg).iter())
        assert {e.tag.split("}")[-1] for e in elements} <= allowed
        assert not any(k.startswith("on") for e in elements for k in e.attrib)
        shown.update("".join(e.itertext()) for e in elements if e.tag.endswith("}text"))
    for name in MARKUP:
        assert shown[name if len(name) <= 30 else f"{name[:29]}…"], name


def test_a_name_in_the_latex_table_is_no_command():
    found = parsed(marked_up())
    (link,) = [e for e in found.all("a") if e.get("download", "").endswith(".tex")]
    tex = base64.b64decode(link["href"].split("base64,")[1]).decode()
    assert r"\textbf{x}" not in tex
    assert r"\&amp; \textbackslash{}textbf\{x\} 100 \% &" in tex


# Small and quick enough.


@cache
def large():
    names = ["gelu", *[a for a in activations.names() if a != "gelu"][:24]]
    made = study(names, ("cifar10", "cifar100", "stl10"), ("resnet14",), seeds=10, epochs=20)
    start = time.process_time()
    return reported(made), time.process_time() - start


@pytest.mark.slow
def test_a_large_study_stays_below_five_megabytes():
    report, seconds = large()
    assert len(report.html.encode()) < 5e6
    assert len(report.tables.settings) * 25 == len(report.tables.summaries)
    assert seconds < 60  # 15 s on one core where this was written; 30 seeds take 30


@pytest.mark.parametrize("name", ["relu2", "xielu", "snake", "sine", "gcu", "hardshrink"])
def test_whatever_a_profile_holds_is_drawn_and_tabled(name):
    """Ends that are no straight lines, oscillations, jumps and refusals."""
    made = reported(study(["gelu", name], seeds=3), certified=True, draw=False)
    assert "data-empty" not in figures.draw_figure("profiles", made.tables).split(">")[0]
    proofs = parsed(made).text_of("section", id="profiles")
    assert activations.load(name).label in proofs
    for refused in made.tables.profiles[name]["refused"]:
        assert f"Not claimed: {refused.replace('_', ' ')}" in proofs


def test_a_list_of_points_says_that_it_comes_again_and_an_edge_what_was_sought():
    made = reported(study(["gelu", "sine", "sigmoid"], seeds=3), certified=True, draw=False)
    of = {row["name"]: row for row in proven_properties.property_rows(made.tables, {})}
    assert of["sine"]["zeros"] == "0, 3.14159…, each again every 6.28318…"
    assert of["gelu"]["zeros"] == "0"
    assert of["sigmoid"]["edge"] == "none"
    assert "Edge of chaos at variance 1" in parsed(made).text_of("section", id="profiles")


@pytest.mark.parametrize(
    ("enclosure", "text"),
    [
        (["0.3601", "0.5143"], "0.360 to 0.515"),
        (["0.9999999999", "1.0000000001"], "≈ 1"),
        (["-1e-30", "1e-30"], "≈ 0"),
        (["1e+1000", "inf"], "above 1e1000"),
        (["-0.16997120747990366169", "inf"], "above −0.169972"),  # rounded outwards
        (["-inf", "-0.16997120747990366169"], "below −0.169971"),
        (["inf", "inf"], "∞"),
    ],
)
def test_no_digit_is_shown_that_an_enclosure_does_not_hold(enclosure, text):
    assert proven_properties.format_enclosure(enclosure) == text


def test_recipes_stand_under_their_own_names_where_not_all_have_all():
    survival = [
        {"verdicts": {"r1": "better", "r2": "worse"}},
        {"verdicts": {"r2": "worse", "r3": "better"}},
    ]
    assert recipe_verdicts.recipe_names(survival) == ["r1", "r2", "r3"]
