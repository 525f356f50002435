"""config/schema.yaml says what each key is, and config/README.md prints exactly that."""

import re

import pytest
import yaml
from conftest import BIN, ROOT

from activarium.study import key_tables

SCHEMA = ROOT / "config/schema.yaml"
PAGE = ROOT / "config/README.md"


def entries(node, where=""):
    """(place, entry) of each key that a study may have, and of each definition."""
    if isinstance(node, dict):
        for word in ("$defs", "properties"):
            for key, entry in node.get(word, {}).items():
                yield f"{where}{key}", entry
        for key, below in node.items():
            yield from entries(below, f"{where}{key}: ")


ENTRIES = dict(entries(yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("place", ENTRIES)
def test_every_entry_is_described_in_short_sentences(place):
    said = ENTRIES[place]["description"]
    assert said[0].isupper() or said[0] == "`"
    assert said.endswith(".")
    for sentence in re.split(r"(?<=[.:;]) ", said):
        assert len(sentence.split()) <= 25, sentence


def test_the_readme_prints_the_schema():
    text = PAGE.read_text(encoding="utf-8")
    assert key_tables.with_tables(text, key_tables.key_tables(SCHEMA)) == text, "say: make docs"


def test_make_docs_prints_what_the_schema_says_now(house):
    schema = house / "config/schema.yaml"
    schema.write_text(schema.read_text().replace("default: 10\n", "default: 20\n"))
    page = house / "config/README.md"
    page.write_text(page.read_text().replace("`pack`", "`lost`"))
    for name in ("claims", "reference"):
        (house / name).symlink_to(ROOT / name)
    (house / "docs").mkdir()
    (house / "docs/claims.md").write_text((ROOT / "docs/claims.md").read_text())
    (house / "ready").mkdir()
    (house / "ready/ready").touch()
    done = house.run("make", "docs", "VENV=ready", f"BIN={BIN}")
    assert done.returncode == 0, done.stderr
    assert "| `pack` | whole number from 1 to 100000 | `20` | Runs in one job" in page.read_text()
    assert page.read_text().startswith("# Studies") and "## Time and disk" in page.read_text()


def test_a_key_of_two_types_shows_both():
    tables = key_tables.key_tables(SCHEMA)
    assert "| `size` | whole number or list | – | Pixels of a side, or [height, width]." in tables


def test_a_key_without_a_default_is_required_or_may_be_left_out():
    tables = key_tables.key_tables(SCHEMA)
    found = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", tables, re.MULTILINE)
    rows = dict(reversed(found))  # of a name that two tables have, the study's own
    assert rows["seeds"] == "required"
    assert rows["shards"] == "–"
    assert rows["epochs"] == "required" and rows["train_size"] == "`all`"
