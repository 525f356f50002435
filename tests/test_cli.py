"""The command activarium: every subcommand prints what a person or a program can use."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from conftest import BIN, ROOT
from synthetic import study

from activarium import activations, cli
from activarium.certify import certify, certify_activation
from activarium.certify.activation_list import activation_rows
from activarium.definitions import on_torch
from activarium.report.profile_page import WIDTH, profile_page
from activarium.report.proven_properties import format_enclosure
from activarium.runtime.errors import UserError
from activarium.runtime.files import as_json

SCRIPTS = ROOT / "workflow/scripts"
SCHEMA = json.loads((SCRIPTS / "activarium/certify/schema.json").read_text())
# Quick to prove, and between them: kinks, jumps, periods, refusals, learning, drawing.
SAMPLES = ("gelu", "gcu", "hardshrink", "prelu", "rrelu", "sine", "snake", "star_relu", "threshold")
COMMANDS = ("certify", "compare", "list", "new", "report-path", "check-runs", "explain-stop",
            "check-idle", "challenge", "claims", "train-queue", "check-submission")  # fmt: skip


@pytest.fixture
def activarium(capsys):
    """Run the command line in this process: (exit code, its output, its one line of error)."""

    def run(*words):
        code = 0
        try:
            cli.main(list(map(str, words)))
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        if isinstance(code, str):  # what Python prints to the standard error, with exit code 1
            code, err = 1, f"{err}{code}\n"
        assert err.count("\n") <= 1, err
        return code, out, err.strip()

    return run


@cache
def profile(name):
    return certify(activations.definition(name))


# The command line as a whole


def test_help_names_every_command_in_one_line_and_imports_nothing_slow(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS), "COLUMNS": "100"}
    command = [sys.executable, "-X", "importtime", "-m", "activarium", "--help"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert done.returncode == 0 and "argparse" in imported
    slow = {"flint", "matplotlib", "numpy", "pandas", "pyarrow", "scipy", "snakemake", "torch"}
    assert not imported & slow
    lines = done.stdout.splitlines()
    for name in COMMANDS:
        assert sum(line.startswith(f"    {name} ") for line in lines) == 1
    assert len(lines) < 40 and max(map(len, lines)) <= 100


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_help_page(activarium, name):
    code, out, _ = activarium(name, "--help")
    assert code == 0 and out.startswith(f"usage: activarium {name} ")


def test_the_command_line_imports_nothing_heavy():
    program = "import sys; from activarium import cli; cli.parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(SCRIPTS)}, check=True)  # fmt: skip
    assert not {"torch", "numpy", "pandas", "flint", "jsonschema"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "activarium: the following arguments are required: COMMAND; see activarium --help"),
        (["certfy"], "activarium: argument COMMAND: invalid choice: 'certfy' (choose from"),
        (["certify"], "activarium certify: the following arguments are required: ACTIVATION; see"),
        (["new", "layer", "a"], "activarium new: argument kind: invalid choice: 'layer'"),
        (["compare", "a.csv"], "activarium compare: the following arguments are required: "
         "--control"),
    ],
)  # fmt: skip
def test_words_that_are_no_command_end_with_2_and_one_line(activarium, words, line):
    code, out, err = activarium(*words)
    assert (code, out) == (2, "") and err.startswith(line)


def test_the_version_is_that_of_the_package(activarium):
    from activarium.report.citation import VERSION

    assert activarium("--version") == (0, f"activarium {VERSION}\n", "")


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path):
    command = f"{sys.executable} -m activarium list | head -1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(SCRIPTS)})  # fmt: skip
    assert done.stdout.startswith("name ") and done.stderr == ""


def test_a_terminal_without_greek_letters_gets_the_page_all_the_same(tmp_path):
    ascii_only = {"PYTHONPATH": str(SCRIPTS), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-m", "activarium", "certify", "relu"], cwd=tmp_path,
                          env=os.environ | ascii_only, capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "") and "range of f?" in done.stdout


# certify


@pytest.mark.parametrize("name", SAMPLES)
def test_a_profile_fits_a_screen(name):
    file = activations.load(name)
    beside = {"equal": ["elu", "celu"], "nearest": "penalized_tanh", "apart": 0.1, "proven": None,
              "looked_up_to": 30}  # fmt: skip
    page = profile_page(profile(name), file.label, file.formula, "Somebody 2020", beside=beside)
    lines = page.splitlines()
    assert 20 < len(lines) <= 40 and max(map(len, lines)) <= WIDTH == 100
    assert lines[0].startswith(f"{file.label}: f(x) = ")


def test_a_profile_shows_digits_that_its_enclosures_have(activarium):
    code, page, _ = activarium("certify", "gelu")
    assert code == 0
    said = dict(line.split("  ", 1) for line in page.splitlines() if "  " in line[:30])
    said = {key: text.strip() for key, text in said.items()}
    found = profile("gelu")
    assert said["Lipschitz constant"] == format_enclosure(found["lipschitz"]) == "1.12890…"
    for low, high in (found["lipschitz"], found["gain"]):
        text = format_enclosure([low, high]).removesuffix("…")
        assert low.startswith(text) and high.startswith(text) and len(text) == 7
    assert said["minimum"] == "−0.169971… at x = −0.751791…"
    assert said["monotone"] == "no: decreasing up to −0.751791…, then increasing"
    assert said["class"] == "analytic" and said["asymptote right"] == "x"
    assert said["not claimed"] == "nothing: every property is proven"
    assert "Hendrycks and Gimpel 2016" in page


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("celu", ["equal to               ELU", "ISRLU, at most 0.0755755… apart, at x = −0.9202"]),
        (
            "x/(1+exp(-x))",
            ["equal to               SiLU", "about 0.137 apart for |x| ≤ 30, and may be more"],
        ),
        ("x*exp(x)/(1+exp(x))", ["SiLU, no difference seen for |x| ≤ 30; that they are equal is"]),
        ("penalized_tanh", ["nearest built-in       Laplace, at most ≈ 0.25 apart\n"]),
        ("(1-x)*sigmoid(x)*tanh(x)/(1+x**2)", ["nearest built-in       "]),
        ("swish", ["nearest built-in       SiLU, no difference"]),
        ("x**2", ["nearest built-in       none: each is 1 or more apart for |x| ≤ 30"]),
    ],
)
def test_a_page_says_which_built_in_activation_is_the_same_or_nearest(activarium, word, said):
    _, page, _ = activarium("certify", word)
    assert all(text in page for text in said)
    assert ("equal to" in page) == said[0].startswith("equal")


def test_what_is_not_proven_is_named_with_its_reason(activarium):
    _, page, _ = activarium("certify", "gcu")
    last = page[page.rindex("not claimed") :]
    assert "zeros, stationary_points, inflection_points and 8 more (as x → −∞: it oscillates)" in (
        " ".join(last.split())
    )
    assert "range of f             not claimed" in page


def test_what_learns_or_draws_is_said_to(activarium):
    assert "proven at slope = 0.25, where it starts" in activarium("certify", "prelu")[1]
    assert "draws at random" in activarium("certify", "rrelu")[1]


def test_an_expression_may_be_longer_than_a_path_and_be_a_file_s_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("x").write_text("no activation")
    assert certify_activation("x")["class"] == "analytic"
    assert certify_activation(" + ".join(["x"] * 90))["class"] == "analytic"
    with pytest.raises(UserError, match="is not in the vocabulary"):
        certify_activation("y + " + " + ".join(["x"] * 90))
    with pytest.raises(UserError):
        certify_activation("x + " + "é" * 130)


def test_what_is_learned_is_certified_at_given_values(activarium):
    page = activarium("certify", "prelu", "slope=-0.11")[1]
    assert "Training learns: proven at slope = −0.11, as given." in page
    assert "decreasing up to 0, then increasing" in page, "which it is not at its start"
    given = activarium("certify", "prelu", "slope=-0.11", "--json")[1]
    assert json.loads(given) == json.loads(as_json(certify_activation("prelu", slope=-0.11)))
    same = activarium("certify", "prelu", "slope=0.25", "--json")[1]
    assert same == activarium("certify", "prelu", "--json")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prelu", "slop=1"], "no parameter 'slop' (did you mean slope?); it learns slope"),
        (["gelu", "slope=1"], "no parameter 'slope'; it learns nothing"),
        (["pau", "b1=-1"], "b1=-1.0 is never learned: training keeps it above 0"),
        (["xielu", "alpha_n=0.2"], "alpha_n=0.2 is never learned: training keeps it above 0.5"),
        (["prelu", "slope"], "'slope' is no value of a parameter; write each once, as slope=0.11"),
        (["prelu", "slope=1", "slope=2"], "'slope=2' is no value of a parameter; write each once"),
        (["prelu", "slope=much"], "slope=much: much is no number; write slope=0.11"),
        (["prelu", "slope=inf"], "slope=inf is no finite number; write slope=0.25"),
    ],
)
def test_a_wrong_value_of_what_is_learned_is_one_line(activarium, words, said):
    code, out, error = activarium("certify", *words)
    assert code and not out and said in error and "\n" not in error.strip()


def test_a_periodic_function_is_not_said_to_rise_for_ever(activarium):
    _, page, _ = activarium("certify", "sine")
    assert "monotone               no: 2 pieces in each period of 6.28318…" in page
    assert "minimum                ≈ −1 at x = 4.71238…, again every 6.28318…" in page


def test_an_expression_is_certified_also_where_it_begins_with_a_minus(activarium):
    code, page, _ = activarium("certify", "x*ndtr(1.1*x)")
    assert code == 0 and page.startswith("f(x) = x*ndtr(1.1*x)\n")
    code, page, _ = activarium("certify", "-x*sigmoid(x)")
    assert code == 0 and page.startswith("f(x) = -x*sigmoid(x)\n")


def test_json_is_the_whole_profile(activarium):
    code, out, _ = activarium("certify", "relu", "--json")
    found = json.loads(out)
    jsonschema.validate(found, SCHEMA)
    assert code == 0 and found == json.loads(json.dumps(profile("relu")))


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("gelo", "no activation 'gelo' (did you mean gelu?)"),
        ("SwiGLU", "no activation 'SwiGLU'; SwiGLU is a gated feed-forward: write silu, and "),
        ("x*foo(x)", "'foo' is not a function here; known are x, pi, exp"),
        ("1/x", "'1/x': a division, logarithm or root is not proven finite near x = 0"),
        ("mine.py", "no file mine.py; make one: activarium new activation mine --folder ."),
        ("my/study.yaml", "my/study.yaml is no activation: say a .py file that defines one"),
    ],
)
def test_what_cannot_be_certified_ends_with_1_and_one_line(
    activarium, tmp_path, monkeypatch, word, line
):
    monkeypatch.chdir(tmp_path)
    Path("my").mkdir()
    Path("my/study.yaml").write_text("name: mine")
    code, out, err = activarium("certify", word)
    assert (code, out) == (1, "") and err.startswith(line)


# list

LONG = "(p₁ − p₂)·x·σ(β·(p₁ − p₂)·x) + p₂·x, learned from p₁ = 1, p₂ = 0, β = 1"
LISTED = [
    ("name", "class", "formula", "source"),
    ("identity", "analytic", "x", "A"),
    ("acon_c", "C¹", LONG, "B"),
]


def test_list_has_a_line_for_each_activation(activarium):
    code, out, _ = activarium("list")
    head, *lines = out.splitlines()
    assert code == 0 and [line.split()[0] for line in lines] == activations.names()
    assert head.split() == ["name", "class", "formula", "source"]
    (gelu,) = (line for line in lines if line.startswith("gelu "))
    assert "analytic" in gelu and "x·Φ(x)" in gelu and "Hendrycks and Gimpel 2016" in gelu


def test_columns_stand_below_their_heads():
    head, *lines = cli._align_columns(LISTED, None)
    starts = [head.index(word) for word in LISTED[0]]
    for cells, line in zip(LISTED[1:], lines, strict=True):
        assert all(line.startswith(c, at) for c, at in zip(cells, starts, strict=True))


def test_columns_are_wrapped_where_a_terminal_is_narrow_and_lose_no_word():
    head, *lines = cli._align_columns(LISTED, 80)
    assert max(map(len, lines)) <= 80 and len(lines) > len(LISTED) - 1
    formulas = [line[head.index("formula") : head.index("source")] for line in lines]
    assert " ".join(" ".join(formulas).split()) == f"x {LONG}"
    assert " ".join(" ".join(line[head.index("source") :] for line in lines).split()) == "A B"


def test_list_gives_the_classes_that_are_certified():
    classes = {row["name"]: row["class"] for row in activation_rows()}
    for name in SAMPLES:
        assert classes[name] == profile(name)["class"]
    assert set(classes.values()) == {"analytic", "C^0", "C^1", "C^2", "discontinuous"}


def test_list_names_a_paper_or_says_that_there_is_none():
    rows = json.loads(json.dumps(activation_rows()))
    for row in rows:
        assert set(row) == {"name", "label", "formula", "class", "source"}
        assert len(row["source"]) <= 100 and not row["source"].endswith((".", ",", ";"))
    unknown = {"bent_identity", "hard_mish", "identity", "logsigmoid", "tanhshrink"}
    dated = {row["name"] for row in rows if any(c.isdigit() for c in row["source"])}
    assert {row["name"] for row in rows} - dated == unknown


def test_list_as_json(activarium):
    assert json.loads(activarium("list", "--json")[1]) == activation_rows()


# compare


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A CSV table of runs as somebody else would write it, with a data set that has no file."""
    made = study(("gelu", "relu", "mine"), ("digits", "moons"), seeds=6).runs
    file = tmp_path_factory.mktemp("elsewhere") / "runs.csv"
    columns = ["dataset", "activation", "seed", "test_accuracy", "status"]
    made[columns].to_csv(file, index=False)
    return file


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compare_writes_the_report_and_says_its_verdict(activarium, here, runs):
    code, out, _ = activarium("compare", runs, "--control", "gelu")
    verdict, where = out.splitlines()
    assert code == 0 and where == "The report: report.html"
    assert verdict.startswith("Of 4 comparisons with GELU in 2 settings, ")
    page = Path("report.html").read_text()
    assert "<h1>runs</h1>" in page and verdict.split(",")[0] in page
    assert [path.name for path in here.iterdir()] == ["report.html"]
    # Its own report is written again, with what was asked for.
    more = ("--margin", 0.02, "--name", "mine", "--chance", "moons=0.5")
    assert activarium("compare", runs, "--control", "gelu", *more)[0] == 0
    assert "<h1>mine</h1>" in Path("report.html").read_text()


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--control", "gelo"], "control: no row of {runs} is of 'gelo' (did you mean 'gelu'?); "
         "there are gelu, mine, relu"),
        (["--margin", "5"], "--margin 5.0 must lie between 0 and 1"),
        (["--confidence", "95"], "--confidence 95.0 must lie between 0 and 1"),
        (["--chance", "moons"], "--chance moons must be a data set and a fraction, as moons=0.5"),
        (["--output", "notes.txt"], "--output notes.txt is there and is no report; name another "
         "file"),
        (["--output", "folder"], "--output folder is a folder; name a file in it: "
         "folder/report.html"),
        (["--output", "notes.txt/a.html"], "notes.txt: File exists"),
    ],
)  # fmt: skip
def test_compare_ends_with_1_and_one_line(activarium, here, runs, more, line):
    Path("notes.txt").write_text("mine")
    Path("folder").mkdir()
    code, out, err = activarium("compare", runs, "--control", "gelu", *more)
    assert (code, out, err) == (1, "", line.replace("{runs}", str(runs)))
    assert Path("notes.txt").read_text() == "mine"


