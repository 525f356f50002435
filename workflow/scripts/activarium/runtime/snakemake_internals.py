"""Snakemake's internals that this workflow touches, all of them in this one file.

They are no part of Snakemake's documented interface, and a release may rename them. Then
`tests/test_snakemake_internals.py` and the first line of any start name what is missing.
"""

import logging
import os
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Any

from . import devices
from .errors import UserError

LOGGER = "snakemake.logging"
HANDLER = "DefaultStreamHandler"  # what writes to the terminal where no logger plugin does
LOCKS = ".snakemake/locks"  # not empty while an execution works, and after one was killed
STOPPING = ("Terminating processes on user request", "Will exit after finishing")  # SIGINT, SIGTERM
WORKFLOW = (  # of the object `workflow`, while a Snakefile is read
    "config_settings.config_args",
    "configfiles",
    "cores",
    "current_basedir.get_path_or_uri",
    "dag",
    "deployment_settings.deployment_method",
    "global_resources",
    "is_main_process",
    "local_exec",
    "nodes",
    "output_settings.dryrun",
    "output_settings.verbose",
    "register_resource",
    "resource_settings.default_resources",
)


def check(workflow: Any) -> None:
    """Raise a UserError that names the first of these internals that `workflow` does not have."""
    for name in WORKFLOW:
        try:
            attrgetter(name)(workflow)
        except AttributeError:
            raise missing(f"workflow.{name}") from None
        except Exception:  # `cores` is an error of its own where none are given
            continue


def missing(name: str) -> UserError:
    """The UserError for an internal that the installed Snakemake does not have."""
    return UserError(
        f"Snakemake {version('snakemake')} has no {name}; see {os.path.relpath(__file__)}, or "
        "install the version in requirements.txt"
    )


class Session:
    """What this start of Snakemake was asked for, and what it will do."""

    def __init__(self, workflow: Any):
        check(workflow)
        self.workflow = workflow

    @property
    def study_files(self) -> list[str]:
        """The files of --configfile, or that of the Snakefile."""
        return self.workflow.configfiles

    @property
    def relative_study_files(self) -> list[str]:
        """`study_files`, as people write them."""
        return [os.path.relpath(file) for file in self.study_files]

    @property
    def config_changes(self) -> list[str]:
        """The words behind --config."""
        return self.workflow.config_settings.config_args or []

    @property
    def is_main_process(self) -> bool:
        """Whether a person started this process; each job reads the Snakefile again in its own."""
        return self.workflow.is_main_process

    @property
    def is_local(self) -> bool:
        """Whether jobs run on this machine."""
        return self.workflow.local_exec

    @property
    def is_dry_run(self) -> bool:
        """Whether it is only shown what would be done, as -n says."""
        return bool(self.workflow.output_settings.dryrun)

    @property
    def has_cluster(self) -> bool:
        """Whether a cluster's profile is read: each gives default resources; in a dry run, too."""
        return self.workflow.resource_settings.default_resources is not None

    @property
    def sends_all(self) -> bool:
        """Whether a cluster gets every job: `localrules: 0` among its profile's resources."""
        return self.resource("localrules") == 0

    @property
    def uses_conda(self) -> bool:
        """Whether jobs run in the environments of `--sdm conda`."""
        chosen = self.workflow.deployment_settings.deployment_method
        return any(method.name == "CONDA" for method in chosen)

    def resource(self, name: str) -> int | None:
        """How much of a resource all jobs together may use; None where it has no bound."""
        return getattr(self.workflow.global_resources.get(name), "value", None)

    def offer_gpus(self) -> bool:
        """Bound `gpu` by the GPUs seen here unless a profile does; whether jobs ask for one."""
        seen = devices.visible_gpus()
        if seen and "gpu" not in self.workflow.global_resources:
            self.workflow.register_resource("gpu", len(seen))
        return "gpu" in self.workflow.global_resources

    def jobs(self, finished: bool = False) -> list[Any]:
        """The jobs of this execution, once they are planned; also those `finished`, on demand."""
        return list(self.workflow.dag.needrun_jobs(exclude_finished=not finished))

    @property
    def cores(self) -> int | None:
        """How many cores this execution may use; None where none are given."""
        return self.workflow.cores

    def jobs_at_once(self) -> int:
        """How many jobs of training run at the same time."""
        return devices.jobs_at_once(
            self.workflow.nodes or self.workflow.cores, self.resource("gpu")
        )

    def show(self, formatter: type) -> None:
        """Have the terminal show Snakemake's events as `formatter(full, dry_run)` gives them.

        `full` is Snakemake's own formatter. With --verbose, and where a logger plugin writes to the
        terminal, all stays as it is; so does Snakemake's log file.
        """
        settings = self.workflow.output_settings
        for handler in logging.getLogger(LOGGER).handlers:
            if handler.name == HANDLER and handler.formatter and not settings.verbose:
                shown = formatter(handler.formatter, settings.dryrun)
                handler.setFormatter(shown)
                handler.addFilter(shown.is_shown)


def is_locked(folder: str = LOCKS) -> bool:
    """Whether Snakemake's own lock is there."""
    return any(Path(folder).glob("*"))
