"""What the repository keeps of a study can be made again from its runs and says how it was."""

import json
import re
import subprocess

import pandas as pd
import prose
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import ROOT

from activarium import activations, study, tables
from activarium.compare import published_results
from activarium.compare.analysis import analyse
from activarium.report import formatting, outdated, reference_results
from activarium.report.study_tables import label
from activarium.runtime.errors import UserError
from activarium.tables import external
from activarium.train import run_cost

KEPT = sorted(file.parent for file in (ROOT / "reference").glob("*/runs.parquet"))
kept = pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)


def frozen(folder):
    """The study of a reference, read as Snakemake reads it."""
    return study.read(
        yaml.safe_load((folder / "study.yaml").read_text()), ROOT / "config/schema.yaml"
    )


def guessing(folder):
    """The accuracy of guessing by data set that a reference was analysed with."""
    return json.loads((folder / "analysis.json").read_text())["plan"]["chance"]


def test_the_folders_are_those_that_the_page_lists():
    listed = re.findall(r"^\| \[([\w-]+)\]", (ROOT / "reference/README.md").read_text(), re.M)
    assert sorted(listed) == [folder.name for folder in KEPT]


@kept
def test_the_whole_analysis_follows_from_the_runs_that_are_kept(folder):
    """All but the correlations with what is proven, which the runs alone do not tell."""
    said = frozen(folder)
    runs, epochs, costs = external.read([str(folder / "runs.parquet")], said.control)
    frames = (table.to_pandas() for table in (runs, epochs, costs))
    tuned = folder / "tuning.parquet"
    found = analyse(
        *frames, said.control, said.confidence, said.margin, guessing(folder),
        tuning=tables.read(tuned) if tuned.exists() else None,
    )  # fmt: skip
    for name, schema in (("summaries", tables.SUMMARIES), ("contrasts", tables.CONTRASTS)):
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        assert tables.table(found[name], schema).replace_schema_metadata().equals(stored)
    stored = with_ten_digits((folder / "analysis.json").read_text())
    assert set(stored) == {*found, "sha256"}
    for name in found.keys() - {"theory"}:
        assert with_ten_digits(json.dumps(found[name])) == stored[name], name


def with_ten_digits(text):
    """What JSON says, its numbers as others print them whose last bits may be different."""
    return json.loads(text, parse_float=lambda number: f"{float(number):.10g}")


@kept
def test_every_table_is_the_one_that_was_written(folder):
    for file in folder.glob("*.parquet"):
        tables.read(file)
    keys = [pq.read_table(folder / f"{n}.parquet", columns=tables.KEY) for n in ("runs", "costs")]
    assert keys[0].equals(keys[1]), "every run has its cost"


@kept
def test_a_reference_says_how_it_was_made(folder):
    said = yaml.safe_load((folder / "study.yaml").read_text())
    runs, costs = (tables.read(folder / f"{name}.parquet") for name in ("runs", "costs"))
    files = [folder / f"{name}.parquet" for name in ("tuning_costs", "measure_costs")]
    more = [tables.read(file) if file.exists() else None for file in files]
    page = reference_results.reference_page(said, runs, costs, f"reference/{folder.name}", *more)
    assert (folder / "README.md").read_text() == page


@kept
def test_no_published_report_says_that_it_is_older_than_its_study(folder):
    assert 'id="outdated"' not in (folder / "report.html").read_text()


@kept
def test_a_reference_was_trained_from_a_commit_of_this_history(folder):
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True)

    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("the history is not here")
    for commit in set(pq.read_table(folder / "costs.parquet")["commit"].to_pylist()):
        assert git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0


