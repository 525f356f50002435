"""What the pages say can be done: commands parse, links and paths resolve, sentences are short."""

import fnmatch
import os
import re
import shlex
import statistics
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import prose
import pytest
import yaml
from conftest import ROOT
from snakemake.cli import get_argument_parser

from activarium import cli, networks, study
from activarium.compare.plan import METHODS
from activarium.data.image_checks import check_images
from activarium.data.sources import load_images
from activarium.definitions.file_checks import check_file
from activarium.report.headline import read_headline
from activarium.report.study_tables import StudyTables
from activarium.runtime.own_files import import_file

PAGES = sorted(
    str(file.relative_to(ROOT))
    for file in [
        *ROOT.glob("docs/*.md"),
        *(
            ROOT / folder / "README.md"
            for folder in ("config", "results", "reference", "benchmarks")
        ),
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SUBMIT.md")),
    ]
)
TEXT = {page: (ROOT / page).read_text() for page in PAGES}
SCHEMA = ROOT / "config/schema.yaml"
LIBRARY = "workflow/scripts/activarium"
pages = pytest.mark.parametrize("page", PAGES)

# What a page may name though it is not here: a reader's own files, and placeholders.
EXAMPLES = (
    "mine",
    "mydata",
    "mynet",
    "myplot",
    "mynorms",
    "swoosh",
    "shared",
    "here",
    "there",
    "STUDY",
    "NAME",
    "runs.csv",
)


def is_example(path):
    return any(re.search(rf"(^|[/.]){word}($|[/.])", str(path)) for word in EXAMPLES)


# How long pages and sentences are


def test_the_readme_is_one_screen():
    lines = TEXT["README.md"].splitlines()
    assert len(lines) <= 60
    assert len(TEXT["README.md"].split()) <= 450
    first = next(n for n, line in enumerate(lines, 1) if line.startswith("make "))
    assert first + 2 <= 20, "make, make test and one of your own"
    for table in re.findall(r"(?:^\|.*\n)+", TEXT["README.md"], re.M):
        assert len(table.splitlines()) - 2 <= 6


@pages
def test_sentences_are_short(page):
    lengths = {one: len(prose.words(one)) for one in prose.sentences(TEXT[page])}
    assert [one for one, n in lengths.items() if n > 25] == []
    assert statistics.median(lengths.values()) <= 16


def test_a_sentence_ends_where_a_reader_ends_it():
    page = """# Of no interest. Not at all.

One is 0.5 long, e.g. this. Two `code. and more` (in brackets.) Three!

- four. [Five](six.md)
  goes on

| no | row. counts |

```
nor code. does
```
    nor. indented

Last?
"""
    assert prose.sentences(page) == [
        "One is 0.5 long, e.g. this.",
        "Two code_and_more (in brackets.)",
        "Three!",
        "four.",
        "Five goes on",
        "Last?",
    ]
    assert prose.words("+0.28 pp (−0.15 to 0.7) – x") == [
        "+0.28",
        "pp",
        "(−0.15",
        "to",
        "0.7)",
        "x",
    ]


def fenced(markdown):
    """(language, text) of each code block; the language of a plain one is empty."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", markdown, re.M | re.S)


# Links and paths


def anchors(markdown):
    """The anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.M)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


@pages
def test_links_resolve(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT[page]):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text()), target


@cache
def tree():
    """Every file and folder of the checkout, but for hidden ones and what studies made."""
    found = {"results", "results/README.md"}
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if not name.startswith(".") and name != "results"]
        found |= {os.path.relpath(Path(folder, name), ROOT) for name in [*inside, *files]}
    return found


def exists(path):
    """Whether a path of the repository ends so; `train.py` or `data/prepare.py` is enough."""
    pattern = path.rstrip("/")
    return any(fnmatch.fnmatch(f"/{file}", f"*/{pattern}") for file in tree())


def paths(markdown):
    """What stands in backticks, or before a blank in a folder tree, and looks like a path."""
    for code in re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", markdown, flags=re.M | re.S)
    ):
        if re.fullmatch(
            r"[\w./*-]+(/|\.(py|md|yaml|smk|txt|toml|css|js|json|sh))|[\w-]+(/[\w.-]+)+", code
        ):
            yield code
    for language, block in fenced(markdown):
        if not language and re.match(r"\S+/? {2,}\S", block):
            yield from re.findall(r"(?<!\S)[a-z_]+(?:/[a-z_]+)*/(?=\s)", block)


