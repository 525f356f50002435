"""A process that has imported Snakemake; a line on its input starts it in a fork, at once."""

import gc
import json
import os
import signal
import sys

import jsonschema  # noqa: F401 - what the Snakefile imports, too
import smart_open  # noqa: F401
from snakemake.cli import get_argument_parser, main


def next_command():
    """The command of the next line, in a fork; the process itself prints how each fork ended."""
    for line in sys.stdin:
        fork = os.fork()
        if not fork:
            return json.loads(line)
        _, status = os.waitpid(fork, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return sys.exit()  # whoever asked is gone


def become(command):
    """Take the place of a Snakemake that was started by `command` with this environment."""
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    for number, file in enumerate((os.devnull, command["stdout"], command["stderr"])):
        os.dup2(os.open(file, os.O_RDWR | os.O_APPEND), number)
    sys.argv = command["arguments"]
    sys.path[0] = os.path.dirname(sys.argv[0])  # noqa: PTH120 - as Python does
    signal.alarm(command["patience"])


if __name__ == "__main__":
    get_argument_parser()  # imports every plugin
    gc.freeze()
    become(next_command())
    sys.exit(main())
