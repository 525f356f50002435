"""The atlas: what its cards and pages say is what the studies and the proofs say."""

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from wide_atlas import wide_index

from activarium import activations, tables
from activarium.activations import ActivationSpec
from activarium.atlas import settings_matrix
from activarium.atlas.activation_cards import claims_about, claims_sentences
from activarium.atlas.addresses import activation_addresses
from activarium.atlas.code_snippets import code_snippets
from activarium.atlas.evidence import distinct_comparisons, paired_runs, shared_runs
from activarium.atlas.head_to_head import comparison_data
from activarium.atlas.mathml import formula_mathml
from activarium.atlas.numerics_sentences import numerics_sentences
from activarium.atlas.read_evidence import read
from activarium.atlas.report_copy import copy_report
from activarium.atlas.site import build_site
from activarium.atlas.strips import strip_limit, strip_svg
from activarium.certify.certify_activation import certify_activation
from activarium.definitions import on_numpy
from activarium.report.page import policy_hash
from activarium.study.suite_file import Suite, read_suite

SUITE = Suite("1", ("learning-rate", "cifar10"))
NO_SUITE = Suite("1", ())

MAKEFILE = (ROOT / "Makefile").read_text()
STUDIES = ("cifar10", "cifar100-slope", "learning-rate")


@pytest.fixture(scope="module")
def profile_files(tmp_path_factory):
    """The profile of GELU, in a file as the workflow names it."""
    from activarium.runtime.files import write_json

    file = tmp_path_factory.mktemp("profiles") / "gelu.json"
    write_json(file, certify_activation("gelu"))
    return [str(file)]


@pytest.fixture(scope="module")
def evidence(profile_files):
    analyses = [str(ROOT / f"reference/{name}/analysis.json") for name in STUDIES]
    return read(SUITE, analyses, [str(ROOT / "reference/README.md")], profile_files, [], [])


@pytest.fixture(scope="module")
def site(evidence):
    files = build_site(evidence).items()
    return {path: data.decode() for path, data in files if not path.endswith(".parquet")}


def is_page(path):
    """Whether a file is a page of the atlas's own, and not a study's report."""
    return path.endswith(".html") and not path.startswith("studies/")


def card(site, name):
    return json.loads(site[f"activation/{name}/card.json"])


def test_the_studies_page_names_the_suite_in_its_order(site):
    said = site["studies.html"].split("are set against suite 1: ")[1].split("</p>")[0]
    assert re.findall(r'href="studies/([^/]+)/report.html">(.*?)</a>', said) == [
        ("learning-rate", "learning-rate"),
        ("cifar10", "cifar10"),
    ]


def test_a_citation_has_the_digest_of_the_rows_it_was_taken_from(site, evidence):
    digest = json.loads(site["data/atlas.json"])["digest"]
    assert f"Card of GELU, suite 1, data {digest}." in site["activation/gelu/index.html"]
    assert all(f"data {digest}" in page for path, page in site.items() if is_page(path))
    fewer = build_site(replace(evidence, studies=evidence.studies[1:]))
    assert json.loads(fewer["data/atlas.json"])["digest"] != digest


@pytest.mark.parametrize("study", STUDIES)
def test_a_card_says_of_a_setting_what_its_study_says(site, study):
    table = pd.read_parquet(ROOT / f"reference/{study}/contrasts.parquet")
    for row in table[table["failures"] == "chance"].to_dict("records"):
        key = [row[k] for k in ("recipe", "network", "dataset")]
        (entry,) = [
            e for e in card(site, row["activation"])["settings"]
            if [e["study"], e["recipe"], e["network"], e["dataset"]] == [study, *key]
        ]  # fmt: skip
        assert entry["diff_verdict"] == row["verdict"]
        assert entry["diff_n_pairs"] == row["n_pairs"]
        for name in ("mean_diff", "low", "high", "low_simultaneous", "high_simultaneous"):
            assert entry[f"diff_{name}"] == pytest.approx(row[name], nan_ok=True, rel=1e-12)


def test_every_activation_has_a_card(site):
    assert {f"activation/{name}/index.html" for name in activations.names()} <= set(site)
    assert "activation/quarter/index.html" in site, "one that a study states itself"


