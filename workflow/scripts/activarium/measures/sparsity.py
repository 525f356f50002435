"""Sparsity: how much of what trained activations give is zero, over all test images.

A number counts as near zero where it is below 10⁻³ in size. A unit is one channel of what an
activation gives. It is dead where all its numbers are near zero, at each place of each test image.
"""

title = "Sparsity of the activations"
place = 10
needs_weights = True
device = "any"
columns = {
    "seed": ("int64", ""),
    "layer": ("int32", "activations of the network, from 1"),
    "numbers": ("int64", "numbers that the activation gives for all test images"),
    "zeros": ("float64", "fraction of them that is exactly 0"),
    "near_zeros": ("float64", "fraction below 0.001 in size"),
    "units": ("int64", "channels"),
    "dead_units": ("int64", "channels that are near zero on all test images"),
}
quantities = {
    "zeros": ("Exact zeros, %", "percent"),
    "near_zeros": ("Below 0.001, %", "percent"),
    "dead_units": ("Dead units, %", "percent"),
}
NEAR = 1e-3


def measure(trained):
    """One row a seed and layer."""
    from ._trained_cell import activations_of

    for seed in trained.seeds:
        training = trained.training(seed)
        counts = [_Counts(module) for module in activations_of(training.network)]
        training.evaluate("test")
        for layer, count in enumerate(counts, 1):
            yield {"seed": seed, "layer": layer} | count.row()


class _Counts:
    """What an activation's module gives while the network is evaluated, counted on the device."""

    def __init__(self, module):
        self.numbers, self.zeros, self.near, self.alive = 0, 0, 0, False
        module.register_forward_hook(self.add)

    def add(self, module, inputs, output):
        """Take one batch in."""
        self.numbers += output.numel()
        self.zeros = self.zeros + (output == 0).sum()
        large = output.abs() >= NEAR
        self.near = self.near + (~large).sum()
        self.alive = self.alive | large.movedim(module.channel_dim, 0).flatten(1).any(1)

    def row(self):
        """The columns of a layer."""
        return {
            "numbers": self.numbers,
            "zeros": int(self.zeros) / self.numbers,
            "near_zeros": int(self.near) / self.numbers,
            "units": len(self.alive),
            "dead_units": int((~self.alive).sum()),
        }


def summarise(table):
    """Shares of the whole network and of each layer, means over seeds."""
    parts = [(None, table), *((f"layer {k}", rows) for k, rows in table.groupby("layer"))]
    for part, rows in parts:
        for quantity, by_seed in _shares(rows).items():
            yield {"quantity": quantity, "part": part} | by_seed


def _shares(rows):
    """{quantity: value, spread and n over seeds} of some layers together."""
    from ..tables.measured import describe_values

    counted = rows.assign(
        zeros=rows["zeros"] * rows["numbers"], near_zeros=rows["near_zeros"] * rows["numbers"]
    )
    sums = counted.groupby("seed").sum(numeric_only=True)
    whole = {"zeros": "numbers", "near_zeros": "numbers", "dead_units": "units"}
    return {name: describe_values(sums[name] / sums[all_]) for name, all_ in whole.items()}
