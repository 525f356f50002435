"""The weights that a run ends with: kept in a .safetensors file, and read from it."""

from pathlib import Path

import pyarrow as pa
from torch import nn

from ..runtime.errors import UserError, first_line
from ..runtime.files import atomic
from .loop import Run, train_epoch


class RunWithWeights(Run):
    """A run that writes its weights into `weights_file` before its row is made."""

    weights_file: Path

    def table(self) -> pa.Table:
        write_weights(self.training.scored_network, self.weights_file)
        return super().table()

    def finish(self) -> pa.Table:
        """Train and evaluate every epoch that is left; the row as a table."""
        while not self.is_finished:
            self.add_epoch(*train_epoch(self.training, self.epoch))
        return self.table()


def write_weights(network: nn.Module, file: Path | str) -> None:
    """Write all parameters and buffers of a network, atomically.

    Tensors that share memory are written once each, since the format knows no sharing.
    """
    from safetensors.torch import save_file

    state = network.state_dict()
    copies = {n: t.detach().cpu().contiguous().clone() for n, t in state.items()}
    with atomic(file) as temporary:
        save_file(copies, temporary)


def load_weights(network: nn.Module, file: Path | str) -> nn.Module:
    """`network` itself, with the weights that `write_weights` kept of one like it.

    Raises UserError for a file that is damaged, or of another network.
    """
    from safetensors.torch import load_file

    try:
        network.load_state_dict(load_file(file))
    except Exception as error:  # safetensors' own, torch's, and those of files
        way = f"train it again: rm {file}, then start again"
        raise UserError(f"{file} cannot be read ({first_line(error)}); {way}") from error
    return network.requires_grad_(False)