@pytest.mark.parametrize("library", ["NumPy", "PyTorch"])
def test_the_code_on_a_card_computes_the_activation(library):
    import torch

    x = np.concatenate([np.linspace(-30, 30, 401), [-6, -3, -1, -0.5, 0.5, 1, 3, 6]])
    given = torch.tensor(x) if library == "PyTorch" else x
    for name in activations.names():
        names = {}
        exec(code_snippets(name, activations.definition(name))[library], names)
        want = activations.definition(name)(x, on_numpy)
        assert np.allclose(np.asarray(names[name](given)), want, rtol=1e-9, atol=1e-12), name


@pytest.mark.slow
def test_the_code_in_jax_computes_the_activation_and_a_finite_gradient():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    x = np.concatenate([np.linspace(-30, 30, 61), [-6, -3, -1, -0.5, 0.5, 1, 3, 6]])
    for name in activations.names():
        names = {}
        exec(code_snippets(name, activations.definition(name))["JAX"], names)
        want = activations.definition(name)(x, on_numpy)
        assert np.allclose(np.asarray(names[name](x)), want, rtol=1e-9, atol=1e-12), name
        slopes = jax.vmap(jax.grad(lambda x, f=names[name]: f(x).sum()))(x)
        assert np.isfinite(np.asarray(slopes)).all(), name


DIGESTS = """
import hashlib, json, sys
from activarium.atlas.read_evidence import read
from activarium.atlas.site import build_site
from activarium.study.suite_file import Suite

suite = Suite("1", ("cifar10",))
files = build_site(read(suite, sys.argv[1:2], [], sys.argv[2:], [], []))
print(json.dumps({path: hashlib.sha256(data).hexdigest() for path, data in files.items()}))
"""
DATA = {  # the first digits for one published study, whose tables never change
    "data/atlas.json": "1e882c4f6a428bca",
    "activation/prelu/card.json": "8a713119d62a5df1",
    "activation/prelu/badge.svg": "6496cdcf92237f96",
}


def elsewhere():
    """An environment that hashes, speaks, tells time and computes otherwise than this one."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    fast = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    return {
        "PYTHONHASHSEED": "2",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "TZ": "Pacific/Kiritimati",
        "NPY_DISABLE_CPU_FEATURES": " ".join(fast),
    }


def test_the_same_tables_give_the_same_bytes(profile_files, tmp_path):
    """Wherever and whenever: another folder, language, time zone, order of sets, instruction set.

    A digest of whole pages would change with each word of a template, so two unlike builds are
    held against one another. The data of a published study have a digest, since they may not change
    unnoticed.
    """
    study, copy = ROOT / "reference/cifar100-slope", tmp_path / "cifar100-slope"
    shutil.copytree(study, copy)
    places = [(study, {"PYTHONHASHSEED": "1", "TZ": "UTC"}, ROOT), (copy, elsewhere(), tmp_path)]
    paths = {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", DIGESTS, f"{folder}/analysis.json", *profile_files],
            env=os.environ | paths | changed, cwd=cwd, stdout=subprocess.PIPE,
        )
        for folder, changed, cwd in places
    ]  # fmt: skip
    here, there = (json.loads(process.communicate()[0]) for process in started)
    assert [path for path in here if here[path] != there[path]] == []
    assert here.keys() == there.keys() and len(here) > 100
    assert {path: here[path][:16] for path in DATA} == DATA


def test_nothing_is_pooled_and_shared_runs_count_once(evidence):
    settings = settings_matrix.columns(evidence)
    found = settings_matrix.answer(evidence, settings)
    same = 1  # CELU's runs are ELU's, for they are one function
    assert found["total"] == sum(len(s.cells) - 1 for s in settings) - same
    twice = settings_matrix.answer(evidence, [*settings, *settings])
    assert twice["counts"] == found["counts"]


REPEATED = ("mnist5k", "mnist5k-serving")  # the second has six of the first's ten seeds


@pytest.fixture(scope="module")
def repeated():
    """Two studies, of which one has some of the other's runs, bit for bit."""
    analyses = [str(ROOT / f"reference/{name}/analysis.json") for name in REPEATED]
    return read(NO_SUITE, analyses, [], [], [], [])


