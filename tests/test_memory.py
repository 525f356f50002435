"""No layer of the built-in networks writes beyond its memory, under glibc's heap checker."""

import os
import re
import subprocess
import sys
from ctypes.util import find_library

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import memory  # noqa: E402

CORNERS = {  # (widths, sizes) at which torch's own stride writes beyond, by instructions
    "this CPU's instructions": ("7,8,15", "48,96"),
    "AVX2 alone": ("4", "8,32"),
}


def run_benchmark(instructions, *options):
    """What benchmarks/memory.py prints and returns with these instructions."""
    widths, sizes = CORNERS[instructions]
    command = [sys.executable, ROOT / "benchmarks/memory.py", "--widths", widths, "--sizes", sizes]
    environment = os.environ | memory.CHECKER | memory.INSTRUCTIONS[instructions]
    done = subprocess.run([*command, *options, "--here"], env=environment, capture_output=True)
    return done.stdout.decode(), done.returncode


@pytest.mark.slow
@pytest.mark.skipif(not find_library("c_malloc_debug"), reason="glibc's heap checker is not here")
@pytest.mark.parametrize("instructions", CORNERS)
def test_no_layer_that_is_built_in_writes_beyond_its_memory(instructions):
    said, code = run_benchmark(instructions)
    assert code == 0 and re.search(r"^ +0 of \d{2,} fail", said, re.MULTILINE), said


@pytest.mark.slow
@pytest.mark.skipif(not find_library("c_malloc_debug"), reason="glibc's heap checker is not here")
def test_the_heap_checker_sees_what_torchs_own_stride_does():
    import torch

    said, code = run_benchmark("AVX2 alone", "--strided")
    if code == 0 and torch.__version__ > "2.14.1":
        pytest.skip("this torch has it mended")
    assert "SIGABRT" in said or "SIGSEGV" in said
