"""Snakemake's own report carries our figures with captions, categories and labels, offline."""

import html
import json
import re
import zipfile

import pytest
import yaml
from synthetic import study

from activarium import figures

NOWHERE = {f"{scheme}_PROXY": "http://127.0.0.1:9" for scheme in ("HTTP", "HTTPS", "ALL")}


@pytest.mark.slow
def test_snakemakes_report_shows_every_figure_with_its_words(house):
    study(seeds=6).runs.to_csv(house / "table.csv", index=False)
    config = {"name": "outside", "runs": "table.csv", "control": "gelu"}
    (house / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = house.snakemake()
    assert done.returncode == 0, done.stderr
    done = house.snakemake("--report", "report.zip", **NOWHERE)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(house / "report.zip") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    page = content["report/report.html"].decode()
    assert not re.search(r'<(script|img)[^>]* src="http|<link[^>]* href="http', page)
    results = variable(page, "results")
    folder = "results/outside"
    assert set(results) == {f"{folder}/report.html"} | {
        f"{folder}/figures/{name}.svg" for name in figures.names()
    }
    for name in figures.names():
        shown = results[f"{folder}/figures/{name}.svg"]
        assert shown["labels"] == {"figure": figures.load(name).title}
        caption = html.unescape(re.sub(r"<[^>]*>", "", shown["caption"]))
        assert letters(caption) == letters(figures.caption(name))
        assert (
            content[f"report/{shown['data_uri']}"]
            == (house / f"{folder}/figures/{name}.svg").read_bytes()
        )
    assert list(variable(page, "categories")) == ["outside"]


def variable(page, name):
    """The value of a variable that Snakemake's page declares as JSON."""
    return json.JSONDecoder().raw_decode(page, page.index(f"var {name} = {{") + len(name) + 7)[0]


def letters(text):
    """Only letters and digits: docutils makes typographic quotes and spaces of its own."""
    return re.sub(r"\W", "", text)
