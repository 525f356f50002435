"""What an activation learns: one a layer or one a channel, of every network's channels."""

import re
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import pytest
import torch
from synthetic import reported, study
from test_sanity_check import file, net
from test_training import CELL, CPU, PLAIN, RECIPE, SMALLEST, TINY, as_a_job, images, quiet
from torch import nn

from activarium import activations, networks, tables
from activarium.definitions.torch_module import DefinitionModule, build_module
from activarium.report import learned_parameters
from activarium.runtime.errors import UserError
from activarium.tables import collect, external, shards
from activarium.train import check_network, learned_values, loop, step
from activarium.train.initialisation import mark_activation

__all__ = ["as_a_job", "file"]  # fixtures, used by their names


def cell(activation="prelu", network=PLAIN, learned=None):
    spec = activations.ActivationSpec(activation, learned=learned)
    return loop.Cell(CELL | {"activation": activation}, RECIPE, network, spec)


def refused(network, learned="channel"):
    """What is said of a network's file that trains PReLU, "" where nothing is."""
    try:
        check_network.check_network(cell(network={"file": network, "parameters": {}},
                                         learned=learned), images())  # fmt: skip
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", networks.names())
def test_every_network_hands_its_channel_counts_on(name):
    """The check holds each count against the input that the activation is called with."""
    tiny = {"file": name, "parameters": TINY[name]}
    data = images(size=SMALLEST.get(name, 4))
    check_network.check_network(cell(network=tiny, learned="channel"), data)
    by_layer, by_channel = (
        _prelus(cell(network=tiny, learned=way).build_network(data)) for way in ("layer", "channel")
    )
    assert len(by_layer) == len(by_channel) > 0
    assert all(m.weight.shape == (1,) for m in by_layer)
    assert all(m.weight.numel() > 1 for m in by_channel)


def _prelus(network):
    return [m for m in network.modules() if isinstance(m, nn.PReLU)]


def test_a_network_that_names_no_channels_trains_one_a_layer(file):
    file(networks, "mynet", net("h = self.act(h)"))
    assert refused("mynet", learned=None) == refused("mynet", learned="layer") == ""


def test_a_network_that_names_no_channels_is_refused_with_its_line_where_they_are_needed(file):
    file(networks, "mynet", net("h = self.act(h)"))
    assert refused("mynet").endswith(
        "networks/mynet.py, line 10: prelu learns slope for each channel, and is not told how "
        "many there are; write activation(64) in the network, activation(64, dim=-1) where "
        "channels come last, or learned: layer in the study"
    )


@pytest.mark.parametrize("said, wrong", [("(5)", "5"), ("(4, dim=-1)", "4, dim=-1")])
def test_a_wrong_count_of_channels_is_refused_whatever_is_trained(file, said, wrong):
    file(networks, "mynet", net("h = self.act(h)", f"self.act = activation{said}"))
    for learned in (None, "channel"):
        told = f"the network makes activation({wrong}) and calls it on [4, 4, 6, 6]; give it"
        assert f"networks/mynet.py: {told}" in refused("mynet", learned)


SLOPES = """
import torch
from torch import nn
label, formula = "Slopes", "a·x where x < 0, a learned for each channel from 0.25"
class Slopes(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.slope = nn.Parameter(torch.full({shape}, 0.25))
    def forward(self, x):
        return x.clamp(min=0) + self.slope * x.clamp(max=0)
def module(channels{default}):
    return Slopes(channels)
"""
DEFINED = """
def definition(x, xp, *, slope=0.25):
    return xp.piecewise(x, 0, lambda x: slope * x, lambda x: x)
"""


@pytest.mark.parametrize("more", ["", DEFINED])
@pytest.mark.parametrize(("default", "learned"), [("", None), ("=1", "channel")])
@pytest.mark.parametrize("shape", ["(channels,)", "(channels, 1, 1)"])
def test_a_module_with_one_number_a_column_is_refused_where_images_are_as_wide_as_channels_are_many(
    file, shape, more, default, learned
):
    file(networks, "mynet", net("h = self.act(h)", "self.act = activation(4)"))
    file(activations, "slopes", SLOPES.format(shape=shape, default=default) + more)
    made = cell(network={"file": "mynet", "parameters": {}})
    spec = activations.ActivationSpec("slopes", learned=learned)
    made = replace(made, names=CELL | {"activation": "slopes"}, spec=spec)
    if shape != "(channels,)":
        check_network.check_network(made, images(size=6))
        return
    said = r"slopes.py: it learns for each of 4 channels and cannot take \[2, 4, 3, 5\]; have the"
    with pytest.raises(UserError, match=said):
        check_network.check_network(made, images(size=6))


