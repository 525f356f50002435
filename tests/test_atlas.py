"""The atlas: what its cards and pages say is what the studies and the proofs say."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from activarium import activations, tables
from activarium.activations import ActivationSpec
from activarium.atlas import settings_matrix
from activarium.atlas.addresses import activation_addresses
from activarium.atlas.code_snippets import code_snippets
from activarium.atlas.mathml import formula_mathml
from activarium.atlas.read_evidence import read
from activarium.atlas.site import build_site
from activarium.certify.certify_activation import certify_activation
from activarium.definitions import on_numpy
from activarium.report.page import policy_hash

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
    return read(analyses, [str(ROOT / "reference/README.md")], profile_files, [], [])


@pytest.fixture(scope="module")
def site(evidence):
    files = build_site(evidence).items()
    return {path: data.decode() for path, data in files if not path.endswith(".parquet")}


def card(site, name):
    return json.loads(site[f"activation/{name}/card.json"])


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


DIGEST = """
import hashlib, sys
from activarium.atlas.read_evidence import read
from activarium.atlas.site import build_site

files = build_site(read(sys.argv[1:2], [], sys.argv[2:], [], []))
print(hashlib.sha256(b"".join(path.encode() + data for path, data in files.items())).hexdigest())
"""


def test_the_same_tables_give_the_same_bytes(profile_files):
    """In processes that hash otherwise, so that no order of a set can show."""
    study = str(ROOT / "reference/cifar100-slope/analysis.json")
    command = [sys.executable, "-c", DIGEST, study, *profile_files]
    paths = {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    started = [
        subprocess.Popen(
            command, env=os.environ | paths | {"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("1", "2")
    ]
    digests = {process.communicate()[0] for process in started}
    assert len(digests) == 1 and len(digests.pop()) == 65


def test_nothing_is_pooled_and_shared_runs_count_once(evidence):
    settings = settings_matrix.columns(evidence)
    found = settings_matrix.answer(evidence, settings)
    same = 1  # CELU's runs are ELU's, for they are one function
    assert found["total"] == sum(len(s.cells) - 1 for s in settings) - same
    twice = settings_matrix.answer(evidence, [*settings, *settings])
    assert twice["counts"] == found["counts"]


def test_a_name_with_markup_stays_text(tmp_path, evidence):
    """In a label, a question and what a page embeds for its script."""
    bad = "</script><img src=x onerror=alert(1)>"
    spec = ActivationSpec(bad, expr="x")
    setting = evidence.settings[0]
    cells = {**setting.cells, "bad": dict(setting.cells["relu"], activation=bad)}
    study = replace(evidence.studies[0], question=bad, settings=[replace(setting, cells=cells)])
    claim = dict.fromkeys(
        ("sentence", "identifier", "url", "title", "place", "controls", "reason"), bad
    ) | {"claim": "bad", "activation": "bad", "verdict": bad, "verdict_alone": bad,
         "setting": None, "evidence": []}  # fmt: skip
    made = replace(evidence, studies=[study], specs={**evidence.specs, "bad": spec}, claims=[claim])
    for path, data in build_site(made).items():
        if path.endswith((".html", ".svg")) and not path.endswith("report.html"):
            assert b"<img src=x" not in data, path


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
    for path, text in site.items():
        if not path.endswith(".html") or path.startswith("studies/"):
            continue
        for target in re.findall(r'href="([^"#:]+)', text):
            if not target.startswith("http"):
                found = os.path.normpath(Path(path).parent / target)
                assert found in site or found == "data/atlas.parquet", f"{path}: {target}"


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
    made = build_site(read([str(folder / "analysis.json")], [], [], [], []))
    (entry,) = json.loads(made["activation/relu/card.json"])["settings"]
    (row,) = entry["measured"]
    assert row["shown"].startswith("50")
    assert row["heading"] in made["activation/relu/index.html"].decode()
    assert b"Where it serves" in made["activation/gelu/index.html"]
    assert b"ONNX: not measured" in made["activation/gelu/index.html"]


def test_the_scripts_stay_small():
    folder = ROOT / "workflow/scripts/activarium/atlas"
    lines = sum(len(file.read_text().splitlines()) for file in folder.glob("*.js"))
    assert lines < 400
    assert all("eval(" not in file.read_text() for file in folder.glob("*.js"))


@pytest.mark.slow
def test_the_atlas_of_all_studies_is_small():
    analyses = sorted(map(str, (ROOT / "reference").glob("*/analysis.json")))
    files = build_site(read(analyses, [], [], [], []))
    reports = sum(len(data) for path, data in files.items() if path.endswith("report.html"))
    assert len(files["index.html"]) < 600_000
    assert sum(map(len, files.values())) - reports < 3_000_000
