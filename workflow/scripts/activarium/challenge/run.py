"""A challenge from its word to its verdict: estimate, training by Snakemake, report, numbers."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml

from .. import study
from ..report.formatting import count
from ..runtime import devices
from ..runtime.errors import UserError
from ..runtime.files import read_json, write_json, write_text
from ..runtime.snakemake_command import CLONE, check_clone, snakemake_command
from ..study import Study
from ..study.grid import Grid
from ..study.tuned_recipes import count_tuning_runs
from ..train.progress import format_duration
from .estimate import BATCHES, SETTING, estimate, time_at_once, tuning_time_at_once
from .suite import activation_entry, challenge_study, find_suite
from .verdict import challenge_numbers, verdict_lines

SCHEMA = CLONE / "config/schema.yaml"


def run_challenge(
    word: str,
    suite: str | None = None,
    name: str | None = None,
    cores: int | None = None,
    dry_run: bool = False,
) -> None:
    """Set the activation `word` against a suite, and print how long it takes and what came out.

    `word`, `suite` and `name` are as in `suite.activation_entry` and `find_suite`. The study stands
    in results/challenge-NAME, with study.yaml, report.html and challenge.json. Raises UserError.
    """
    check_clone()
    cores = cores or len(os.sched_getaffinity(0))
    entry = activation_entry(word, name)
    config = challenge_study(find_suite(suite, CLONE), entry, _jobs(cores))
    declared = study.load(config, [], SCHEMA)
    file = Path("results", config["name"], "study.yaml")
    check_place(file, config)
    expected = _say_estimate(declared, entry, _jobs(cores))
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    if dry_run:
        with TemporaryDirectory() as folder:
            write_text(Path(folder, file.name), text)
            _train(Path(folder, file.name), cores, dry_run)
        return
    write_text(file, text)
    _train(file, cores, dry_run)
    _say_verdict(declared, _name(entry), expected)


def check_place(file: Path, config: Mapping[str, Any]) -> None:
    """Raise UserError where `file` has the study of another challenge, whose runs would be lost."""
    theirs = study.mapping(file) if file.exists() else config
    if {**theirs, "pack": None} != {**config, "pack": None}:
        way = f"say another name by --name, or delete {file.parent}"
        raise UserError(f"challenge: {file} is another challenge, with runs of its own; {way}")


def _jobs(cores: int) -> int:
    """How many jobs train at once; a GPU trains all seeds of one."""
    return 1 if devices.visible_gpus() else cores


def _name(entry: str | dict) -> str:
    return entry if isinstance(entry, str) else entry["name"]


def _say_estimate(declared: Study, entry: str | dict, at_once: int) -> pd.DataFrame:
    """Print how many runs are trained and for how long; the `estimate` itself."""
    specs = declared.activations
    expected = estimate(declared, specs[_name(entry)], specs[declared.control])
    trained = declared.seeds * len(expected)
    tuning = sum(count_tuning_runs(declared.recipes[name]) for name in expected["recipe"])
    more = f", {count(tuning, 'run')} tune it" if tuning else ""
    seconds = time_at_once(expected["seconds"], declared, at_once)
    seconds += tuning_time_at_once(expected, declared, at_once)
    on = "a GPU, or less" if devices.visible_gpus() else f"{count(at_once, 'free core')}"
    print(
        f"challenge: {trained} runs are trained here{more}, those of the others are taken from "
        f"{', '.join(declared.reuse)}. That takes about {format_duration(seconds)} on {on}: an "
        f"estimate from {BATCHES} batches",
        flush=True,
    )
    return expected


def _train(file: Path, cores: int, dry_run: bool) -> None:
    """Have Snakemake make the study; ends this process with its exit code where it fails."""
    done = subprocess.run(snakemake_command(file, cores, *(["--dry-run"] if dry_run else [])))
    if done.returncode:
        sys.exit(done.returncode)


def _say_verdict(declared: Study, name: str, expected: pd.DataFrame) -> None:
    """Write challenge.json, and print its numbers and where the report is."""
    paths = Grid(declared).paths
    ratios: dict[tuple, Any] = {
        tuple(row[k] for k in SETTING): row["ratio"] for row in expected.to_dict("records")
    }
    numbers = challenge_numbers(read_json(paths.analysis), name, ratios)
    file = f"{paths.folder}/challenge.json"
    write_json(file, numbers)
    for line in verdict_lines(numbers):
        print(line)
    print(f"The report: {paths.report}\nThe numbers: {file}")