@pytest.mark.parametrize("dim", [1, -1])
def test_prelu_per_channel_is_torch_s_wherever_its_channels_are(dim):
    ours = activations.module("prelu", learned="channel", channels=6, dim=dim)
    theirs = nn.PReLU(6)
    slopes = torch.linspace(-1, 1, 6)
    for module in (ours, theirs):
        (slope,) = module.parameters()
        slope.data.copy_(slopes)
    x = torch.randn(4, 6, 5, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y, expected = ours(x), theirs(x.movedim(dim, 1)).movedim(1, dim)
    assert torch.equal(y, expected)
    (dy, ds), (dy2, ds2) = (
        torch.autograd.grad(v.sin().sum(), [x, *module.parameters()])
        for v, module in ((y, ours), (expected, theirs))
    )
    assert torch.equal(dy, dy2) and torch.equal(ds, ds2)


# What is built in is what its paper says, written anew


def dyt(x, alpha, gamma, beta):
    return gamma * torch.tanh(alpha * x) + beta


def acon_c(x, p1, p2, beta):
    return (p1 - p2) * x * torch.sigmoid(beta * (p1 * x - p2 * x)) + p2 * x


def swish(x, beta):
    return x * torch.sigmoid(beta * x)


def pau(x, *c):
    below = sum((b * x**k).abs() for k, b in enumerate(c[6:], 1))
    return sum(a * x**k for k, a in enumerate(c[:6])) / (1 + below)


PAPERS = {"dyt": (dyt, 1), "acon_c": (acon_c, 0), "swish": (swish, 0), "pau": (pau, 0)}
CASES = [("dyt", None), ("dyt", "layer"), ("acon_c", None), ("acon_c", "layer"), ("swish", None),
         ("swish", "channel"), ("pau", None), ("pau", "channel")]  # fmt: skip


def from_elsewhere(name, learned, dim=1, channels=3):
    """(the built-in module, its paper's formula of x), both at the same drawn values."""
    draw = torch.Generator().manual_seed(1)
    ours = activations.module(name, learned=learned, channels=channels, dim=dim).double()
    for learns in ours.parameters():
        learns.data.add_(torch.randn(learns.shape, generator=draw).double() / 2)
    shape = [channels if k == dim else 1 for k in (0, 1, 2, -1)]
    given = [p.detach().clone().requires_grad_() for p in ours.parameters()]
    formula = PAPERS[name][0]
    return ours, given, lambda x: formula(x, *(p.view(shape) if p.ndim else p for p in given))


@pytest.mark.parametrize("dim", [1, -1])
@pytest.mark.parametrize(("name", "learned"), CASES)
def test_values_and_gradients_are_those_of_the_paper_s_formula(name, learned, dim):
    ours, given, formula = from_elsewhere(name, learned, dim)
    x = torch.randn(4, 3, 2, 3, generator=torch.Generator().manual_seed(0)).double()
    x.requires_grad_()
    y, expected = ours(x), formula(x)
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    got = torch.autograd.grad(y.sin().sum(), [x, *ours.parameters()])
    wanted = torch.autograd.grad(expected.sin().sum(), [x, *given])
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "learned"), CASES)
def test_a_step_of_training_is_that_of_the_paper_s_formula_in_16_bits_too(name, learned):
    """In bfloat16 the gradients of parameters are summed from float32, over all but their axis."""
    ours, given, formula = from_elsewhere(name, learned)
    ours.float()
    x = torch.randn(16, 3, 4, 4, generator=torch.Generator().manual_seed(0)).bfloat16()
    ours(x).float().square().mean().backward()
    formula(x.double()).square().mean().backward()
    for learns, expected in zip(ours.parameters(), given, strict=True):
        assert learns.grad.shape == expected.grad.shape
        torch.testing.assert_close(learns.grad.double(), expected.grad, rtol=2e-2, atol=1e-4)


SHAPES = {
    ("dyt", None): [(), (3,), (3,)],
    ("dyt", "channel"): [(), (3,), (3,)],
    ("dyt", "layer"): [(), (), ()],
    ("acon_c", None): [(3,)] * 3,
    ("acon_c", "layer"): [()] * 3,
    ("prelu", None): [(1,)],
    ("prelu", "channel"): [(3,)],
    ("swish", None): [()],
    ("swish", "channel"): [(3,)],
    ("pau", None): [()] * 10,
    ("pau", "channel"): [(3,)] * 10,
    ("xielu", "channel"): [(3,)] * 2,
}