@pytest.mark.parametrize("turned", [False, True])
def test_of_runs_that_are_part_of_another_studys_the_larger_comparison_counts(repeated, turned):
    """Whichever comes first. What the smaller study alone trained counts, too."""
    settings = repeated.settings[::-1] if turned else repeated.settings
    whole, part = ({s.study: s for s in settings}[name] for name in REPEATED)
    counted = distinct_comparisons(settings, "gelu")
    alone = part.cells.keys() - whole.cells.keys()
    assert len(alone) == 1 and len(part.cells) == 8
    want = {("mnist5k", name) for name in whole.cells.keys() - {"gelu"}}
    assert {(s.study, name) for s, name in counted} == want | {(part.study, *alone)}
    assert settings_matrix.verdict_counts(settings, "tanh") == {"better": 0, "worse": 1, "ran": 1}
    assert "0 better, 1 worse of 1" in settings_matrix.verdict_phrase(settings, "tanh")
    assert settings_matrix.held_columns(settings, "tanh") == ([[1], []] if turned else [[], [0]])
    assert shared_runs(settings) == {whole.key: [part.study], part.key: [whole.study]}


def test_a_comparison_of_two_counts_runs_of_two_studies_once(repeated):
    """A row that counts no more ends with 1; each pair of activations counts in one setting."""
    data = comparison_data(repeated)
    studies = [setting["study"] for setting in data["settings"]]
    names = [address for address, *_ in data["activations"]]
    both = repeated.settings[0].cells.keys() & repeated.settings[1].cells.keys()
    rows = [
        (row[0], (data["settings"][row[0]]["control"], row[1]), row[9:])
        for row in data["contrasts"]
    ]
    rows += [(row[0], row[1:3], row[8:]) for row in data["pairs"]]
    assert len(rows) == 9 * 8 / 2 + 8 * 7 / 2, "each pair stands in the data once a setting"
    for k, pair, more in rows:
        twice = studies[k] == "mnist5k-serving" and {names[n] for n in pair} <= both
        assert more == ([1] if twice else []), (studies[k], pair)


def test_runs_are_the_same_whatever_a_study_calls_its_recipe():
    """Two activations tuned to the very rate of the recipe beside it: their pair counts once."""
    tuned = read(NO_SUITE, [str(ROOT / "reference/mnist5k-tuned/analysis.json")], [], [], [], [])
    (repeated,) = [row for row in comparison_data(tuned)["pairs"] if row[8:]]
    names = [address for address, *_ in comparison_data(tuned)["activations"]]
    one, other = (names[n] for n in repeated[1:3])
    first, second = (
        paired_runs(s.cells[one]["runs"], s.cells[other]["runs"]) for s in tuned.settings
    )
    assert first == second and len({s.names for s in tuned.settings}) == 2


def with_runs(setting, study, **runs):
    """A setting of `study` with these runs of each activation, {seed: result}."""
    row = dict(setting.cells["relu"], diff_n_pairs=1)
    cells = {name: row | {"activation": name, "runs": found} for name, found in runs.items()}
    cells["gelu"] = cells["gelu"] | {"diff_n_pairs": None}
    return replace(setting, study=study, cells=cells)