def test_compare_asks_for_the_accuracy_of_guessing_where_runs_failed(activarium, here, runs):
    made = pd.read_csv(runs)
    made.loc[made["dataset"].eq("moons") & made["seed"].eq(0), ["test_accuracy", "status"]] = (
        None,
        "diverged",
    )
    made.to_csv("failed.csv", index=False)
    code, _, err = activarium("compare", "failed.csv", "--control", "gelu")
    assert code == 1 and "'moons' has diverged runs" in err and "--chance moons=…" in err
    assert activarium("compare", "failed.csv", "--control", "gelu", "--chance", "moons=0.5")[0] == 0


def test_compare_names_a_table_that_is_not_there(activarium, here):
    assert activarium("compare", "a.csv", "--control", "b") == (1, "", "no file a.csv")


# new


def train_with(house, activation, network, dataset):
    """The table of runs of one epoch with files of one's own."""
    recipe = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "epochs": 1}
    own = [[{"name": name, "file": f"my/{name}.py"}] for name in (activation, network, dataset)]
    house.say(activations=own[0], control=activation, networks=own[1], datasets=own[2],
              recipes={"short": recipe}, seeds=1, train_size=None)  # fmt: skip
    done = house.snakemake("results/tiny/runs.csv")
    assert done.returncode == 0, done.stderr
    return pd.read_csv(house / "results/tiny/runs.csv")


