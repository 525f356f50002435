"""A certifying job: from an activation's name or text to the two files that are kept of it."""

import sys
import time
from importlib.metadata import version

from .. import activations
from ..runtime import files
from . import assumptions
from .properties import certify


def run(name, expr, profile, provenance):
    """Write the profile of the activation `name` to the file `profile`.

    `expr` is its text where the study states it, else None and the folder defines it. What may
    differ between two correct executions goes into the file `provenance` instead.
    """
    definition = activations.definition(name, expr)
    draws = expr is None and assumptions.is_random(activations.load(name))
    started = time.perf_counter()
    found = certify(definition, draws=draws)
    seconds = round(time.perf_counter() - started, 3)
    files.write_json(profile, found)
    about = {"seconds": seconds, "python": sys.version.split()[0]}
    files.write_text(provenance, files.as_json(about | {"python-flint": version("python-flint")}))
