"""Ways of training a pack of K seeds at once: named here, one file each, measured by engines.py.

Each is a class of packs, or a function that makes one, from a `shared.setting.Setting` and seeds:
`epoch(number)` trains all seeds for one epoch, `states()` gives each seed's parameters and buffers
by name. Where a pack captures CUDA graphs and there is no GPU, it takes the same steps without:
what is captured is an ordinary function.
"""

from dataclasses import dataclass, field
from importlib import import_module


@dataclass(frozen=True)
class Candidate:
    """One way: `made` is "module:class" in this folder, `options` go to its constructor.

    `cuda`: it cannot be measured without a GPU. `any_size`: its rate depends on K; else K = 1 is
    measured alone. `mps`: its processes share the GPU through CUDA's Multi-Process Service.
    """

    name: str
    made: str
    options: dict = field(default_factory=dict)
    cuda: bool = False
    any_size: bool = True
    mps: bool = False

    def pack(self, setting, seeds):
        """A pack of these seeds, ready to train."""
        module, name = self.made.split(":")
        return getattr(import_module(f"{__name__}.{module}"), name)(setting, seeds, **self.options)

    @property
    def is_separate(self):
        """Whether its packs are processes of their own, started by whoever measures."""
        return self.made == "processes:Processes"


ONE, GRAPH, STACK = "one_by_one:OneByOne", "graph:Graph", "stacked"
TEN = {"per_graph": 10}

CANDIDATES = (
    Candidate("eager", ONE, any_size=False),
    Candidate("engine", "engine:pack"),
    Candidate("graph, 10 steps", GRAPH, TEN, cuda=True),
    Candidate("graph, 1 step", GRAPH, cuda=True),
    Candidate("a graph each, 10 steps", GRAPH, TEN | {"one_graph": False}, cuda=True),
    Candidate("processes", "processes:Processes"),
    Candidate("graph, 10 steps, compiled", GRAPH, TEN | {"compiled": True}, cuda=True),
    Candidate("grouped, graph", f"{STACK}:Grouped", TEN, cuda=True),
    Candidate("vmap, graph", f"{STACK}:Mapped", TEN, cuda=True),
    Candidate("compiled", ONE, {"compiled": {}}, any_size=False),
    Candidate("reduce-overhead", ONE, {"compiled": {"mode": "reduce-overhead"}}, True, False),
    Candidate("processes, MPS", "processes:Processes", cuda=True, mps=True),
    Candidate("grouped, graph, compiled", f"{STACK}:Grouped", TEN | {"compiled": True}, cuda=True),
    Candidate("grouped", f"{STACK}:Grouped"),
    Candidate("vmap", f"{STACK}:Mapped"),
)
NAMED = {candidate.name: candidate for candidate in CANDIDATES}