@pytest.mark.parametrize(
    ("gelu", "relu", "counted"),
    [
        ({0: "a", 1: "b"}, {0: "f", 1: "g"}, ["one"]),  # part of it
        ({0: "a", 1: "b", 2: "c"}, {0: "f", 1: "g", 2: "h"}, ["one"]),  # equal
        ({0: "a", 1: "x"}, {0: "f", 1: "g"}, ["one", "two"]),  # other runs of the control
        ({0: "a", 1: "b"}, {0: "f", 1: "x"}, ["one", "two"]),  # other runs of the other
        ({1: "a", 2: "b"}, {1: "f", 2: "g"}, ["one", "two"]),  # those results, other seeds
        ({2: "c", 3: "d"}, {2: "h", 3: "i"}, ["one", "two"]),  # only some are shared
        (dict(enumerate("abcd")), dict(enumerate("fghi")), ["two"]),
        ({0: "a", 5: "x"}, {0: "f", 6: "y"}, ["one"]),  # runs without a pair compare nothing
    ],
)  # fmt: skip
def test_comparisons_are_told_apart_by_the_runs_of_both_on_each_seed(evidence, gelu, relu, counted):
    def as_runs(results):
        return {seed: (seed, result) for seed, result in results.items()}

    first = {"gelu": {0: "a", 1: "b", 2: "c"}, "relu": {0: "f", 1: "g", 2: "h"}}
    made = [
        with_runs(evidence.settings[0], name, **{k: as_runs(v) for k, v in runs.items()})
        for name, runs in (("one", first), ("two", {"gelu": gelu, "relu": relu}))
    ]
    assert [s.study for s, _ in distinct_comparisons(made, "gelu")] == counted
    assert settings_matrix.verdict_counts(made, "relu")["ran"] == len(counted)


def test_equal_failures_of_two_networks_are_two_comparisons():
    """Identity and SELU diverged at either depth: equal results, and not the same runs."""
    depth = read(NO_SUITE, [str(ROOT / "reference/depth/analysis.json")], [], [], [], [])
    deep = [s for s in depth.settings if s.names[1] in ("mlp_16", "mlp_32")]
    one, other = (paired_runs(s.cells["identity"]["runs"], s.cells["selu"]["runs"]) for s in deep)
    assert len(one) == len(other) == 8 and not one & other


def test_a_name_with_markup_stays_text(tmp_path, evidence):
    """In a label, a question and what a page embeds for its script."""
    bad = "</script><img src=x onerror=alert(1)>"
    spec = ActivationSpec(bad, expr="x")
    setting = evidence.settings[0]
    cells = {**setting.cells, "bad": dict(setting.cells["relu"], activation=bad)}
    study = replace(evidence.studies[0], question=bad, settings=[replace(setting, cells=cells)])
    claim = dict.fromkeys(
        ("sentence", "identifier", "url", "title", "place", "controls", "reason"), bad
    ) | {"claim": "bad", "activation": "bad", "verdict": "supported", "verdict_alone": bad,
         "setting": None, "evidence": []}  # fmt: skip
    made = replace(evidence, studies=[study], specs={**evidence.specs, "bad": spec}, claims=[claim])
    files = build_site(made)
    for path, data in files.items():
        if path.endswith((".html", ".svg")) and not path.endswith("report.html"):
            assert b"<img src=x" not in data, path
    assert files["claims.html"].count(b"&lt;img src=x") > 5, "it stands there as text"


def test_an_address_is_a_file_name_and_tells_two_functions_apart():
    declared = {
        "one": {"gelu": None, "a/b<": "x", "mine": "x"},
        "two": {"gelu": {"learned": "layer"}, "mine": "2*x"},
    }
    assert activation_addresses(declared) == {
        "one": {"gelu": "gelu", "a/b<": "a_b_", "mine": "mine-one"},
        "two": {"gelu": "gelu", "mine": "mine-two"},
    }


def test_every_page_allows_its_own_style_and_script_and_nothing_else(site):
    pages = {path: text for path, text in site.items() if path.endswith(".html")}
    for path, text in pages.items():
        if path.startswith("studies/"):
            continue
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        for tag, directive in (("style", "style-src"), ("script", "script-src")):
            for inside in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL):
                assert f"{directive} 'sha256-{policy_hash(inside)}'" in policy, path
        assert not re.search(r'(?:src|style)="', text.replace("data-src", "")), path


def test_links_inside_the_atlas_lead_somewhere(site):
    """To a page, and in it to the place that they name."""
    for path, text in site.items():
        if not path.endswith(".html"):
            continue
        for target, place in re.findall(r'href="(?!https?:|data:)([^"#]*)(?:#([^"~]*))?"', text):
            found = os.path.normpath(Path(path).parent / target) if target else path
            assert found in site or found == "data/atlas.parquet", f"{path}: {target}"
            if place and not path.startswith("studies/"):
                assert f' id="{place}"' in site[found], f"{path}: {target}#{place}"


