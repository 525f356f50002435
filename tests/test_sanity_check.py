"""Every combination of a study is tried before the first epoch; a fault is a line, said once."""

import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from fake_gpu import FakeGpu
from snakemake.iocontainers import Wildcards
from test_training import (
    CELL,
    CPU,
    LIBRARY,
    PLAIN,
    RECIPE,
    TINY,
    images,
    pack,
    prepared,
    quiet,
)

from activarium import activations, datasets, networks
from activarium.runtime import child_process, interrupt
from activarium.runtime.errors import UserError
from activarium.train import job, precision, preflight, sanity_check, step
from activarium.train import pack as pack_
from activarium.train.check_network import check_network
from activarium.train.loop import Cell, train_run

__all__ = ["prepared"]  # a fixture, used by its name
SHAPES = {"digits": {"channels": 1, "size": 8, "classes": 10}}


@pytest.fixture
def file(tmp_path, monkeypatch):
    """file(kind, name, text) adds an activation's or a network's file, in a folder of its own."""
    texts = {activations: {}, networks: {}}

    def add(kind, name, text):
        path = tmp_path / kind.__name__.rpartition(".")[2] / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        texts[kind][name] = path

    def load(kind, whole):
        def either(named):
            name = getattr(named, "name", named)
            if name not in texts[kind]:
                return whole(named)
            namespace = made.setdefault(name, {})
            if not namespace:
                path = texts[kind][name]
                exec(compile(path.read_text(), str(path), "exec"), namespace)
            return SimpleNamespace(**namespace)

        return either

    made = {}
    for kind in texts:
        monkeypatch.setattr(kind, "load", load(kind, kind.load))
    folders = {tmp_path / "activations", tmp_path / "networks"}
    monkeypatch.setattr(pack_, "FOLDERS", pack_.FOLDERS | folders)
    return add


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Trials in this process: torch has computed in it, and may compute in no child of it."""

    def each(works, log):
        for work in works:
            yield child_process._result(work, log)

    precision.prepare_torch("float32")
    monkeypatch.setattr(sanity_check, "try_each_in_child", each)


def checked(tmp_path, names, nets=None, **recipe):
    """(faults, what will be missing) of a study of these."""
    with (tmp_path / "log").open("w") as log:
        recipes = {"r": RECIPE | recipe}
        return sanity_check.sanity_check(
            {name: {"name": name} for name in names}, nets or {"n": PLAIN}, recipes, SHAPES, log
        )


def cell_of(activation, network="plain", parameters=None):
    """A cell of these; the plain network is a small one."""
    parameters = parameters or (PLAIN["parameters"] if network == "plain" else {})
    file = {"file": network, "parameters": parameters}
    return Cell(CELL | {"activation": activation}, RECIPE, file)


def held(network, activation="gelu", parameters=None):
    """What `check_network` says against a network's file; "" where nothing."""
    try:
        check_network(cell_of(activation, network, parameters), images())
    except UserError as refusal:
        return str(refusal)
    return ""


def net(forward, before=""):
    """The text of a network's file with a convolution, an activation `act` and this forward."""
    return f"""
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, activation, channels, classes):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4)
        self.head = nn.Linear(4, classes)
        {before or "self.act = activation()"}

    def forward(self, x):
        h = self.norm(self.conv(x))
        {forward}
        return self.head(h.mean((2, 3)))

def build(activation, channels, classes, size):
    return Net(activation, channels, classes)
"""


@pytest.mark.parametrize("name", networks.names())
@pytest.mark.parametrize("activation", ["gelu", "prelu", "rrelu"])
def test_every_built_in_network_uses_its_activation(name, activation):
    assert held(name, activation, TINY[name] if name == "torchvision" else None) == ""