@pytest.mark.parametrize(("name", "learned"), SHAPES)
def test_the_file_says_what_is_per_channel_and_the_study_may_choose(name, learned):
    module = activations.module(name, learned=learned, channels=3)
    assert [tuple(p.shape) for p in module.parameters()] == SHAPES[name, learned]


@pytest.mark.parametrize("learned", ["layer", "channel"])
def test_what_learns_nothing_takes_no_word_on_how(learned):
    with pytest.raises(UserError, match=f"^gelu learns nothing; leave out learned: {learned}$"):
        activations.module("gelu", learned=learned, channels=3)


MODULES = {
    "def module():": ("channel", "mine: learned: channel calls module(channels); write def "
                      "module(channels=1):, or leave module out"),
    "def module(channels):": ("layer", "mine: learned: layer calls module() without channels; "
                              "write def module(channels=1):"),
}  # fmt: skip
MINE = """
label, formula = "Mine", "a·x"

def definition(x, xp, *, a=1):
    return a * x

{}
    from torch import nn
    return nn.PReLU()
"""


@pytest.mark.parametrize("form", MODULES)
def test_a_module_that_cannot_learn_as_the_study_says_is_refused(form):
    mine = ModuleType("activarium.activations.mine")
    exec(MINE.format(form), mine.__dict__)
    learned, said = MODULES[form]
    with pytest.raises(UserError) as error:
        build_module(mine, learned, channels=3)
    assert str(error.value) == said


# What was learned leaves a run


def learned_of(activation, learned=None, network=PLAIN, training=step.Training, **recipe):
    """The rows of a run's own file, and the network that it trained."""
    made = cell(activation, network, learned)
    made = replace(made, recipe=RECIPE | recipe)
    run = loop.Run(made, 0, images(), CPU, quiet(), training)
    while not run.is_finished:
        run.add_epoch(*loop.train_epoch(run.training, run.epoch))
    return run.table().to_pylist()[0]["learned"], run.training.scored_network


@pytest.mark.parametrize("training", [step.Training, step.GraphedTraining])
def test_a_run_holds_where_each_layer_started_and_ended(training):
    rows, network = learned_of("dyt", training=training)
    layers = [m for m in network if isinstance(m, DefinitionModule)]
    assert [(r["layer"], r["parameter"], r["numbers"]) for r in rows] == [
        (k, name, n) for k, width in enumerate((4, 8, 16), 1)
        for name, n in (("alpha", 1), ("gamma", width), ("beta", width))
    ]  # fmt: skip
    assert [r["start"] for r in rows] == [0.5, 1, 0] * 3
    for row in rows:
        end = getattr(layers[row["layer"] - 1], row["parameter"]).detach().double()
        assert row["mean"] == end.mean().item() != row["start"]
        assert (row["min"], row["max"]) == (end.min().item(), end.max().item())
        assert row["sd"] == (end.std().item() if end.ndim else None)


def test_an_average_of_weights_is_what_is_scored_and_what_was_learned():
    rows, network = learned_of("prelu", ema=0.9)
    ends = [m.weight.item() for m in network if isinstance(m, nn.PReLU)]
    assert [(r["parameter"], r["mean"]) for r in rows] == [("slope", end) for end in ends]


CONSTRAINED = [("xielu", {"alpha_p": 0.8, "alpha_n": 0.8}), ("pau", {"b2": 3.98021568})]


@pytest.mark.parametrize(("name", "starts"), CONSTRAINED)
def test_values_are_those_that_the_function_is_computed_with(name, starts):
    rows, _ = learned_of(name, learning_rate=0.1)
    found = {r["parameter"]: r for r in rows if r["layer"] == 1}
    assert found.keys() == activations.learned_starts(name).keys()
    for parameter, start in starts.items():
        assert found[parameter]["start"] == pytest.approx(start, abs=1e-6)
        assert found[parameter]["mean"] != found[parameter]["start"]
    least = activations.load(name).least
    assert all(found[parameter]["min"] >= bound for parameter, bound in least.items())