def held(page):
    """{name: text} of the files that a report holds for download."""
    found = re.findall(r'download="[^"]*" href="data:[^"]*base64,([^"]*)">([^<]*)<', page)
    return {name: b64decode(data).decode() for data, name in found}


@pytest.mark.parametrize("study", STUDIES)
def test_a_report_in_the_atlas_says_what_the_report_says(site, study):
    report = (ROOT / f"reference/{study}/report.html").read_text()
    copy = site[f"studies/{study}/report.html"]
    said = [
        [line for part in re.split(r"<[^>]*>", page) if (line := " ".join(part.split()))]
        for page in (
            re.sub(r'<a href="#downloads">profiles.json</a>,\s+which this page holds', "Z", report),
            copy.replace(
                'the <a href="../../data.html#cards">card.json</a> of each activation', "Z"
            ),
        )
    ]
    changed = ("profiles.json", "This page holds these", "These files stand")
    kept, made = ([s for s in of if not any(word in s for word in changed)] for of in said)
    assert kept == made and len(kept) > 500
    assert len(copy) < 0.85 * len(report)


@pytest.mark.parametrize("study", STUDIES)
def test_what_a_report_held_stands_in_the_data_folder(site, study):
    files = held((ROOT / f"reference/{study}/report.html").read_text())
    assert {"summaries.csv", "contrasts.csv", "runs.csv", "decision.tex"} <= set(files)
    for name in set(files) - {"profiles.json"}:
        assert site[f"data/{study}/{name}"] == files[name]
    assert not held(site[f"studies/{study}/report.html"])


def test_a_figure_keeps_its_shape_and_the_ids_that_it_uses():
    svg = (
        '<svg ="344.88pt" aria-labelledby="t"><title id="t">a  1.23456</title> <g id="unused">\n'
        '<path id="m" d="M 1.23456 -0.001 \nL 3 4.5"/><use href="#m" x="7.125001"/>'
        '<g transform="scale(0.015625)"/></g></svg>'
    )
    page, files = copy_report(
        f'{svg}<section id="decision"><h3>A · b</h3>', "s", [("rnd", "A · b")]
    )
    assert page == (
        '<svg aria-labelledby="t"><title id="t">a  1.23456</title><g>'
        '<path id="m" d="M1.23 -0L3 4.5"/><use href="#m" x="7.13"/>'
        '<g transform="scale(0.015625)"/></g></svg>'
        '<section id="decision"><h3 id="setting-r-n-d">A · b</h3>'
    )
    assert files == {}


def test_an_interval_that_says_other_than_its_verdict_is_marked(site):
    """ReLU's on CIFAR-10: worse by sign flips, though the simultaneous interval holds 0."""
    (entry,) = [e for e in card(site, "relu")["settings"] if e["study"] == "cifar10"]
    assert entry["diff_verdict"] == "worse" and entry["diff_high_simultaneous"] > 0
    assert entry["interval_disagrees"]
    assert "‡ The interval assumes normal differences" in site["activation/relu/index.html"]
    (entry,) = [e for e in card(site, "tanh")["settings"] if e["study"] == "cifar10"]
    assert not entry["interval_disagrees"]
    assert "‡" not in site["activation/tanh/index.html"]
    assert re.search(r"worse, −2\.31 to \+0\.13, 8 pairs; the interval", site["index.html"])


def test_the_index_says_how_many_settings_chance_alone_may_decide(evidence, site):
    found = settings_matrix.answer(evidence, settings_matrix.columns(evidence))
    assert found["by_chance"] == pytest.approx(0.05 * found["n_settings"])
    assert (
        f"up to {found['by_chance']:.1f} of {found['n_settings']} settings are expected to hold a"
        in site["index.html"]
    )
    assert "against GELU" in site["activation/relu/badge.svg"]