def test_a_network_that_never_calls_the_activation_is_refused_by_its_file(file):
    file(networks, "idle", net("h = torch.relu(h)"))
    assert "networks/idle.py: the network makes activations and never calls them" in held("idle")
    file(networks, "bare", net("h = torch.relu(h)", "pass"))
    assert "networks/bare.py: the network never calls activation, so that" in held("bare")


def test_a_network_that_calls_the_activation_for_nothing_is_refused_by_its_file(file):
    file(networks, "vain", net("self.act(h); h = torch.relu(h)"))
    said = "networks/vain.py: the network calls activations and uses nothing of what they give"
    assert said in held("vain")
    file(networks, "nearly", net("h = self.norm(torch.relu(h) + 1e-3 * self.act(h))"))
    assert held("nearly") == ""


def test_dropout_does_not_hide_that_nothing_is_used_of_an_activation(file):
    file(networks, "vain", net("self.act(h); h = nn.functional.dropout(h)"))
    assert "uses nothing of what they give" in held("vain")
    file(networks, "used", net("h = nn.functional.dropout(self.act(h))"))
    assert held("used") == ""


@pytest.mark.parametrize("activation", ["relu2", "identity", "hardshrink", "sigmoid"])
def test_however_large_or_small_its_numbers_an_activation_that_is_used_is_not_refused(activation):
    assert held("mlp", activation, {"depth": 64, "width": 4}) == ""


REFUSED = {
    "idle": (net("h = torch.relu(h)", "self.act = activation(4)"), "never calls them, so that all"),
    "vain": (net("self.act(h)", "self.act = activation(4)"), "uses nothing of what they give"),
    "wide": (net("h = self.act(h)", "self.act = activation(7)"), "makes activation(7) and calls"),
    "silent": (net("h = self.act(h)"), "write activation(64) in the network"),
}


