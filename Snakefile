"""Activarium: every activation × network × data set × recipe × seed trained, compared, reported."""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")

HOME = Path(os.path.relpath(workflow.current_basedir.get_path_or_uri(secret_free=True)))
CODE = str(Path(HOME, "workflow/scripts").resolve())
sys.path.insert(0, CODE)  # before what is installed: another clone's code is not this workflow's

from activarium import figures, study
from activarium.report import outdated
from activarium.runtime import devices, errors, interrupt, lock, manifest
from activarium.study.grid import Grid
from activarium.train import preflight, progress

manifest.prepend_pythonpath(CODE)

# A study file is whole: the default is read only where none is named, never merged under one.
if not workflow.configfiles:

    configfile: str(HOME / "config/config.yaml")


with errors.exit_on_error():
    config |= study.parse_cli_values(
        config, workflow.configfiles, workflow.config_settings.config_args
    )
    STUDY = study.load(config, workflow.configfiles, HOME / "config/schema.yaml")
GRID = Grid(STUDY, str(HOME / "workflow/scripts/activarium"))
GPUS = devices.gpus()
# How many are used at once: on a cluster its profile says so, else it is those seen here.
if GPUS and "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", len(GPUS))


# A cluster gets what takes long, the packs; everything else is made where Snakemake runs. There, too,
# is the network that data are fetched from. `localrules: 0` among a profile's resources sends all.
SENDS_ALL = getattr(workflow.global_resources.get("localrules"), "value", None) == 0
if not SENDS_ALL:

    localrules:
        prepare,
        certify,
        profiles,
        claims,
        numerics,
        collect,
        compare,
        describe,
        figure,
        report,


if workflow.is_main_process:
    with errors.exit_on_error():
        figures.check()
    study.warn_old_keys(config)
    SILENCE = interrupt.watch()
    GRID.warn_missing_runs(*workflow.configfiles, changes=workflow.config_settings.config_args)
    GRID.warn_no_validation()
    # As every profile of a cluster has.
    if workflow.resource_settings.default_resources is not None:
        manifest.announce(len(GRID.packs), sends_all=SENDS_ALL)
else:
    with errors.exit_on_error():
        manifest.check(STUDY, GRID.packs, GRID.sent, *map(os.path.relpath, workflow.configfiles))


wildcard_constraints:
    **GRID.constraints,


include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/certify.smk"
include: "workflow/rules/collect.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/publish.smk"


rule all:
    default_target: True
    input:
        GRID.report,
        GRID.tables,
        GRID.proven,


onstart:
    with errors.exit_on_error():
        lock.acquire(STUDY.name)
    jobs = [job for job in workflow.dag.needrun_jobs() if GRID.trains(job.output)]
    with errors.exit_on_error():
        if not SENDS_ALL:
            record = f"{GRID.folder}/logs/tried.json"
            preflight.check_before_training(jobs, record, GRID.log("sanity_check"))
    if any(GRID.report in job.output for job in workflow.dag.needrun_jobs()):
        outdated.mark(GRID.report)
    if jobs:
        manifest.write(STUDY, GRID.packs, GRID.sent)
    # A remote job that dies before it begins must leave no older run behind.
    if not workflow.local_exec:
        for job in jobs:
            for file in job.output:
                Path(file).unlink(missing_ok=True)
    outputs = [file for job in jobs for file in job.output]
    progress.open_tally(
        GRID.tally,
        left=len(outputs),
        kept=len(GRID.kept(outputs)),
        declared=STUDY.size,
        at_once=devices.jobs_at_once(
            workflow.nodes or workflow.cores, workflow.global_resources.get("gpu").value
        ),
    )


onerror:
    interrupt.say(SILENCE, len(GRID.kept(GRID.runs)), len(GRID.runs))
