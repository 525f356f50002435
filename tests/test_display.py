"""The terminal shows a line a job; the rules say what they do, and what is left out can be had."""

import logging
import re

import pytest
import yaml
from conftest import ROOT

from activarium.runtime import display

RULES = sorted((ROOT / "workflow/rules").glob("*.smk"))
FULL = logging.Formatter("%(message)s")


def record(event, **known):
    return logging.makeLogRecord({"event": event, "msg": event, "levelno": logging.INFO, **known})


def job(rule="certify", message="certify relu", reason="Missing output files: a, b"):
    return record("job_info", rule_name=rule, rule_msg=message, reason=reason)


def shown(lines, *records):
    """What of these records is shown, in order."""
    return [lines.format(one) for one in records if lines.is_shown(one)]


def test_a_job_is_one_line_with_how_many_are_done():
    lines = display.JobLines(FULL, dry_run=False)
    stats = record("run_info", stats={"certify": 11, "total": 51})
    done = [record("progress", done=n, total=51) for n in (7, 51)]
    finished = record("job_finished")
    assert shown(lines, stats, done[0], job(), finished, done[1]) == [
        "run_info", "[ 7 of 51 done] certify relu", "progress"
    ]  # fmt: skip


def test_a_dry_run_lists_three_jobs_of_a_rule_and_counts_the_others():
    lines = display.JobLines(FULL, dry_run=True)
    shown(lines, record("run_info", stats={"certify": 6, "collect": 1, "total": 7}))
    found = shown(
        lines, *[job(message=f"certify {n}") for n in range(6)], job("collect", "collect")
    )
    assert found == ["certify 0", "certify 1", "certify 2", "… and 3 more of certify (--verbose "
                     "lists all)", "collect"]  # fmt: skip


def test_a_dry_run_lists_the_fourth_of_four_jobs():
    lines = display.JobLines(FULL, dry_run=True)
    shown(lines, record("run_info", stats={"certify": 4, "total": 4}))
    found = shown(lines, *[job(message=f"certify {n}") for n in range(4)])
    assert found == ["certify 0", "certify 1", "certify 2", "certify 3"]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("Missing output files: a, b; Input files updated by another job: c", "x"),
        ("Updated input files: relu.py; Input files updated by another job: c",
         "x (Updated input files: relu.py)"),
        ("Params have changed since last execution: before; now", "x (Params have changed since "
         "last execution: before; now)"),
    ],
)  # fmt: skip
def test_a_job_says_why_where_that_is_worth_saying(reason, line):
    assert display.described(job(message="x", reason=reason)) == line


def test_a_start_says_why_it_trains_again_and_not_why_it_trains_at_all():
    updated = "Input files updated by another job: results/datasets/digits.json"
    again = display.described(job("train_0", "train relu", updated))
    assert again == f"train relu ({updated})"
    assert display.described(job("mine_train_12", "train relu", updated)) == again
    first = job("train_0", "train relu", f"Missing output files: 0.parquet; {updated}")
    assert display.described(first) == "train relu"
    assert display.described(job("collect", "collect", updated)) == "collect"


def test_a_line_ends_before_it_fills_the_screen():
    long = display.described(job(reason="Updated input files: " + "a, " * 200))
    assert len(long) == 200 and long.endswith("…")


def test_a_failed_job_lists_no_input_and_one_output():
    lines = display.JobLines(logging.Formatter("%(input)s %(output)s"), dry_run=False)
    failed = record("job_error", input=["a", "b"], output=["c", "d", "e"], rule_msg=None)
    assert shown(lines, failed) == ["[] ['c', 'and 2 more']"]
    assert failed.output == ["c", "d", "e"]  # the log file gets all


@pytest.mark.parametrize(
    ("end", "hidden"),
    [("returned non-zero exit status 1.", True), ("died with <Signals.SIGKILL: 9>.", False)],
)
def test_a_script_s_exit_status_is_hidden_and_its_death_is_not(end, hidden):
    text = f"RuleException:\nCalledProcessError in file 'x', line 3:\nCommand 'python' {end}"
    error = logging.makeLogRecord({"msg": text, "levelno": logging.ERROR})
    found = shown(display.JobLines(FULL, dry_run=False), error)
    assert found == ([] if hidden else [text])


# Of the workflow


@pytest.mark.parametrize("study", ["config", "paper"])
def test_a_dry_run_fits_a_screen_or_two(house, study):
    done = house.snakemake("-n", study=f"config/{study}.yaml")
    assert done.returncode == 0
    assert done.stdout.count("\n") <= 60 and len(done.stdout) <= 3000
    assert "train gelu on " in done.stdout or "more of train_0" in done.stdout


def test_verbose_lists_every_job(house):
    done = house.snakemake("-n", "--verbose")
    messages = re.findall(r"^Job \d+: (.*)$", done.stdout, re.MULTILINE)
    assert len(messages) == 15
    line = "train relu on digits, seeds 0 to 9, recipe short, network plain_2"
    assert messages.count(line) == 1


def test_a_failure_names_the_job_and_its_log_and_no_code(house):
    table = "dataset,activation,seed,test_accuracy,status\nd,gelu,0,50,ok\n"
    (house / "runs.csv").write_text(table)
    (house / "study.yaml").write_text(yaml.safe_dump({"name": "bad", "runs": "runs.csv",
                                                      "control": "gelu"}))  # fmt: skip
    done = house.snakemake("results/bad/runs.csv")
    assert done.returncode == 1
    assert "[0 of 1 done] collect the runs into tables\n" in done.stderr
    assert "log: results/bad/logs/collect.log" in done.stderr
    assert "Logfile results/bad/logs/collect.log:" in done.stderr
    assert "tables/external.py" not in done.stderr
    assert "CalledProcessError" not in done.stderr and "None" not in done.stderr
    (log,) = (house / ".snakemake/log").glob("*.log")
    assert "tables/external.py" in log.read_text()


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_each_file_of_rules_opens_with_what_goes_in_and_comes_out(file):
    head = re.match(r"(#.*\n)+", file.read_text(encoding="utf-8"))[0]
    assert head.splitlines()[0].endswith(("…", ".", ":"))
    assert re.findall(r"^# (inputs|outputs|steps) {2,}\S", head, re.MULTILINE) == [
        "inputs", "outputs", "steps"
    ]  # fmt: skip


@pytest.mark.parametrize("file", [*RULES, ROOT / "Snakefile"], ids=lambda file: file.stem)
def test_each_rule_says_what_it_makes_and_what_it_does(file):
    rules = re.split(r"^ *rule ?(\w*):\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(rules) > 1
    for body in rules[2::2]:
        assert re.match(r' +"""[A-Z][^"]*\."""\n', body), file
        assert re.search(r'^ +message:\n +f?"', body, re.MULTILINE), file
