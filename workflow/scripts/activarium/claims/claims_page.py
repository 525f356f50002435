"""The page of settled claims, in Markdown: a table of verdicts, and what each rests on.

python -m activarium.claims.claims_page claims reference config/schema.yaml docs/claims.md

writes the table of verdicts between two marks of a page that is there.
"""

from __future__ import annotations

import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import activations
from ..report.formatting import count
from ..runtime.files import write_text
from .published_studies import read_studies
from .register import read_claims
from .settle import VERDICTS, settle_claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BEGIN, END = "<!-- verdicts of claims/ -->", "<!-- end of verdicts -->"
WHERE = {"as reported": "as reported", "other": "other settings", None: "–"}
HEAD = "| claim | paper | verdict | settings | why |\n|---|---|---|---|---|\n"
ROWS = (
    "| study, recipe, network | beside | pairs | difference | p | shows | reported | differs in |\n"
    "|---|---|---:|---:|---:|---|---:|---|\n"
)


def claims_page(settled: Sequence[Mapping[str, Any]], evidence: Iterable[Mapping]) -> str:
    """The page of what `settle_claims` gave: all verdicts, then the contrasts behind each."""
    parts = ["# Claims of the literature", verdict_table(settled)]
    sentences = {claim["claim"]: claim for claim in settled}
    for name, rows in groupby(evidence, itemgetter("claim")):
        claim = sentences[name]
        found = sorted(rows, key=lambda row: not row["decides"])  # those that decide first
        about = f"{claim['sentence']} {claim['identifier']}, {claim['place']}."
        lines = "".join(map(_evidence_line, found))
        parts.append(f"## {name}\n\n{about}{_accuracies(found)}\n\n{ROWS}{lines}")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _accuracies(rows: Sequence[Mapping[str, Any]]) -> str:
    """What accuracy is reported of the activation, and what ours are, where one is reported."""
    reported, ours = rows[0]["reported_accuracy"], [100 * row["accuracy"] for row in rows]
    if reported is None:
        return ""
    return (
        f" Its accuracy is {100 * reported:.2f} % there, {min(ours):.2f} to {max(ours):.2f} % here."
    )


def verdict_table(settled: Sequence[Mapping[str, Any]]) -> str:
    """How many verdicts there are of each kind, and a table of them, those tested first."""
    verdicts = [claim["verdict"] for claim in settled]
    found = ", ".join(f"{verdicts.count(word)} {word}" for word in VERDICTS)
    order = sorted(settled, key=lambda c: (VERDICTS.index(c["verdict"]), c["claim"]))
    lines = "".join(map(_verdict_line, order))
    return f"Of {count(len(settled), 'claim')}: {found}.\n\n{HEAD}{lines}"


def _verdict_line(claim: Mapping[str, Any]) -> str:
    alone = "" if _agree(claim) else f"; by itself {claim['verdict_alone']}"
    paper = f"[{claim['identifier']}]({claim['url']})"
    cells = [claim["sentence"], paper, claim["verdict"] + alone, WHERE[claim["setting"]]]
    return _line([*cells, claim["reason"]])


def _agree(claim: Mapping[str, Any]) -> bool:
    return claim["verdict"] == claim["verdict_alone"]


def _evidence_line(row: Mapping[str, Any]) -> str:
    """One contrast; in points of test accuracy."""
    low, high = _points(row["low"]), _points(row["high"])
    reported = _points(row["reported_difference"])
    size = "" if row["size"] in (None, "within") else f", {row['size']} our range"
    decides = row["decides"]
    p = row["p_register"] if decides else row["p_claim"]
    shown = row["shown_register"] if decides else row["shown_claim"]
    also = f", {row['also_in']}" if row["also_in"] else ""
    beside = activations.label(row["control"])
    cells = [
        f"{row['study']}{also}, {row['recipe']}, {row['network']}", beside, str(row["n_pairs"]),
        f"{_points(row['mean_diff'])} ({low} to {high})", f"{p:.3g}",
        shown if decides else f"{shown}, beside the verdict", reported + size,
        row["differs"] or "nothing that is reported",
    ]  # fmt: skip
    return _line(cells)


def _points(fraction: float | None) -> str:
    """A difference in percentage points, with its sign; a dash for none."""
    if fraction is None or fraction != fraction:
        return "–"
    return f"{100 * fraction:+.2f}".replace("-", "−")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def with_verdicts(text: str, table: str) -> str:
    """`text` with the `table` of verdicts between the two marks, in place of what stood there."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table}\n{END}{rest.partition(END)[2]}"


def main(claims: str, reference: str, schema: str, page: str) -> None:
    """Write the verdicts on `claims` by the studies in `reference` into the file `page`."""
    folders = [file.parent for file in Path(reference).glob("*/study.yaml")]
    settled, _ = settle_claims(read_claims(claims), read_studies(folders, schema))
    text = Path(page).read_text(encoding="utf-8")
    write_text(page, with_verdicts(text, verdict_table(settled)))


if __name__ == "__main__":
    main(*sys.argv[1:])
