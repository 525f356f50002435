"""Snakemake's internals that we touch are there; where one is not, a line names it and its file."""

import logging
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake
from conftest import BIN, ROOT

from activarium.runtime import snakemake_internals
from activarium.runtime.errors import UserError

HERE = "workflow/scripts/activarium/runtime/snakemake_internals.py"


def source(module):
    """The text of one of Snakemake's own files."""
    return Path(snakemake.__path__[0], module).read_text(encoding="utf-8")


def lacking(name, kind="attribute"):
    return f"Snakemake {snakemake.__version__} has no {kind} {name}; see {HERE}"


def snakefile(folder, text):
    """What Snakemake prints for a Snakefile of these lines, whose library is ours."""
    path = f"import sys; sys.path.insert(0, {str(ROOT / 'workflow/scripts')!r})\n"
    (folder / "Snakefile").write_text(path + text)
    command = [BIN / "snakemake", "-n", "--cores", "1"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("name", snakemake_internals.WORKFLOW)
def test_this_snakemake_has_every_internal_that_we_touch(name, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / "internals"
    if not folder.exists():
        folder.mkdir()
        program = """
from operator import attrgetter
from activarium.runtime import snakemake_internals
for name in snakemake_internals.WORKFLOW:
    try:
        attrgetter(name)(workflow)
    except AttributeError:
        print("lacks", name)
print("checked")
"""
        (folder / "said").write_text(snakefile(folder, program).stdout)
    said = (folder / "said").read_text().splitlines()
    assert "checked" in said
    assert f"lacks {name}" not in said, lacking(f"workflow.{name}")


@pytest.mark.parametrize("gone", snakemake_internals.WORKFLOW)
def test_an_internal_that_is_gone_is_named_with_its_version_before_anything_starts(gone):
    workflow = SimpleNamespace()
    for name in snakemake_internals.WORKFLOW:
        *parents, last = name.split(".")
        place = workflow
        for parent in parents:
            if not hasattr(place, parent):
                setattr(place, parent, SimpleNamespace())
            place = getattr(place, parent)
        if name != gone:
            setattr(place, last, None)
    with pytest.raises(UserError) as error:
        snakemake_internals.check(workflow)
    assert f"Snakemake {snakemake.__version__} has no workflow.{gone}; see " in str(error.value)
    assert "snakemake_internals.py" in str(error.value)


def test_planned_jobs_can_be_asked_with_and_without_those_that_are_done():
    text = source("dag.py")
    assert "def needrun_jobs(self, exclude_finished" in text, lacking("DAG.needrun_jobs")


def test_the_lines_with_which_a_stop_begins_are_snakemake_s():
    scheduler = source("scheduling/job_scheduler.py")
    for line in snakemake_internals.STOPPING:
        assert line in scheduler, lacking(repr(line), "line")


def test_what_writes_to_the_terminal_is_found_by_its_name():
    text = source("logging.py")
    assert f'"{snakemake_internals.HANDLER}"' in text, lacking(
        snakemake_internals.HANDLER, "handler"
    )
    from snakemake.logging import logger

    assert logger is logging.getLogger(snakemake_internals.LOGGER)


def test_a_stop_or_a_kill_leaves_snakemake_s_lock_where_we_look_for_it():
    folder = snakemake_internals.LOCKS.removeprefix(".snakemake/")
    assert f'os.path.join(self.path, "{folder}")' in source("persistence/file.py"), lacking(folder)


def test_no_other_file_touches_snakemake_s_internals():
    """The Snakefile itself asks where it is, once, to find the library at all."""
    files = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk"),
             *(ROOT / "workflow/scripts").rglob("*.py")]  # fmt: skip
    for file in files:
        text = file.read_text(encoding="utf-8")
        found = re.findall(r"^[^#\n]*?\b(workflow\.[a-z_]\w*|from snakemake\S*|import snakemake$)",
                           text, re.MULTILINE)  # fmt: skip
        allowed = {"Snakefile": ["from snakemake.utils", "workflow.current_basedir"]}
        if file.name != "snakemake_internals.py":
            assert sorted(set(found)) == allowed.get(file.name, []), file
