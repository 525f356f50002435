"""What the terminal shows of an execution: a line for each job, in place of a list of its files.

It reads the events of Snakemake's interface for logger plugins. Snakemake's own log file, which is
named at the end, holds everything. `--logger NAME` takes a plugin instead; the panel of the plugin
rich is torn where jobs print lines of their own, and shows no `message:`.
"""

# A record is a logging.LogRecord with the attributes of its event, hence Any.

import logging
import re
from collections import Counter
from typing import Any

MOST = 3  # jobs of one rule that a dry run lists
DROPPED = ("workflow_started", "job_started", "job_finished", "resources_info", "shellcmd")
CHATTER = ("Select jobs to execute", "Using shell", "Conda environments: ignored", "Assuming ")
EVERY_START = r"(Missing output files|Input files updated by another job): [^;]*(; )?"


class JobLines(logging.Formatter):
    """One line a job, with its `message:` and what made it necessary where that is worth saying.

    `full` is Snakemake's formatter, for all that is no job. A dry run lists `MOST` jobs of a rule.
    """

    def __init__(self, full: logging.Formatter, dry_run: bool):
        super().__init__()
        self.full, self.dry_run = full, dry_run
        self.planned: dict[str, int] = {}  # {rule: jobs, "total": all of them}
        self.listed: Counter[str] = Counter()
        self.done = 0

    def is_shown(self, record: Any) -> bool:
        """Whether anything is shown of this record."""
        event = getattr(record, "event", None)
        if event == "progress":
            self.done = record.done
            return record.done == record.total
        if event == "run_info":
            known, self.planned = self.planned, record.stats
            return not known  # a dry run says it twice
        if event == "job_info":
            self.listed[record.rule_name] += 1
            return not self.dry_run or self.listed[record.rule_name] <= MOST + 1
        text = record.getMessage()
        return event not in DROPPED and not text.startswith(CHATTER) and not is_exit_status(text)

    def format(self, record: Any) -> str:
        """The text for one record."""
        match getattr(record, "event", None):
            case "job_info":
                return self._planned(record) if self.dry_run else self._started(record)
            case "job_error":
                return self.full.format(_shortened(record))
        return self.full.format(record)

    def _started(self, record: Any) -> str:
        total = str(self.planned.get("total", "?"))
        return f"[{self.done:>{len(total)}} of {total} done] {described(record)}"

    def _planned(self, record: Any) -> str:
        rule, left = record.rule_name, self.planned.get(record.rule_name, 0) - MOST
        if self.listed[rule] <= MOST or left == 1:
            return described(record)
        return f"… and {left} more of {rule} (--verbose lists all)"


def described(record: Any) -> str:
    """What a job does, and why unless its output is missing, in one line of 200 characters.

    That another job updates its input is only said where runs that are there are trained again.
    """
    text = record.rule_msg or record.rule_name
    reason = record.reason
    if not _is_trained_again(record):
        reason = re.sub(EVERY_START, "", reason).strip("; ")
    line = f"{text} ({reason})" if reason else text
    return line if len(line) <= 200 else line[:199] + "…"


def _is_trained_again(record: Any) -> bool:
    """Whether a job trains runs of which none is missing."""
    trains = re.search(r"train_\d+$", record.rule_name)
    return bool(trains) and "Missing output files" not in record.reason


def is_exit_status(text: str) -> bool:
    """Whether Snakemake's error says only that a script failed; its log says why."""
    failed = text.startswith("RuleException:\nCalledProcessError in file")
    return failed and text.rstrip().endswith("returned non-zero exit status 1.")


def _shortened(record: Any) -> Any:
    """A copy of a failed job's record without its input files, and with one output file."""
    copy = logging.makeLogRecord(record.__dict__)
    copy.input = []
    if record.rule_msg is None:
        copy.msg = ""  # else Snakemake prints "message: None"
    if len(record.output) > 1:
        copy.output = [record.output[0], f"and {len(record.output) - 1} more"]
    return copy