def new(house, kind, name):
    done = house.run(BIN / "python", "-m", "activarium", "new", kind, name,
                     PYTHONPATH="workflow/scripts")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_new_files_of_each_kind_are_trained_with_as_they_are(house):
    said = new(house, "activation", "my_act")
    assert said == (
        "Wrote my/my_act.py.\nProve it: activarium certify my/my_act.py\nTrain with it: write "
        "{name: my_act, file: my/my_act.py} among the activations of a study\n"
    )
    line = "Train with it: write {name: mynet, file: my/mynet.py} among the networks of a study\n"
    assert new(house, "network", "mynet") == f"Wrote my/mynet.py.\n{line}"
    assert "among the datasets of a study" in new(house, "dataset", "bars")
    runs = train_with(house, "my_act", "mynet", "bars")
    assert set(runs["activation"]) == {"my_act"} and set(runs["status"]) == {"ok"}
    assert set(runs["network"]) == {"mynet"} and set(runs["dataset"]) == {"bars"}
    assert runs["test_accuracy"].between(0.5, 1).all()


def test_a_new_activation_is_certified_where_it_stands(activarium, here):
    code, out, _ = activarium("new", "activation", "mine")
    assert code == 0 and "Prove it: activarium certify my/mine.py\n" in out
    code, row, _ = activarium("list", "my/mine.py")
    assert code == 0 and row.splitlines()[1].split() == [
        "mine",
        "analytic",
        "x·Φ(1.1·x)",
        "Unpublished",
    ]
    code, page, _ = activarium("certify", "my/mine.py")
    assert code == 0 and page.startswith("mine: f(x) = x·Φ(1.1·x)\nUnpublished\nProven for all")
    expression = activarium("certify", "x*ndtr(1.1*x)")[1]
    assert page.split("\n\n")[1] == expression.split("\n\n")[1]