def test_a_bound_is_stated_for_all_that_a_module_keeps_within_one():
    """However far its own parameters are pushed: the least value that each reaches."""
    stated = {}
    for name in activations.names():
        module = activations.module(name, channels=3)
        read = next((m for m in module.modules() if hasattr(m, "learned_values")), None)
        reached = {}
        for pushed in (-1e3, 0, 1e3) if read else ():
            with torch.no_grad():
                for value in module.parameters():
                    value.fill_(pushed)
            for key, value in read.learned_values().items():
                reached.setdefault(key, []).append(value.min().item())
        least = {key: min(values) for key, values in reached.items()}
        stated[name] = {key: value for key, value in least.items() if value > -1e3}
    found = {n: getattr(activations.load(n), "least", {}) for n in activations.names()}
    assert found == stated and found["pau"] and found["xielu"]


def test_a_module_whose_parameters_start_elsewhere_keeps_their_own_names():
    network = nn.Sequential(mark_activation(nn.PReLU()), nn.PReLU())
    for start, name in ((1.0, "weight"), (0.25, "a")):
        made = learned_values.LearnedValues(network, {"a": start})
        assert [(r["layer"], r["parameter"]) for r in made.rows(network)] == [(1, name)]


def test_what_learns_nothing_leaves_its_run_without_such_rows():
    assert learned_of("gelu")[0] is None


def test_a_run_that_goes_on_from_a_checkpoint_started_where_it_first_did():
    whole, _ = learned_of("swish")
    first = loop.Run(cell("swish"), 0, images(), CPU, quiet(), step.Training)
    first.add_epoch(*loop.train_epoch(first.training, 0))

    class Checkpoint:
        def resume(self, training, history):
            training.load_state_dict(first.training.state_dict())
            return first.history

        def save(self, training, history):
            pass

    again = loop.Run(cell("swish"), 0, images(), CPU, quiet(), step.Training, Checkpoint())
    again.add_epoch(*loop.train_epoch(again.training, 1))
    assert again.table().to_pylist()[0]["learned"] == whole


# The tables


@pytest.fixture(scope="module")
def run_files(tmp_path_factory):
    """The files of two runs of PReLU, one of GELU, as jobs leave them."""
    folder = tmp_path_factory.mktemp("runs")
    for name, seed in (("gelu", 0), ("prelu", 0), ("prelu", 1)):
        table = loop.train_run(cell(name), seed, images(), CPU, quiet())
        file = folder / "r/n/digits" / name / f"{seed}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        tables.write_run(table, file)
    return sorted(folder.rglob("*.parquet"))


def test_the_table_of_learned_values_has_each_run_s_layers_in_order(run_files):
    found = collect.learned_table(collect.read_runs(reversed(run_files))).to_pandas()
    assert list(found.columns) == tables.LEARNED.names
    assert found[["activation", "seed", "layer"]].to_numpy().tolist() == [
        ["prelu", seed, k] for seed in (0, 1) for k in (1, 2, 3)
    ]
    assert found["sd"].isna().all() and (found["numbers"] == 1).all()
    assert (found["start"] == 0.25).all() and (found["mean"] != 0.25).all()


def test_a_run_s_file_of_an_older_version_is_read_as_before(run_files, tmp_path):
    whole = tables.read_run(run_files[1])
    old = tmp_path / "r/n/digits/prelu/0.parquet"
    old.parent.mkdir(parents=True)
    tables.write_run(whole.replace_schema_metadata().drop(["learned"]), old)
    read = collect.read_runs([old])
    assert read.schema.equals(tables.RUN_FILE) and read["learned"].to_pylist() == [None]
    assert collect.learned_table(read).num_rows == 0
    assert read.drop(["learned"]).equals(whole.replace_schema_metadata().drop(["learned"]))


def test_a_shard_brings_what_its_runs_learned_where_it_has_the_file(run_files, tmp_path):
    whole = collect.read_runs(run_files)
    study = {"recipes": {"r": {}}, "networks": {"n": {}}, "datasets": ["digits"]}
    study |= {"activations": {"prelu": None}}
    learned, (runs, *_) = collect.learned_table(whole), collect.split_tables(whole)
    for name, table in (("runs", runs), ("learned", learned)):
        tables.write_run(table, tmp_path / f"{name}.parquet")
    path = str(tmp_path / "runs.parquet")
    assert shards.read_learned([path], study).equals(learned)
    assert external.read_learned([path], runs).equals(learned)
    (tmp_path / "learned.parquet").unlink()
    assert shards.read_learned([path], study).num_rows == 0


# The report


