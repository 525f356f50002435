"""Activarium: every activation × network × data set × recipe × seed trained, compared, reported."""

import os
import re
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")

REPOSITORY = Path(os.path.relpath(workflow.current_basedir.get_path_or_uri(secret_free=True)))
LIBRARY = str(REPOSITORY / "workflow/scripts/activarium")
SCHEMA = str(REPOSITORY / "config/schema.yaml")
SCRIPTS = str(Path(REPOSITORY, "workflow/scripts").resolve())
sys.path.insert(0, SCRIPTS)  # before what is installed: another clone is not this workflow

from activarium import figures, study
from activarium.atlas.published_folders import PublishedFolders
from activarium.runtime import display, interrupt, manifest, snakemake_internals
from activarium.runtime.errors import exit_on_error
from activarium.study import (
    claim_files,
    handlers,
    measure_checks,
    reused_runs,
    start_warnings,
)
from activarium.study.code_inputs import TRAINING, CodeFiles
from activarium.study.grid import Grid, seed_words

with exit_on_error():
    SNAKEMAKE = snakemake_internals.Session(workflow)
manifest.prepend_pythonpath(SCRIPTS)

# A study file is whole: the default is read only where none is named, never merged under one.
if not SNAKEMAKE.study_files:

    configfile: str(REPOSITORY / "config/config.yaml")


with exit_on_error():
    config |= study.parse_cli_values(config, SNAKEMAKE.study_files, SNAKEMAKE.config_changes)
    STUDY = study.load(config, SNAKEMAKE.study_files, SCHEMA)
    GRID = reused_runs.with_reused_runs(
        Grid(STUDY, SNAKEMAKE.is_dry_run), LIBRARY, SCHEMA, SNAKEMAKE.is_main_process
    )
PATHS = GRID.paths
CODE = CodeFiles(GRID, LIBRARY)
GPU = SNAKEMAKE.offer_gpus()  # whether jobs ask for one

# A cluster gets what takes long, the packs; everything else is made where Snakemake runs. There, too,
# is the network that data are fetched from. `localrules: 0` among a profile's resources sends all.
if not SNAKEMAKE.sends_all:

    localrules:
        prepare,
        choose,
        tuning,
        certify,
        certify_stated,
        profiles,
        proven_claims,
        numerics,
        collect,
        balance,
        compare,
        measures,
        describe,
        draw,
        report,
        claims,
        atlas,


if SNAKEMAKE.is_main_process:
    with exit_on_error():
        figures.check()
        GRID.check_images()
        GRID.check_weights()
        if not SNAKEMAKE.uses_conda:
            measure_checks.check_packages(STUDY.measures, STUDY.keep_weights)
    study.warn_old_keys(config)
    start_warnings.warn_missing_runs(GRID, *SNAKEMAKE.study_files, changes=SNAKEMAKE.config_changes)
    start_warnings.warn_no_validation(GRID)
    reused_runs.announce(GRID)
    if SNAKEMAKE.has_cluster:
        manifest.announce(len(GRID.packs), SNAKEMAKE.sends_all, len(GRID.tuning.packs))
    STOP_FILTER = interrupt.hide_errors_after_stop()
    interrupt.hold_sigint_for_jobs()
    SNAKEMAKE.show(display.JobLines)
else:
    with exit_on_error():
        manifest.check(STUDY, GRID.packs, PATHS.manifest, *SNAKEMAKE.relative_study_files)


wildcard_constraints:
    **GRID.wildcard_patterns,


include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/tune.smk"
include: "workflow/rules/certify.smk"
include: "workflow/rules/collect.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/publish.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/atlas.smk"


rule all:
    """A study's tables, its profiles and its report."""
    default_target: True
    input:
        PATHS.report,
        PATHS.tables,
        GRID.profiles_table,
        GRID.balanced_table,
        GRID.tuning.tables,
        GRID.measured.tables,
    message:
        "the study is done"


onstart:
    with exit_on_error():
        handlers.begin(GRID, SNAKEMAKE)
        reused_runs.write_note(GRID, LIBRARY)


onsuccess:
    handlers.say_result(GRID, SNAKEMAKE)


onerror:
    handlers.say_stop(GRID, STOP_FILTER)