def test_a_far_setting_flattens_no_other_strip():
    entries = [
        {"diff_mean_diff": x, "diff_low_simultaneous": x - 0.01, "diff_high_simultaneous": x + 0.01}
        for x in (0.01, 0.015, -0.7)
    ]
    assert strip_limit(entries) == pytest.approx(0.1)
    assert "<circle" in strip_svg(entries[0], 0.1)
    arrow = strip_svg(entries[2], 0.1)
    assert "<circle" not in arrow and 'd="M12 4L6 9L12 14z"' in arrow
    assert strip_limit(entries[:1]) == 0.02 and strip_limit([]) == 0.01


def test_the_slope_of_gelu_is_answered_in_words(site):
    said = card(site, "gelu")["proven"]
    assert any("|GELU′| never exceeds 1.12890…" in sentence for sentence in said)
    assert "1.12890…" in site["activation/gelu/index.html"]


def test_formulas_are_well_formed_and_hold_their_parameters():
    for name in activations.names():
        text = formula_mathml(activations.definition(name))
        ElementTree.fromstring(text.replace("<math", '<math xmlns="x"'))
    assert "<mi>Φ</mi>" in formula_mathml(activations.definition("gelu"))
    assert "<mi>slope</mi>" in formula_mathml(activations.definition("prelu"))
    assert "<mn>1.050700…</mn>" in formula_mathml(activations.definition("selu"))


def test_the_table_of_everything_is_the_cards(evidence, site):
    import io

    import polars

    made = polars.read_parquet(io.BytesIO(build_site(evidence)["data/atlas.parquet"]))
    value = json.loads(site["data/atlas.json"])
    assert made.columns == list(value["columns"])
    assert made.rows() == [tuple(row) for row in value["rows"]]
    cells = sum(len(card(site, name)["settings"]) for name in evidence.specs)
    assert len(made) == cells


def test_a_card_has_what_a_study_measured_beside_accuracy(tmp_path):
    folder = tmp_path / "cifar10-quick"
    shutil.copytree(ROOT / "reference/cifar10-quick", folder)
    row = {"recipe": "adam", "network": "resnet14_8", "dataset": "cifar10", "activation": "relu",
           "measure": "sparsity", "quantity": "zeros", "value": 0.5, "n": 8}  # fmt: skip
    table = tables.table([row], tables.MEASURES)
    tables.write_both(table, folder / "measures.parquet", tmp_path / "measures.csv")
    made = build_site(read(NO_SUITE, [str(folder / "analysis.json")], [], [], [], []))
    (entry,) = json.loads(made["activation/relu/card.json"])["settings"]
    (row,) = entry["measured"]
    assert row["shown"].startswith("50")
    assert row["heading"] in made["activation/relu/index.html"].decode()
    assert b"Where it serves" in made["activation/gelu/index.html"]
    assert b"ONNX: not measured" in made["activation/gelu/index.html"]


def test_the_card_of_a_control_has_the_interval_of_each_accuracy(site):
    table = pd.read_parquet(ROOT / "reference/cifar10/summaries.parquet")
    for row in table[table["activation"].isin(["gelu", "relu"])].to_dict("records"):
        text = f"<td>{100 * row['mean']:.2f}<br><small>{100 * row['low']:.2f} to "
        assert text in site[f"activation/{row['activation']}/index.html"]


def test_a_card_says_where_a_dtype_breaks():
    part = {"wrong_sign": 0, "zero_below": None, "zero_above": None, "right_to": 1e4}
    found = {
        "inputs": 10,
        "value": part,
        "gradient": part,
        "not_finite": {"inputs": 20, "value": 0, "gradient": 0, "first_at": None},
    }
    flat = part | {"wrong_sign": 3, "zero_below": -17.90625, "right_to": 50.0}
    broken = {"not_finite": {"inputs": 20, "value": 2, "gradient": 0, "first_at": -3e38}}
    numerics = {"float32": found, "float16": found | {"gradient": flat} | broken}
    assert numerics_sentences(numerics | {"sha256": "x"}) == {
        "float32": ["Value and slope are right to a few roundings up to |x| = 10000."],
        "float16": [
            "The value is right up to |x| = 10000, the slope up to 50.",
            "The value is inf or nan at 2 of 20 inputs, though the dtype can hold the exact one.",
            "The first of these is x = −3e38.",
            "The slope has the wrong sign at 3 of 10 inputs.",
            "From x = −17.91 downwards the slope is 0; the exact one is not.",
        ],
    }
    assert numerics_sentences({"refused": "random"}) == {}