def report_of(study_says=None, learns="prelu", **more):
    """The report of a made-up study of GELU and PReLU, of which this was learned."""
    made = study(("gelu", learns), seeds=4)
    rows = [
        {**{k: run[k] for k in tables.KEY}, "layer": layer, "parameter": "slope", "numbers": n,
         "start": 0.25, "mean": 0.1 * layer + 0.01 * run["seed"], "sd": sd, "min": -1, "max": 2}
        for run in made.runs.to_dict("records") if run["activation"] == learns
        for layer, n, sd in ((1, 1, None), (2, 1, None))
    ]  # fmt: skip
    learned = tables.table(rows, tables.LEARNED).to_pandas()
    return reported(made, draw=False, learned=learned,
                    activations={"gelu": None, learns: study_says}, **more).html  # fmt: skip


def test_the_report_shows_start_end_and_spread_of_what_was_learned():
    html = report_of()
    section = html[html.index('<section id="learned">') :].partition("</section>")[0]
    text = " ".join(re.sub("<[^>]+>", " ", section).split())
    assert "Beside the weights, a network learns PReLU 2 parameters." in text
    assert "Proven properties hold for the values at the start." in text
    assert "activarium certify prelu slope=0.1650 certifies the mean that was learned" in text
    # The mean of 0.1 and 0.2 and of the seeds' 0.00 to 0.03, whose deviation is 0.0129.
    assert "PReLU slope 1 2 0.2500 0.1650 0.0129" in text
    assert "PReLU slope 1 0.2500 0.1150 0.0129 – – – PReLU slope 2 0.2500 0.2150 0.0129" in text


@pytest.mark.parametrize("more", [{"uncertified": ["spline"]}, {}])
def test_no_proof_is_spoken_of_where_nothing_of_what_learns_is_proven(more):
    """A module alone; and a name of tables from elsewhere that nobody here knows."""
    html = report_of({"file": "my/spline.py"}, "spline", **more)
    section = html[html.index('<section id="learned">') :].partition("</section>")[0]
    text = " ".join(section.split())
    assert "a network learns spline 2 parameters." in text
    assert "Proven properties" not in text


def test_numbers_of_a_layer_are_not_called_one_a_channel_and_a_diverged_run_has_no_end():
    """A spline has seven a layer whatever the channels; 9.0 is where a run was when it diverged."""
    runs = study(("gelu", "spline"), seeds=3).runs
    runs.loc[(runs["activation"] == "spline") & (runs["seed"] == 2), "status"] = "diverged"
    rows = [
        {**{k: run[k] for k in tables.KEY}, "layer": layer, "parameter": "values", "numbers": n,
         "start": 1.0, "mean": 9.0 if run["seed"] == 2 else 2.0, "sd": 0.5, "min": -1, "max": 8}
        for run in runs.to_dict("records") if run["activation"] == "spline"
        for layer, n in ((1, 7), (2, 7), (3, 16))
    ]  # fmt: skip
    learned = tables.table(rows, tables.LEARNED).to_pandas()
    made = SimpleNamespace(learned=learned, runs=runs)
    (found,) = learned_parameters.learned_rows(made).values()
    (row,) = found
    assert (row["numbers"], row["per_layer"]) == (30, (7, 16))
    assert (row["start"], row["end"], row["spread"]) == (1.0, 2.0, 0.0)
    assert [layer["end"] for layer in row["layers"]] == [2.0] * 3
    assert learned_parameters.certify_command(made) is None, "it is no single number"


def test_a_report_of_what_learned_nothing_has_no_such_section():
    html = reported(study(("gelu", "relu"), seeds=4), draw=False).html
    assert "What was learned" not in html and 'href="#learned"' not in html


def test_the_report_says_who_learned_one_a_layer_against_its_paper():
    made = study(("gelu", "dyt"), seeds=2)
    run = made.runs[made.runs["activation"] == "dyt"].to_dict("records")[0]
    row = {**{k: run[k] for k in tables.KEY}, "layer": 1, "parameter": "gamma", "numbers": 1}
    learned = tables.table([row | {"start": 1.0, "mean": 1.2}], tables.LEARNED).to_pandas()
    said = "DyT learned gamma and beta one a layer here, where its paper has one a channel."
    for way, shown in (({"learned": "layer"}, True), (None, False)):
        html = reported(made, draw=False, learned=learned, activations={"gelu": None, "dyt": way})
        assert (said in html.html) == shown