def test_new_files_load_without_a_clone(activarium, here):
    import torch

    for kind in ("network", "dataset"):
        assert activarium("new", kind, "mine", "--folder", kind)[0] == 0
    made = {}
    for kind in ("network", "dataset"):
        exec(compile(Path(kind, "mine.py").read_text(), kind, "exec"), names := {})
        made[kind] = names
    images = made["dataset"]["load"]()
    assert images.train_images.shape == (200, 8, 8, 1) and set(images.test_labels) == {0, 1}
    net = made["network"]["build"](lambda *_: activations.module("gelu"), 1, 2, 8)
    assert net(torch.zeros(3, 1, 8, 8)).shape == (3, 2)
    assert callable(on_torch.exp)


@pytest.mark.parametrize(
    ("kind", "name", "line"),
    [
        ("activation", "there", "my/there.py is there already; choose another name"),
        ("activation", "gelu", "'gelu' is a built-in activation; choose another name"),
        ("network", "plain", "'plain' is a built-in network; choose another name"),
        ("activation", "proven_claims",
         "'proven_claims' is reserved in profiles/; choose another name"),
        ("activation", "My-Act", "'My-Act' cannot be the name of a file; write a to z first, then "
         "also digits and _"),
        ("activation", "lambda", "'lambda' cannot be the name of a file; write a to z first, then "
         "also digits and _"),
        ("network", "a/b", "'a/b' cannot be the name of a file; write a to z first, then also "
         "digits and _"),
    ],
)  # fmt: skip
def test_new_refuses_a_name_in_one_line(activarium, here, kind, name, line):
    Path("my").mkdir()
    Path("my/there.py").write_text("mine")
    assert activarium("new", kind, name) == (1, "", line)
    assert [path.name for path in (here / "my").iterdir()] == ["there.py"]
    assert Path("my/there.py").read_text() == "mine"