MADE = (  # what a study's run makes
    r"results/.+",
    r"(datasets|profiles)/(logs/|proven_claims\.json)",
    r"claims/claims\.md",
    r"\.snakemake/.*",
    r"(runs|costs|analysis|(tuning_)?provenance|networks)\.(parquet|json)",
    r"cifar-10-batches-py",
    r"locks/",
    r"unfinished/",
    r"measured/.+",
    r".+\.parquet",
)


@pages
def test_paths_in_backticks_exist(page):
    for path in paths(TEXT[page]):
        if not is_example(path) and not any(re.fullmatch(made, path) for made in MADE):
            assert exists(path), path


def test_a_path_that_is_not_there_is_seen():
    assert exists("train.smk") and exists("docs/*.md") and exists("definitions/")
    assert not exists("primitives/__init__.py")
    assert list(paths("`docs/x.md`, `gelu`, `a b/c.py`")) == ["docs/x.md"]
    assert list(paths("```\nconfig/  profiles/     both\n    data/   one\n```\n")) == [
        "config/",
        "profiles/",
        "data/",
    ]


# Commands

STARTS = r"(?:\.venv/bin/)?(?:make|snakemake|activarium|python benchmarks/\w+\.py)"


def commands(markdown):
    """Commands of code blocks and of inline code, without comments, as lists of words."""
    text = markdown.replace("\\\n", " ")
    shell = [block for language, block in fenced(text) if language in ("", "sh", "bash")]
    lines = [line for block in shell for line in block.splitlines()]
    lines += re.findall(r"^ {4}(.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    lines += [" ".join(code.split()) for code in re.findall(r"(?<!`)`([^`]+)`(?!`)", text)]
    for line in lines:
        found = re.match(rf"\s*(?:\w+\(\) {{ )?({STARTS}(?:\s.*)?)$", line)
        if found:
            yield shlex.split(found[1].partition(";")[0], comments=True)


def all_commands(program):
    return [
        pytest.param(words[1:], id=f"{page}: {' '.join(words)[:60]}")
        for page, text in TEXT.items()
        for words in commands(text)
        if Path(words[0]).name == program
    ]


def check_study(path):
    assert is_example(path) or "$" in path or (ROOT / path).is_file(), path


@pytest.mark.parametrize("words", all_commands("make"))
def test_make_has_the_target(words):
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, re.M)
    for word in words:
        name, is_variable, value = word.partition("=")
        if not is_variable:
            assert name in targets
        else:
            assert re.search(rf"^{name} \?= |\$\({name}\)", makefile, re.M)
            check_study(value) if name == "STUDY" else None


@cache
def snakemake_parser():
    return get_argument_parser()


def rules():
    """The names of all rules of the workflow."""
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    named = re.findall(r"^ *rule (\w+):", "\n".join(f.read_text() for f in files), re.M)
    return {*named, "train_0"}


@pytest.mark.parametrize("words", all_commands("snakemake"))
def test_snakemake_knows_the_options(words):
    try:
        said = snakemake_parser().parse_args([word for word in words if word != "…"])
    except SystemExit as error:
        raise AssertionError(f"snakemake {' '.join(words)}") from error
    for file in said.configfile or []:
        check_study(str(file))
    if said.workflow_profile:
        assert (ROOT / said.workflow_profile / "config.yaml").is_file()
    known = rules()
    assert {*(said.allowed_rules or []), *(said.until or [])} <= known
    for target in said.targets:
        assert target in known or target.startswith("results/"), target


@pytest.mark.parametrize("words", [p for p in all_commands("activarium") if p.values[0]])
def test_activarium_has_the_subcommand(words):
    try:
        cli.parser().parse_args(words)
    except SystemExit as error:
        raise AssertionError(f"activarium {' '.join(words)}") from error


def benchmarks():
    return [
        pytest.param(words[1:], id=f"{page}: {' '.join(words)[:60]}")
        for page, text in TEXT.items()
        for words in commands(text)
        if words[0] == "python"
    ]


@pytest.mark.parametrize("words", benchmarks())
def test_benchmarks_have_the_options(words):
    code = (ROOT / words[0]).read_text()
    for option in (word for word in words[1:] if word.startswith("--")):
        assert f'"{option}"' in code, option


PLANNED = {
    "a line of one's own": ("README.md", "name=first"),
    "another study": ("docs/tutorial.md", "config/cifar10-quick.yaml"),
    "a part of a study": ("config/README.md", "name=here"),
    "a part of a tuned study": ("config/README.md", "name=tuned-0 "),
    "a reference from its tables": ("reference/README.md", "shards=reference/depth/runs.parquet"),
}


@pytest.mark.parametrize("kind", PLANNED)
def test_snakemake_plans_what_a_page_says(house, kind):
    """One command of each kind, as it is written, with -n."""
    page, word = PLANNED[kind]
    (house / "reference").symlink_to(ROOT / "reference")
    (words,) = [w for w in commands(TEXT[page]) if word in " ".join(w) and "snakemake" in w[0]]
    done = house.run("snakemake", *words[1:], "-n", "--quiet", "all")
    assert done.returncode == 0, done.stderr


# Code


def python_blocks(page):
    return [block for language, block in fenced(TEXT[page]) if language == "python"]


@pages
def test_python_code_is_python(page):
    for block in python_blocks(page):
        compile(block, page, "exec")


def written(tmp_path, name):
    """The file `name` that docs/your-own.md shows, written to a temporary folder."""
    (block,) = [b for b in python_blocks("docs/your-own.md") if b.startswith(f"# {name}\n")]
    file = tmp_path / Path(name).name
    file.write_text(block.partition("\n")[2])
    return file


def test_the_activation_shown_is_one(tmp_path):
    import torch

    from activarium.definitions import on_torch

    made = check_file(written(tmp_path, "my/swoosh.py"))
    zero = made.definition(torch.zeros(1, dtype=torch.float64), on_torch)
    assert zero.item() == pytest.approx(0, abs=1e-9)


def test_the_activation_shown_that_learns_is_one_and_learns_as_is_said(tmp_path):
    from activarium.definitions.torch_module import build_module

    made = check_file(written(tmp_path, "my/soft_step.py"))
    shapes = {n: tuple(p.shape) for n, p in build_module(made, channels=3).named_parameters()}
    assert shapes == {"steepness": (), "scale": (3,)}


def test_the_data_set_shown_is_one(tmp_path):
    about = import_file(written(tmp_path, "my/mydata.py"))
    images = check_images(about.load(None), about, "mydata")
    assert len(images.test_labels) == 64


def test_the_network_shown_is_one(tmp_path):
    import torch

    made = import_file(written(tmp_path, "my/mynet.py"))
    out = made.build(lambda _: torch.nn.GELU(), 3, 10, 8, width=5)(torch.zeros(2, 3, 8, 8))
    assert out.shape == (2, 10)


def test_the_figure_shown_is_one(tmp_path):
    made = import_file(written(tmp_path, f"{LIBRARY}/figures/myplot.py"))
    digits = ROOT / "reference/digits"
    tables = StudyTables.read(sorted(digits.glob("*.parquet")), digits / "analysis.json")
    assert made.draw(tables).axes
    assert "highest mean score" in made.finding(tables)


def test_the_measure_shown_is_one(tmp_path):
    import torch

    made = import_file(written(tmp_path, f"{LIBRARY}/measures/mynorms.py"))
    net = torch.nn.Linear(2, 2, bias=False)
    torch.nn.init.constant_(net.weight, 3)
    rows = made.measure(SimpleNamespace(seeds=[7], network=lambda seed: net))
    assert set(made.columns) == {"seed", "norm"}
    (summed,) = made.summarise(pd.DataFrame(rows))
    assert summed == {"quantity": "norm", "value": 6, "n": 1}


def test_the_study_of_the_tutorial_is_one():
    (lines,) = [block for language, block in fenced(TEXT["docs/tutorial.md"]) if language == "yaml"]
    default = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    read = study.read(default | yaml.safe_load(lines), SCHEMA)
    assert read.size == 30, "thirty runs, as the tutorial says"


def test_the_recipes_shown_are_recipes():
    default = yaml.safe_load((ROOT / "config/digits.yaml").read_text()) | {"train_size": None}
    default |= {"datasets": ["cifar10"], "validation": 0.1}
    blocks = [text for language, text in fenced(TEXT["config/README.md"]) if language == "yaml"]
    found = [set(study.read(default | yaml.safe_load(lines), SCHEMA).recipes) for lines in blocks]
    assert {"transformer", "fast"} in found and len(found) == len(blocks)


def test_the_images_of_a_study_are_as_shown(tmp_path, monkeypatch):
    default = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    blocks = [text for language, text in fenced(TEXT["docs/your-own.md"]) if language == "yaml"]
    blocks += re.findall(r"^- `(datasets: .*)`$", TEXT["docs/tutorial.md"], re.MULTILINE)
    found = [study.read(default | yaml.safe_load(lines), SCHEMA).image_sources for lines in blocks]
    images = [tuple(sources) for sources in found if sources]
    both = [("flowers",), ("mine",)]
    assert images == [*both, ("flowers",), *both], "pictures, arrays, fine-tuning, and the tutorial"
    monkeypatch.chdir(tmp_path)
    (block,) = [b for b in python_blocks("docs/your-own.md") if "savez" in b]
    exec(block, {})
    images, about = load_images("mine", {"npz": "mine.npz"}, "")
    assert (about.classes, images.train_images.shape) == (3, (48, 8, 8, 3))


def test_the_tables_of_the_tutorial_have_these_columns(tmp_path, monkeypatch, capsys):
    (tmp_path / "results").mkdir()
    (tmp_path / "results/mnist5k").symlink_to(ROOT / "reference/mnist5k")
    monkeypatch.chdir(tmp_path)
    (block,) = python_blocks("docs/tutorial.md")
    exec(compile(block, "docs/tutorial.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "worse" in shown and "not shown" in shown


def test_the_verdict_of_the_tutorial_is_that_of_the_default_study():
    (said,) = re.findall(r'it reads: "(.+?)"', " ".join(TEXT["docs/tutorial.md"].split()))
    assert read_headline(ROOT / "reference/mnist5k/report.html") == said


def test_an_activation_is_used_in_pytorch_as_shown():
    import torch

    from activarium.definitions import on_torch

    (block,) = [b for b in python_blocks("docs/your-own.md") if "activations.module" in b]
    names = {}
    exec(compile(block, "docs/your-own.md", "exec"), names)
    x = torch.linspace(-3, 3, 7, dtype=torch.float64)
    assert torch.allclose(names["module"](x), names["function"](x, on_torch))


def test_the_proof_shown_is_what_certify_gives():
    (block,) = python_blocks("docs/proofs.md")
    names = {}
    exec(compile(block, "docs/proofs.md", "exec"), names)
    shown = re.search(r'profile\["lipschitz"\]  # (\[.+\])', block)[1]
    assert str(names["profile"]["lipschitz"]) == shown


def test_the_page_shown_is_what_certify_prints(capsys):
    (page,) = [block for language, block in fenced(TEXT["docs/proofs.md"]) if language == "text"]
    cli.main(["certify", "gelu"])
    assert capsys.readouterr().out == page


def test_the_files_of_certify_are_listed():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", prose.section(TEXT["docs/proofs.md"],
                      "How it is proven"), re.M)  # fmt: skip
    for name in re.findall(r"`(\w+)`", " ".join(rows)):
        assert (ROOT / LIBRARY / "certify" / f"{name}.py").is_file(), name
    assert len(rows) >= 14


def test_the_analysis_plan_is_the_one_that_is_followed():
    """The table of docs/statistics.md, row by row."""
    keys = ("question", "method", "family", "status", "source")
    rows = [f"| {' | '.join(method[key] or '–' for key in keys)} |" for method in METHODS]
    plan = prose.section(TEXT["docs/statistics.md"], "The analysis plan").splitlines()
    assert [line for line in plan if line.startswith("|")][2:] == rows


def test_the_parameters_of_the_built_in_networks_are_those_that_are_shown():
    table = TEXT["docs/your-own.md"].split("| file | parameters |")[1].split("\n\n")[0]
    shown = {}
    for row in table.splitlines()[2:]:
        files, parameters = row.strip("| ").split(" | ")
        for file in re.findall(r"`(\w+)`", files):
            shown[file] = {}
            for pair in re.findall(r"`(\w+: [^`]+)`", parameters):
                shown[file] |= yaml.safe_load(pair)
    known = {name: networks.parameters(name) for name in networks.names()}
    known["torchvision"] = {}  # told in their own section
    assert shown == known