def test_a_card_sums_up_its_claims_and_has_its_own_first(evidence):
    told = dict.fromkeys(("identifier", "url", "setting", "reason", "sentence"), "")
    claims = [
        told | {"claim": name, "activation": activation, "controls": controls, "verdict": verdict}
        for name, activation, controls, verdict in (
            ("a", "gelu", "elu, relu", "contradicted"),
            ("b", "relu", "gelu", "undecided"),
            ("c", "relu", "elu", "supported"),
            ("d", "prelu", "relu6", "supported"),
        )
    ]
    proven = {"reported": [{"claim": "it is smooth", "answer": "holds", "why": "so"}]}
    made = replace(evidence, claims=claims, proven=proven)
    found = claims_about(made, "relu")
    assert [claim["claim"] for claim in found] == ["b", "c", "a"]
    assert claims_sentences(found, "relu") == (
        "Held against published runs: 1 supported, 1 undecided. "
        "Claims that compare another with it: 1 contradicted."
    )
    assert " Settled by proof: 1. " in claims_sentences(claims_about(made, "gelu"), "gelu")
    assert claims_sentences([]) == ""


def test_a_row_counts_its_verdicts_and_shows_its_cost(evidence, site):
    settings = settings_matrix.columns(evidence)
    (row,) = [r for r in settings_matrix.rows(evidence, settings) if r["address"] == "tanh"]
    time, saved = settings_matrix.training_cost(settings, "tanh")
    want = [row["counts"][word] for word in ("better", "worse", "ran")]
    assert want == [0, 1, 1] and time is not None and saved is not None
    found = re.search(r'<th scope="row" data-v="tanh">.*?</th>(.*?)<td data-v', site["index.html"])
    shown = re.findall(r'<td class="sum">([^<]*)</td>', found[1])
    assert shown == [*map(str, want), f"{time:.2f}", f"{saved:g}"]


def test_an_index_of_60_activations_and_40_settings_stays_small(evidence):
    page = wide_index(evidence)
    assert page.count("<td data-v=") == 60 * 40
    assert len(page.encode()) < 600_000


def test_the_pages_workflow_publishes_what_make_writes():
    workflow = yaml.safe_load((ROOT / ".github/workflows/atlas.yml").read_text())
    steps = workflow["jobs"]["publish"]["steps"]
    folder = next(step["with"]["path"] for step in steps if "upload-pages" in step.get("uses", ""))
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[0] == "make atlas" and f"\n\t@echo {folder}/index.html" in MAKEFILE
    assert f"find {folder} " in commands[1] and commands[1].endswith("exit n > 12000000}'")
    watched = workflow[True]["push"]["paths"]  # YAML reads `on` as true
    assert all((ROOT / path.removesuffix("/**")).is_dir() for path in watched)


def test_the_scripts_stay_small():
    folder = ROOT / "workflow/scripts/activarium/atlas"
    lines = sum(len(file.read_text().splitlines()) for file in folder.glob("*.js"))
    assert lines < 400
    assert all("eval(" not in file.read_text() for file in folder.glob("*.js"))


@pytest.mark.slow
def test_the_atlas_of_all_studies_is_small():
    analyses = sorted(map(str, (ROOT / "reference").glob("*/analysis.json")))
    suite = read_suite(ROOT / "config/suite.yaml", [Path(file).parent.name for file in analyses])
    files = build_site(read(suite, analyses, [], [], [], []))
    assert len(files["index.html"]) < 600_000
    proofs = 20_000 * len(activations.names())  # not made here; nine measured have 13 to 17 kB
    assert sum(map(len, files.values())) + proofs < 12_000_000
    pages = {path: data.decode() for path, data in files.items() if path.endswith(".html")}
    for place in re.findall(r'href="(studies/[^"]*)"', pages["index.html"]):
        path, _, name = place.partition("#")
        assert f' id="{name}"' in pages[path], place