@pytest.mark.parametrize("on_gpu", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_a_network_beside_the_study_is_refused_before_the_first_step_on_either_device(
    tmp_path, prepared, monkeypatch, name, on_gpu
):
    text, why = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    mine = f"my/{name}.py"
    (tmp_path / "my").mkdir()
    (tmp_path / mine).write_text(f'label = "Mine"\n{text}')
    monkeypatch.setattr(step.Training, "_step", lambda *_: pytest.fail("a step was taken"))
    if on_gpu:
        monkeypatch.setattr(job, "fits_several", lambda device: True)
        FakeGpu(monkeypatch)
    with pytest.raises(UserError) as refusal:
        pack(tmp_path, [0], prepared, "dyt", network={"file": mine, "parameters": {}})
    assert str(refusal.value).startswith(mine) and why in str(refusal.value)


@pytest.mark.parametrize(
    "forward, before, at",
    [
        ("h = self.act(h)", "self.act = nn.Sequential(activation)", 10),
        ("h = self.act(h)", "self.act = activation", 14),
        ("h = self.act(h)", "self.act = activation(inplace=True)", 10),
    ],
)
def test_an_activation_that_is_taken_for_the_module_is_refused_with_its_line(
    file, forward, before, at
):
    file(networks, "uncalled", net(forward, before))
    said = held("uncalled")
    assert (
        f"uncalled.py, line {at}: activation is no module; activation(channels) makes one" in said
    )
    assert "CallRecorder" not in said


def test_another_type_error_of_a_network_stays_as_it_is(file):
    file(networks, "typed", net("h = self.act(h) + 'a'"))
    with pytest.raises(TypeError):
        held("typed")


@pytest.mark.parametrize("before", ["self.acts = [activation()]", "self.acts = (activation(),)"])
def test_a_network_that_does_not_own_what_learns_is_refused(file, before):
    file(networks, "loose", net("h = self.acts[0](h)", before))
    for activation in ("prelu", "rrelu"):
        assert f"loose.py: {activation} is called without being a part" in held("loose", activation)
    assert held("loose", "relu") == "", "what has no state is computed all the same"


def test_an_activation_that_cannot_take_its_shape_is_refused_with_file_and_line(file):
    file(networks, "flat", net("h = self.act(h)"))
    file(activations, "rows", ROWS)
    said = held("flat", "rows")
    assert "activations/rows.py, line 6: rows cannot take [4, 4, 6, 6] from " in said
    assert "networks/flat.py: ValueError: too many values to unpack" in said


ROWS = """
from torch import nn

class Rows(nn.Module):
    def forward(self, x):
        n, width = x.shape
        return x

def module():
    return Rows()
"""


def test_an_activation_may_be_called_by_its_argument_s_name(file):
    file(activations, "over", IN_PLACE)
    file(networks, "named", net("h = self.act(input=h)"))
    file(networks, "shortcut", net("h = h + self.act(input=h)"))
    assert held("named", "over") == ""
    assert "over overwrites its input" in held("shortcut", "over")


def test_a_network_of_another_number_of_classes_is_refused(file):
    file(networks, "few", net("h = self.act(h)").replace("4, classes)", "4, 3)"))
    assert "networks/few.py: the network gives [4, 3] for [4, 5], [n, classes]" in held("few")


OTHER = """
label, formula = "Other", "SiLU"

def definition(x, xp):
    return x * xp.sigmoid(x)

def module():
    from torch import nn
    return nn.GELU()
"""


def test_a_module_that_is_not_its_definition_is_refused_with_where_they_differ(file, tmp_path):
    """Else one is trained, and the other is certified."""
    file(activations, "other", OTHER)
    faults, missing = checked(tmp_path, ["other", "gelu"])
    (line,) = faults
    assert "activations/other.py: module() gives -0.0" in line and " definition -0.2" in line
    assert "; write both alike, or leave module() out (r n digits other)" in line
    file(activations, "same", OTHER.replace("GELU", "SiLU"))
    assert held("plain", "same") == ""


@pytest.mark.parametrize(
    "text",
    [
        "from torch import nn\none = nn.PReLU()\ndef module():\n    return one\n",
        "import torch\nfrom torch import nn\nslope = nn.Parameter(torch.ones(1))\n"
        "def module():\n    act = nn.PReLU()\n    act.weight = slope\n    return act\n",
    ],
)
def test_what_outlives_its_run_is_refused(file, text):
    """Else a pack's second seed begins where its first one ended."""
    file(activations, "lasting", text)
    cell, data = cell_of("lasting"), images()
    first, second = (train_run(cell, 0, data, CPU, quiet()).to_pylist()[0] for _ in range(2))
    assert first["epochs"] != second["epochs"], "what is refused is wrong"
    said = held("plain", "lasting")
    assert "activations/lasting.py: module() gives the same" in said and "each time; make" in said


def test_a_network_that_is_built_once_is_refused(file):
    cached = net("h = self.act(h)").partition("def build")[0] + (
        "lasting = []\ndef build(activation, channels, classes, size):\n"
        "    lasting.append(lasting[0] if lasting else Net(activation, channels, classes))\n"
        "    return lasting[0]\n"
    )
    file(networks, "once", cached)
    assert "networks/once.py: build gives the same conv.weight each time" in held("once")


@pytest.mark.parametrize(
    ("given", "kind", "way"),
    [
        ("torch.tanh", "builtin_function_or_method", ""),
        ("nn.Tanh", "type", "; write return Tanh()"),
    ],
)
def test_what_is_no_module_is_refused(file, given, kind, way):
    text = f"import torch\nfrom torch import nn\ndef module():\n    return {given}\n"
    file(activations, "bare", text)
    assert held("plain", "bare").endswith(
        f"activations/bare.py: module() gives a {kind}, and no torch.nn.Module{way}"
    )


IN_PLACE = "from torch import nn\ndef module():\n    return nn.ReLU(inplace=True)\n"


def test_an_in_place_activation_is_refused_only_where_its_input_is_used_again(file):
    file(activations, "over", IN_PLACE)
    file(networks, "chain", net("h = self.act(h)"))
    file(networks, "shortcut", net("h = h + self.act(h)"))
    assert held("chain", "over") == held("resnet14", "over") == ""
    assert "networks/shortcut.py: over overwrites its input, which the" in held("shortcut", "over")
    assert held("shortcut", "relu") == ""


def test_an_in_place_activation_trains_as_the_same_one_that_is_not(file):
    file(activations, "over", IN_PLACE)
    both = [train_run(cell_of(a), 0, images(), CPU, quiet()) for a in ("over", "relu")]
    rows = [table.to_pylist()[0] for table in both]
    assert rows[0]["epochs"] == rows[1]["epochs"]


# All of a study


def jobs(folder, *names, width=4):
    """Training jobs of these activations, as Snakemake has them."""
    code = folder / "code.py"
    code.touch()
    for name in names:
        cell = {"recipe": "r", "network": "n", "dataset": "digits", "activation": name}
        network = {"file": "plain", "parameters": {"width": width}}
        params = {"activation": {"name": name}, "network": network, "recipe": RECIPE}
        params |= {"weights_file": None}
        code = dict.fromkeys(("activation", "network", "step"), [folder / "code.py"])
        yield SimpleNamespace(
            wildcards=Wildcards(fromdict=cell),
            params=SimpleNamespace(**params),
            input=SimpleNamespace(**code),
        )


def test_only_what_was_not_tried_before_is_tried(tmp_path, monkeypatch):
    asked = []
    answer = {"faults": [], "missing": []}
    monkeypatch.setattr(
        preflight, "_run_sanity_check", lambda about, _: asked.append(about) or answer
    )

    def start(*names, **changed):
        asked.clear()
        preflight.check_before_training(
            list(jobs(tmp_path, *names, **changed)), tmp_path / "tried", "log"
        )
        return [list(about["specs"]) for about in asked]

    assert start("gelu", "relu") == [["gelu", "relu"]]
    assert asked[0]["shapes"] == SHAPES and asked[0]["networks"]["n"]["file"] == "plain"
    assert start("gelu") == start("relu", "gelu") == start() == []
    assert start("gelu", "silu") == [["silu"]]
    assert start("gelu", width=5) == [["gelu"]]
    (tmp_path / "code.py").write_text("edited")
    assert start("gelu") == [["gelu"]]
    monkeypatch.setattr(datasets.load("digits"), "image_size", 16)
    assert start("gelu") == [["gelu"]]


def test_what_failed_is_refused_in_a_line_each_and_tried_again(tmp_path, monkeypatch):
    answer = {"faults": ["a.py, line 3: no", "b.py: no"], "missing": []}
    monkeypatch.setattr(preflight, "_run_sanity_check", lambda *_: answer)
    for _ in range(2):
        with pytest.raises(UserError) as refusal:
            preflight.check_before_training(jobs(tmp_path, "gelu"), tmp_path / "tried", "the.log")
        assert str(refusal.value).splitlines() == [
            *answer["faults"], "nothing was trained; details in the.log"
        ]  # fmt: skip


def test_what_fails_on_a_cpu_is_trained_where_there_is_a_gpu(tmp_path, monkeypatch, capsys):
    answer = {"faults": ["a.py, line 3: no"], "missing": []}
    monkeypatch.setattr(preflight, "_run_sanity_check", lambda *_: answer)
    monkeypatch.setattr(preflight.devices, "visible_gpus", lambda: ["0"])
    preflight.check_before_training(jobs(tmp_path, "gelu"), tmp_path / "tried", "log")
    assert "a.py, line 3: no; on a CPU, so that it is trained" in capsys.readouterr().err


def test_what_will_be_missing_is_told_and_no_torch_too(tmp_path, monkeypatch, capsys):
    answer = {"faults": [], "missing": ["gelu: saved bytes will be missing"]}
    monkeypatch.setattr(preflight, "_run_sanity_check", lambda *_: answer)
    preflight.check_before_training(jobs(tmp_path, "gelu"), tmp_path / "tried", "log")
    assert "sanity check: gelu: saved bytes will be missing\n" in capsys.readouterr().err
    monkeypatch.setattr(preflight, "find_spec", lambda _: None)
    preflight.check_before_training(jobs(tmp_path, "relu"), tmp_path / "tried", "log")
    assert capsys.readouterr().err.startswith("sanity check: no torch here")


def test_without_torch_no_image_is_looked_at(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(preflight, "find_spec", lambda _: None)
    monkeypatch.setattr(preflight, "_shapes", lambda *_: pytest.fail("numpy may be missing, too"))
    own = {"digits": {"folder": "photos"}}
    preflight.check_before_training(jobs(tmp_path, "gelu"), tmp_path / "tried", "log", own)
    assert capsys.readouterr().err.startswith("sanity check: no torch here")
    monkeypatch.setattr(preflight, "_shapes", lambda *_: {})
    preflight.check_before_training([], tmp_path / "tried", "log")
    assert capsys.readouterr().err == ""


def test_nothing_of_the_folder_of_the_study_is_tried_instead(tmp_path, monkeypatch):
    asked = []
    done = SimpleNamespace(returncode=0, stdout="{}")
    monkeypatch.setattr(
        preflight.subprocess, "run", lambda command, **_: asked.extend(command) or done
    )
    assert preflight._run_sanity_check({}, tmp_path / "log") == {}
    monkeypatch.undo()
    (tmp_path / "activarium.py").write_text("raise SystemExit('another')")
    python = asked[: asked.index("-m")]
    command = [*python, "-c", "import activarium; print(activarium.__file__)"]
    home = {"PYTHONPATH": str(LIBRARY)}
    found = subprocess.run(command, cwd=tmp_path, env=home, capture_output=True, text=True)
    assert found.stdout == f"{LIBRARY}/activarium/__init__.py\n", found.stderr


def test_what_a_file_prints_is_no_part_of_the_answer(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(interrupt, "end_on_sigint", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
    check = lambda **_: (print("loading …", end=""), ([], []))[1]  # noqa: E731
    monkeypatch.setattr(sanity_check, "sanity_check", check)
    sanity_check.main(tmp_path / "log")
    answer = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(answer) == {"faults": [], "missing": []}


def test_a_check_that_is_killed_says_so(tmp_path, monkeypatch):
    killed = SimpleNamespace(returncode=-9, stdout="")
    monkeypatch.setattr(preflight.subprocess, "run", lambda *_, **__: killed)
    with pytest.raises(UserError, match="^sanity check: killed by SIGKILL, as the system does"):
        preflight.check_before_training(
            jobs(tmp_path, "gelu"), tmp_path / "tried", tmp_path / "log"
        )


def test_seeds_that_crash_alike_show_their_traceback_once_and_its_file_and_line(
    file, tmp_path, prepared
):
    body = "return x.item() if len(x) > 4 and torch.is_grad_enabled() else x"
    file(activations, "late", LATE.format(body=body))
    with pytest.raises(UserError, match=r"late.py, line 7: RuntimeError: .*; the other seeds"):
        pack(tmp_path, [0, 1, 2], prepared, "late")
    log = (tmp_path / "log").read_text()
    assert log.count("Traceback") == 1 and log.count("late.py, line 7: RuntimeError") >= 3


def test_ctrl_c_while_a_batch_is_tried_is_one_line(tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(preflight.subprocess, "run", stopped)
    with pytest.raises(UserError, match="^stopped before any job; the same command goes on"):
        preflight.check_before_training(
            jobs(tmp_path, "gelu"), tmp_path / "tried", tmp_path / "log"
        )


def test_a_job_refuses_a_network_without_its_activation_before_it_trains(
    file, tmp_path, prepared, monkeypatch
):
    file(networks, "idle", net("h = torch.relu(h)"))
    monkeypatch.setattr(step.Training, "train_epoch", lambda *_: pytest.fail("trained"))
    with pytest.raises(UserError, match="networks/idle.py: the network makes activations and"):
        pack(tmp_path, [0], prepared, network={"file": "idle", "parameters": {}})


def test_one_fault_is_one_line_however_many_trials_it_ends(file, tmp_path):
    file(networks, "idle", net("h = torch.relu(h)"))
    nets = {"n": PLAIN, "idle_1": {"file": "idle", "parameters": {}}}
    faults, missing = checked(tmp_path, ["gelu", "relu", "tanh"], nets)
    (line,) = faults
    assert "networks/idle.py: the network makes" in line
    assert line.endswith(" (r idle_1 digits gelu and 2 more)") and missing == []
    assert (tmp_path / "log").read_text().splitlines()[:3] == [
        f"r n digits {a}" for a in ("gelu", "relu", "tanh")
    ]


LATE = """
import torch
from torch import nn

class Late(nn.Module):
    def forward(self, x):
        {body}

def module():
    return Late()
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "y = torch.sigmoid(x); y.mul_(2); return y",
            "activations/late.py: module() fails on [4, 4, 8, 8] in training: RuntimeError: one of",
        ),
        ("return x.view(x.shape[1], -1).T", "late.py"),
        ("return x.double()", "late.py: it makes torch.float64 of torch.float32; it must keep the"),
        ("return nn.functional.glu(x, 1)", "late.py: it makes [4, 2, 8, 8] of [4, 4, 8, 8]; it mu"),
        ("return x if self.training else x + torch.rand_like(x)", "late.py: module() gives other "),
        (
            "return x.round().detach()",
            "late.py: module() passes no gradient back to its input; wri",
        ),
        ("return nn.Parameter(torch.ones(9))[x.long() % 9]", "module() passes no gradient back"),
        ("return torch.where(x > 0, x.sqrt(), x)", "module() has the slope nan at x = -7.999; it"),
        (
            "return x.log()",
            "activations/late.py: module() gives nan at x = -7.999; it must be fini",
        ),
        ("return x.item()", "activations/late.py, line 7: late cannot take [4, 4, 8, 8] from "),
        ("return x.numpy()", "activations/late.py: it gives a ndarray, and no torch.Tensor"),
        ("import sys; sys.exit('no')", "SystemExit: no"),
    ],
)
def test_what_would_end_a_training_is_said_and_the_others_are_tried(file, tmp_path, body, said):
    file(activations, "late", LATE.format(body=body))
    faults, _ = checked(tmp_path, ["gelu", "late", "relu"])
    (line,) = faults
    assert said in line and line.endswith(" (r n digits late)") and "\n" not in line
    assert "r n digits relu" in (tmp_path / "log").read_text()


CRASH = """
import os, sys
from types import SimpleNamespace
from activarium import activations
from torch import nn

class Crash(nn.Module):
    def forward(self, x):
        os.kill(os.getpid(), 11)

whole, load = activations.module, activations.load
activations.load = lambda spec: SimpleNamespace() if spec.name == "crash" else load(spec)
def module(spec, **of):
    return Crash() if spec.name == "crash" else whole(spec, **of)
activations.module = module
from activarium.train.sanity_check import sanity_check
names = {name: {"name": name} for name in ("gelu", "crash", "relu")}
nets = {"n": {"file": "mlp", "parameters": {"depth": 1, "width": 2}}}
with open(sys.argv[1], "w") as log:
    print(*sanity_check(names, nets, RECIPES, SHAPES, log)[0])
"""


def test_a_crash_is_one_fault_and_the_trials_behind_it_are_made(tmp_path):
    program = CRASH.replace("RECIPES", repr({"r": RECIPE})).replace("SHAPES", repr(SHAPES))
    command = [sys.executable, "-c", program, tmp_path / "log"]
    done = subprocess.run(command, cwd=LIBRARY, capture_output=True, text=True)
    assert done.stdout.endswith(
        "activations/crash.py in activarium/networks/mlp.py: killed by SIGSEGV; the log has the "
        "line (r n digits crash)\n"
    ), done.stderr
    log = (tmp_path / "log").read_text()
    assert "r n digits relu" in log and 'File "<string>", line 9 in forward' in log


def test_what_will_be_missing_is_said_and_stops_nothing(file, tmp_path):
    file(activations, "pixels", LATE.format(body="return x * x[:, :, 1:2]"))
    faults, missing = checked(tmp_path, ["gelu", "pixels"])
    assert faults == []
    assert missing[0] == (
        "pixels: memory is not measured, and nothing need be done: "
        "IndexError: too many indices for tensor of dimension 1"
    )
    assert all(line.startswith("pixels: ") for line in missing)


def test_an_activation_of_images_alone_is_measured_on_images_of_one_pixel(file, tmp_path):
    body = "return x * torch.ones(x.shape[1]).view(1, -1, 1, 1).expand(*x.shape)"
    file(activations, "channels", LATE.format(body=body))
    assert checked(tmp_path, ["channels"]) == ([], [])


def test_numerics_are_tried_with_the_parameters_that_they_are_measured_with():
    """In float32 beside 16 bits, as autocast leaves them; masked_scatter takes no two types."""

    class Mixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.share = torch.nn.Parameter(torch.ones(()))

        def forward(self, x):
            return x.masked_scatter(x > 0, self.share.expand_as(x))

    sanity_check._measure_numerics(Mixed, torch.float32)
    with pytest.raises(RuntimeError, match="dtype"):
        sanity_check._measure_numerics(Mixed, torch.bfloat16)


def test_recipes_that_differ_in_rate_and_length_are_tried_once(tmp_path):
    recipes = {f"r{n}": RECIPE | {"learning_rate": n, "epochs": n} for n in (1, 2)}
    recipes["sgd"] = RECIPE | {"optimizer": "sgd"}
    with (tmp_path / "log").open("w") as log:
        specs = {"relu": {"name": "relu"}}
        assert sanity_check.sanity_check(specs, {"n": PLAIN}, recipes, SHAPES, log) == (
            [],
            [],
        )
    tried = (tmp_path / "log").read_text().splitlines()
    assert tried == ["r1 n digits relu", "sgd n digits relu"]


def test_a_shared_module_gives_the_same_bits_whatever_was_trained_before(file):
    """One activation for all layers is the network's choice, and begins anew in each run."""
    shared = net("h = self.act(self.act(h))")
    file(networks, "shared", shared)
    for activation in ("prelu", "rrelu"):
        cell, data = cell_of(activation, "shared"), images()
        assert held("shared", activation) == ""
        rows = [train_run(cell, seed, data, CPU, quiet()).to_pylist()[0] for seed in (0, 1, 0)]
        assert rows[0]["epochs"] == rows[2]["epochs"] != rows[1]["epochs"]


def test_weights_that_a_network_brings_along_are_named_once_before_training(file, tmp_path):
    file(networks, "loaded", LOADED)
    nets = {n: {"file": n, "parameters": {}} for n in ("loaded", "plain")}
    faults, missing = checked(tmp_path, ["gelu", "relu"], nets)
    assert faults == []
    (line,) = [line for line in missing if "weights" in line]
    assert line.startswith("networks: loaded: build sets the weights of 1 of its 2 layers itself, ")


LOADED = """
import torch
from torch import nn

def build(activation, channels, classes, size):
    head = nn.Linear(3, classes)
    with torch.no_grad():
        head.weight.copy_(torch.arange(3.0).expand(classes, 3))
    flat = nn.Linear(channels * size * size, 3)
    return nn.Sequential(nn.Flatten(), flat, activation(), head)
"""