def test_all_references_together_are_small():
    files = [file for file in (ROOT / "reference").rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 25e6


@pytest.mark.slow
@kept
def test_snakemake_makes_the_same_tables_and_a_report_from_the_runs_that_are_kept(house, folder):
    said = frozen(folder)
    again = {
        "name": "again",
        "runs": str(folder / "runs.parquet"),
        "control": said.control,
        "analysis": {"confidence": said.confidence, "margin": said.margin},
        "chance": guessing(folder),
    }
    (house / "study.yaml").write_text(yaml.safe_dump(again))
    done = house.snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    for name in ("summaries.parquet", "contrasts.parquet", "summaries.csv", "contrasts.csv"):
        assert (house / f"results/again/{name}").read_bytes() == (folder / name).read_bytes()
    made, stored = (
        re.search(r'<p class="headline">(.+?)</p>', page.read_text())[1]
        for page in (house / "results/again/report.html", folder / "report.html")
    )
    assert made == stored


# How a study comes here


def published(trained, folder, commit="0" * 40, missing=0):
    """Publish the tiny study as if it had been trained at `commit`; where it stands."""
    made, home = trained / "results/tiny", folder / "reference/tiny"
    costs = pq.read_table(made / "costs.parquet").to_pylist()[missing:]
    table = tables.table([row | {"commit": commit} for row in costs], tables.COSTS)
    tables.write_run(table, folder / "costs.parquet")
    files = [made / "runs.parquet", made / "analysis.json", folder / "costs.parquet"]
    said = yaml.safe_load((trained / "study.yaml").read_text())
    reference_results.publish(list(map(str, files)), said, str(home))
    return home


def test_a_study_is_kept_whole(trained, tmp_path):
    made = published(trained, tmp_path)
    assert yaml.safe_load((made / "study.yaml").read_text())["name"] == "tiny"
    rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", (made / "README.md").read_text(), re.M))
    n = pq.read_table(made / "runs.parquet").num_rows
    assert (rows["runs"], rows["commit"]) == (f"{n}, of which 0 diverged", "0" * 40)
    for file in ("analysis.json", "runs.parquet"):
        assert (made / file).read_bytes() == (trained / "results/tiny" / file).read_bytes()


@pytest.mark.parametrize(
    ("changed", "shown"),
    [({"commit": "0" * 40 + "+"}, r"0\+"), ({"commit": None}, "unknown"), ({"missing": 1}, "unk")],
)
def test_runs_of_no_commit_are_not_kept(trained, tmp_path, changed, shown):
    with pytest.raises(UserError, match=f"reference: the code of tiny is no commit .*{shown}"):
        published(trained, tmp_path, **changed)
    assert not (tmp_path / "reference").exists()


def test_a_report_that_is_up_to_date_loses_the_mark_of_a_stopped_execution(trained):
    """One with other keys was to replace it. The reference is refused, but later than that."""
    page = trained / "results/tiny/report.html"
    before = page.read_bytes()
    outdated.mark(page)
    assert page.read_bytes() != before
    assert "no commit" in trained.snakemake("reference").stderr
    assert page.read_bytes() == before


def test_a_refused_reference_leaves_the_one_that_is_there(trained):
    """In a test the code stands in no repository, so that its commit is not known."""
    before = trained / "reference/tiny"
    before.mkdir(parents=True)
    (before / "README.md").write_text("the one before")
    (before / "study.yaml").write_bytes((trained / "study.yaml").read_bytes())
    done = trained.snakemake("reference", study="reference/tiny/study.yaml")
    assert done.returncode == 1
    assert "reference: the code of tiny is no commit (unknown)" in done.stderr
    assert (before / "README.md").read_text() == "the one before"
    assert (before / "study.yaml").exists()


def test_nothing_is_kept_unless_its_rule_is_asked_for(trained):
    assert trained.plan() == {}
    assert not (trained / "reference").exists()


def test_a_new_file_of_the_workflow_is_no_commit(tmp_path, monkeypatch):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    def commit():
        run_cost._commit.cache_clear()
        return run_cost._commit()

    place = tmp_path / "workflow/scripts/activarium/train/run_cost.py"
    place.parent.mkdir(parents=True)
    monkeypatch.setattr(run_cost, "__file__", str(place))
    git("init", "-q")
    place.write_text("1")
    git("add", ".")
    git("commit", "-qm", "first")
    git("tag", "-a", "v1", "-m", "a name")
    assert re.fullmatch("[0-9a-f]{40}", commit())
    (tmp_path / "study.yaml").write_text("a study is frozen beside its tables")
    assert not commit().endswith("+")
    new = place.with_name("swoosh.py")
    new.write_text("2")
    assert commit().endswith("+")
    new.unlink()
    place.write_text("3")
    assert commit().endswith("+")
    run_cost._commit.cache_clear()


# What is said of them


PAGES = {page: (ROOT / page).read_text() for page in ("README.md", "docs/findings.md")}
FINDINGS = PAGES["docs/findings.md"]
LINK = r"\]\((?:\.\./)?reference/(?P<folder>[\w-]+)\)"
DIFFERENCE = r"(?P<said>[+−]\S+ pp \((?:95 % interval )?\S+ to \S+?\))"
SUMMARIES = {folder.name: pd.read_parquet(folder / "summaries.parquet") for folder in KEPT}
LABELS = {activations.load(name).label: name for name in activations.names()}


def in_words(row):
    """A contrast as the pages state it."""
    interval = formatting.interval(row["low"], row["high"], show=formatting.points)
    return f"{formatting.points(row['mean_diff'])} pp ({interval})"


def compared(folder):
    """Contrasts of a reference: of settings, of conditions that were measured, at own best recipes,
    of halves of the seeds.
    """
    files = [ROOT / f"reference/{folder}/{kind}contrasts.parquet" for kind in ("", "measure_")]
    rows = [row for file in files if file.exists() for row in pq.read_table(file).to_pylist()]
    found = json.loads((ROOT / "reference" / folder / "analysis.json").read_text())
    halves = found["aa_test"] if "aa_test" in found else found["a_a"]  # its name when first kept
    return rows + found["recipes"].get("own_best", {}).get("contrasts", []) + halves


def stated(page, pattern):
    """(reference linked last before it, what `pattern` finds, the sentence or table row)."""
    folder = None
    for unit in prose.units(page):
        for match in re.finditer(f"{LINK}|{pattern}", unit):
            folder = match["folder"] or folder
            if match["said"]:
                yield folder, match["said"], unit


def names_it(unit, name):
    """Whether a sentence or table row has the label of the activation `name` as a word."""
    return re.search(rf"(?<!\w){re.escape(label(name))}(?!\w)", unit)


@pytest.mark.parametrize(("page", "least"), [("README.md", 3), ("docs/findings.md", 90)])
def test_each_difference_in_the_text_is_a_row_of_the_table_that_it_names(page, least):
    """Of the reference linked last before it; its activation stands in the same sentence or row."""
    found = list(stated(PAGES[page], DIFFERENCE))
    for folder, said, unit in found:
        plain = said.replace("95 % interval ", "")
        meant = {row["activation"] for row in compared(folder) if in_words(row) == plain}
        assert any(names_it(unit, name) for name in meant), (folder, said)
    assert len(found) >= least


@pytest.mark.parametrize("page", PAGES)
def test_every_interval_in_brackets_is_one_that_is_held_against_its_table(page):
    """A difference written in another form would be passed over: there is none."""
    plain = " ".join(PAGES[page].split())
    brackets = re.findall(r"pp,? \(?[^()|]*? to [^()|]*?\)", plain)
    assert len(brackets) == len(re.findall(DIFFERENCE, plain))


def test_the_verdicts_beside_differences_are_those_of_the_tables():
    """Of rows such as | ReLU | −1.06 pp (−1.96 to −0.15) | not shown |."""
    found = 0
    for folder, said, unit in stated(FINDINGS, DIFFERENCE):
        verdict = re.search(
            rf"{re.escape(said)} \|(?: \S+ \|)? (better|worse|equivalent|not shown)", unit
        )
        if verdict:
            meant = {r["verdict"] for r in compared(folder) if in_words(r) == said}
            assert meant == {verdict[1]}, (folder, unit)
            found += 1
    assert found >= 45


def test_differences_in_bold_are_those_that_are_shown():
    """In the tables of several rates, whose cells have no room for a verdict."""
    found = 0
    for folder, said, unit in stated(FINDINGS, DIFFERENCE):
        if unit.startswith("|") and unit.count(" pp (") > 1:
            (verdict,) = {r["verdict"] for r in compared(folder) if in_words(r) == said}
            assert (f"**{said}**" in unit) == (verdict != "not shown"), (folder, said)
            found += 1
    assert found == 43


def test_each_p_in_the_findings_is_of_the_table_that_it_names():
    """max-T p 0.039 in a sentence, or in the column of that name."""
    found = list(stated(FINDINGS, r"(?:max-T p |\) \| )(?P<said>\d\.\d{3})"))
    for folder, said, unit in found:
        p = [row["p_max_t"] for row in compared(folder) if row["p_max_t"] is not None]
        assert said in map(formatting.probability, p), (folder, unit)
    assert len(found) >= 15


def test_what_one_more_pair_could_give_is_that_of_the_table():
    """(−1.62 to +3.90) without pp: the interval of one further pair of runs, beside the paper."""
    plain = FINDINGS.replace("it is −2.48 to +1.30", "it is (−2.48 to +1.30)")
    found = list(stated(plain, r"(?<!pp )\((?P<said>[+−]\d\S+ to [+−]\d\S+)\)"))
    for folder, said, unit in found:
        rows = json.loads((ROOT / f"reference/{folder}/analysis.json").read_text())["published"]
        ends = [r["difference"] for r in rows["rows"] if r["activation"] == "hardswish"]
        (end,) = ends
        assert formatting.interval(end["low"], end["high"], show=formatting.points) == said, (
            folder,
            unit,
        )
    assert len(found) == 3


# The tables of settings


def opening_rows(page=FINDINGS):
    """{reference: its rows (setting, score, could be best, verdict)} of the tables of settings."""
    row = rf"^\| \[([^]]+){LINK} \| ([^|]+) \| ([^|]+) \| ([\w ]+) \|$"
    found = {}
    for setting, folder, *cells in re.findall(row, page, re.M):
        found.setdefault(folder, []).append((setting, *cells))
    return found


def setting_in_words(folder, about):
    """(score of the control, which could be best, verdict) of one setting as the page states it."""
    table = SUMMARIES[folder]
    for column in ("recipe", "network", "dataset"):
        table = table[table[column] == about[column]]
    table = table.sort_values("mean", ascending=False, kind="stable").set_index("activation")
    best = [label(name) for name in table.index if name in about["could_be_best"]]
    said = (
        formatting.join_words(best, 8, "or")
        if len(best) < 9
        else f"any of {len(best)} of the {len(table)}"
    )
    verdict = about["control_is_best"]["verdict"].replace("contradicted", "false")
    if verdict == "false" and not stands_tuned_again(folder, about):
        verdict = "false at these rates"
    return "\u00a0±\u00a0".join(spread(table.loc["gelu"])), said, verdict


def stands_tuned_again(folder, about):
    """Whether some activation is also better after another tuning; True where nothing was tuned."""
    tuning = json.loads((ROOT / f"reference/{folder}/analysis.json").read_text()).get("tuning", {})
    place = [about[k] for k in ("recipe", "network", "dataset")]
    rows = [r for r in tuning.get("contrasts", ()) if list(r.values())[:3] == place]
    better = about["control_is_best"]["better"]
    return not rows or any(row["holds"] for row in rows if row["activation"] in better)


def numbers(text):
    return [float(n) for n in re.findall(r"\d+(?:\.\d+)?", text)]


def varied(about):
    """The rate or depth in the name of a setting's recipe or network; None where there is none."""
    found = re.search(r"adam_(0\.\d+)|mlp_(\d+)", f"{about['recipe']} {about['network']}")
    return found and float(found[1] or found[2])


def test_the_findings_list_every_setting_that_was_compared_with_gelu():
    opening = opening_rows()
    for folder in KEPT:
        analysed = json.loads((folder / "analysis.json").read_text())
        compared = [s for s in analysed["settings"] if s["control_is_best"]["verdict"]]
        if analysed["plan"]["control"] != "gelu" or not compared:
            assert folder.name not in opening
            continue
        compared.sort(key=lambda s: numbers(s["recipe"] + " " + s["network"]))
        rows = opening[folder.name]
        assert [cells for _, *cells in rows] == [
            list(setting_in_words(folder.name, about)) for about in compared
        ], folder.name
        for (setting, *_), about in zip(rows, compared, strict=True):
            assert len(rows) == 1 or not varied(about) or varied(about) in numbers(setting)


def test_the_first_sentences_count_the_verdicts_of_both_tables():
    smaller = prose.section(FINDINGS, "Smaller studies")
    said = re.search(
        r"is false in (\d+) of (\d+) settings, undecided in (\d+) and supported in none\. In "
        r"\[(\d+) smaller ones\]\(#smaller-studies\) it is false in (\d+), undecided in (\d+) and "
        r"supported in one\.",
        " ".join(FINDINGS.split()),
    )
    words = ("false", "undecided", "supported")
    counted = []
    for page in (FINDINGS.replace(smaller, ""), smaller):
        rows = [row for rows in opening_rows(page).values() for row in rows]
        verdicts = [row[-1] for row in rows if not row[0].startswith("the same runs")]
        counted.append([len(verdicts), *map(verdicts.count, words)])
    false, whole, undecided, *small = map(int, said.groups())
    assert counted == [[whole, false, undecided, 0], [*small, 1]]


def spread(row):
    """A summary as the pages state it: its mean and half of its interval."""
    return formatting.percent(row["mean"]), formatting.percent((row["high"] - row["low"]) / 2)


def test_the_ranking_is_that_of_cifar10():
    summaries = SUMMARIES["cifar10"].sort_values("mean", ascending=False, kind="stable")
    contrasts = pd.read_parquet(ROOT / "reference/cifar10/contrasts.parquet")
    contrasts = contrasts[contrasts["failures"] == "chance"].set_index("activation")
    rows = []
    for row in summaries.to_dict("records"):
        name = row["activation"]
        cells = [activations.load(name).label]
        cells += [
            formatting.percent(published_results.REPORTED["cifar10"].get(name)),
            " ± ".join(spread(row)),
        ]
        beside = contrasts.loc[name] if name in contrasts.index else None
        cells += [formatting.DASH] * 2 if beside is None else [in_words(beside), beside["verdict"]]
        rows.append(f"| {' | '.join(cells)} |")
    lines = prose.section(FINDINGS, "cifar10").splitlines()
    assert [line for line in lines if re.search(r"\d ± \d.* \|$", line)] == rows


def test_each_correlation_in_the_findings_is_one_of_the_table_that_it_names():
    """ρ = +0.71, +0.34 to +0.89, Holm p = 0.007, of the reference linked last before it."""
    found = list(stated(FINDINGS, r"(?P<said>ρ = \S+, \S+ to \S+, Holm p = \d\.\d+)"))
    for folder, said, _ in found:
        rows = json.loads((ROOT / f"reference/{folder}/analysis.json").read_text())["theory"]
        assert said in map(correlation_in_words, rows)
    assert len(found) == 2


def correlation_in_words(row):
    """A property's correlation with the scores as the page states it."""
    ends = formatting.interval(row["low"], row["high"], show=formatting.correlation)
    rho, p = formatting.correlation(row["rho"]), formatting.probability(row["p_holm"])
    return f"ρ = {rho}, {ends}, Holm p = {p}"


def test_the_depths_are_those_of_the_table():
    table = SUMMARIES["depth"].set_index(["activation", "network"])["mean"]
    row = r"^\| (\w+) \| (\d+\.\d\d) \| (\d+\.\d\d) \| (\d+\.\d\d) \|$"
    depths = re.findall(row, FINDINGS, re.M)
    assert len(depths) == 11
    for name, *cells in depths:
        found = [table[LABELS[name], f"mlp_{n}"] for n in (4, 16, 32)]
        assert list(map(formatting.percent, found)) == cells


def serving_row(name, measured):
    """What an activation costs where it serves, as the findings state it."""

    def one(measure, quantity, part=None):
        rows = measured[(measured["measure"] == measure) & (measured["quantity"] == quantity)]
        (row,) = [r for r in rows.to_dict("records") if (r["part"] or None) == part]
        return row

    zeros = one("sparsity", "zeros")
    times = [
        one("latency", "network", f"batch {batch}, {mode}, CPU")
        for mode in ("eager", "compiled") for batch in (1, 128)
    ]  # fmt: skip
    change = one("int8", "change", "int8")
    cells = [
        label(name),
        formatting.percent(zeros["value"]),
        *(formatting.ratio(row["value"]) for row in times),
        f"{formatting.points(change['value'])} ± {formatting.percent(change['spread'])}",
        one("int8", "lookup_table")["text"].removeprefix("yes: "),
        one("onnx", "operators")["text"].removesuffix(" (opset 20)"),
    ]
    return f"| {' | '.join(cells)} |"


def test_what_serving_costs_is_that_of_the_tables():
    measured = pd.read_parquet(ROOT / "reference/mnist5k-serving/measures.parquet")
    measured = measured.astype(object).where(measured.notna(), None)
    expected = [
        serving_row(name, rows) for name, rows in measured.groupby("activation", sort=False)
    ]
    lines = prose.section(FINDINGS, "mnist5k-serving").splitlines()
    assert [line for line in lines if line in expected] and set(expected) <= set(lines)


def test_the_error_of_the_test_images_is_that_of_the_tables():
    """Of the settings of the first table: the standard errors of a difference, in points."""
    opening = opening_rows(FINDINGS.replace(prose.section(FINDINGS, "Smaller studies"), ""))
    found = {"se_test_diff": [], "se_seeds_diff": []}
    for folder in opening:
        for row in json.loads((ROOT / f"reference/{folder}/analysis.json").read_text())[
            "standard_errors"
        ]:
            for name, errors in found.items():
                errors += [] if row[name] is None else [row[name]]
    test, seeds = (
        f"{formatting.percent(min(errors))} to {formatting.percent(max(errors))} pp"
        for errors in found.values()
    )
    said = " ".join(FINDINGS.split())
    assert f"standard error of {test}, where seeds have {seeds}." in said
