"""The atlas: what its cards and pages say is what the studies and the proofs say."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from activarium import activations
from activarium.atlas.code_snippets import code_snippets
from activarium.atlas.read_evidence import read
from activarium.atlas.site import build_site
from activarium.certify.certify_activation import certify_activation
from activarium.definitions import on_numpy

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


def test_the_same_evidence_gives_the_same_bytes(evidence):
    assert build_site(evidence) == build_site(evidence)
