"""What is known of one activation as one plain value: its card.json, and what its page shows."""

import inspect
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .. import activations
from ..activations import ActivationSpec
from ..certify.activation_list import source as first_source
from ..claims.settle import VERDICTS
from ..report.proven_properties import format_enclosure
from ..report.study_tables import formula_of, label
from ..report.verdicts import interval_conflict
from .code_snippets import code_snippets, torch_module_call
from .evidence import Evidence, Setting
from .proven_sentences import proven_sentences

SCHEMA = "activarium-card 1"
COLUMNS = (  # of a row of the decision table, which every table of the atlas keeps
    "n_ok", "n_failed", "mean", "sd", "low", "high", "rank_low", "rank_high", "diff_n_pairs",
    "diff_mean_diff", "diff_low", "diff_high", "diff_low_simultaneous", "diff_high_simultaneous",
    "diff_p_max_t", "diff_verdict", "saved",
)  # fmt: skip
FIELDS = {  # of a card.json
    "schema, suite": "the version of the form, and of the suite",
    "name, label": "the address of the card, and what people read",
    "formula, about, source, sources": "its formula in a line, what it is, and the papers",
    "learned": "{parameter: where it starts}",
    "code, torch_module": "{library: a function that computes it}, and torch’s own module",
    "proven": "what is proven, in sentences",
    "profile": "what is proven, each number as [low, high] in decimals; null where nothing is",
    "equal, near": "functions that are the same by proof, and distances that are proven",
    "settings": "one entry a setting, with the columns of the table",
    "numerics": "what torch computes in float32, bfloat16 and float16, against proven values",
    "claims": "claims of the literature about it, and what settles them",
}
CLAIM = ("claim", "activation", "sentence", "identifier", "url", "verdict", "setting", "reason")
ARXIV = re.compile(r"arXiv (\d{4}\.\d{4,5})")


def activation_card(evidence: Evidence, address: str, status: Mapping[str, str]) -> dict[str, Any]:
    """The card of the activation at `address`; `status` maps a study to what SUBMIT.md calls it.

    Accuracies and differences are fractions, missing is None. Properties are enclosures as the
    profile has them.
    """
    spec = evidence.specs[address]
    found = profile_of(evidence, address)
    return {
        "schema": SCHEMA,
        "suite": evidence.suite.version,
        "name": address,
        "label": card_label(spec),
        **_definition(spec, address),
        "proven": proven_sentences(found, card_label(spec)) if found else [],
        "profile": found,
        "equal": _equal(evidence, address),
        "near": _near(evidence, address),
        "settings": [setting_entry(s, address, status) for s in evidence.ran(address)],
        "numerics": evidence.numerics.get(address),
        "claims": claims_about(evidence, address),
    }


def claims_about(evidence: Evidence, address: str) -> list[dict[str, Any]]:
    """The claims of the literature that name an activation, {claim, sentence, verdict, …} each.

    Those that a proof settles come first; theirs are of GELU alone. Those that name it as what
    another is compared with come last.
    """
    proven = proven_claims(evidence) if address == "gelu" else []
    own = [claim for claim in evidence.claims if address == claim["activation"]]
    others = [c for c in evidence.claims if address in listed_names(c["controls"])]
    tested = [{key: claim[key] for key in CLAIM} for claim in own + others]
    return [*proven, *tested]


def proven_claims(evidence: Evidence) -> list[dict[str, Any]]:
    """The claims that a proof settles, in the form of the others; `claim` is None."""
    return [
        dict.fromkeys(CLAIM) | {"sentence": c["claim"], "verdict": c["answer"], "reason": c["why"]}
        for c in evidence.proven.get("reported", ())
    ]


def claims_sentences(claims: Sequence[Mapping[str, Any]], address: str | None = None) -> str:
    """How many claims came out how: those that runs settle, and those that a proof does.

    Of a card's `address` the claims that only compare another with it are counted apart.
    """
    others = [c for c in claims if address and c["activation"] not in (address, None)]
    own = [c for c in claims if c not in others]
    proofs = sum(claim["claim"] is None for claim in own)
    said = {
        "Held against published runs": _count_verdicts(own),
        "Settled by proof": str(proofs or ""),
        "Claims that compare another with it": _count_verdicts(others),
    }
    return " ".join(f"{words}: {counts}." for words, counts in said.items() if counts)


def _count_verdicts(claims):
    """ "3 supported, 2 undecided"."""
    verdicts = [claim["verdict"] for claim in claims]
    return ", ".join(f"{n} {word}" for word in VERDICTS if (n := verdicts.count(word)))


def listed_names(text: str) -> list[str]:
    """The names in "elu, relu": how a claim names the activations that it sets its own beside."""
    return [name for name in re.split(r"[, ]+", text) if name]


def card_label(spec: ActivationSpec) -> str:
    """What people read: of an expression of a study its name."""
    return label(spec.name)


def profile_of(evidence: Evidence, address: str) -> dict | None:
    """What is proven of the activation at `address`, or None."""
    return evidence.profiles.get(address)


def _definition(spec, address):
    """Its formula, source, code, and what it learns."""
    defined = activations.has_definition(spec)
    file = None if spec.expr else activations.load(spec)
    text = inspect.getdoc(file) if file else ""
    definition = activations.definition(spec) if defined else None
    return {
        "formula": formula_of(spec.name, spec.declared),
        "about": " ".join((text or "").split("\n\n")[0].split()) or "Stated in a study.",
        "source": first_source(text or ""),
        "sources": ARXIV.findall(text or ""),
        "learned": activations.learned_starts(spec),
        "code": code_snippets(address, definition) if definition else {},
        "torch_module": torch_module_call(file) if file else None,
    }


def setting_entry(setting: Setting, address: str, status: Mapping[str, str]) -> dict[str, Any]:
    """What one setting says of an activation: where, how many, what, and how sure."""
    row = setting.cells[address]
    recipe, network, dataset = setting.names
    return {
        "study": setting.study,
        "recipe": recipe,
        "network": network,
        "dataset": dataset,
        "control": setting.control,
        "confidence": setting.confidence,
        "status": status[setting.study],
        **{column: row.get(column) for column in COLUMNS},
        "same_runs": bool(row.get("same_runs")),
        "interval_disagrees": interval_disagrees(row),
        "time_ratio": row["times"][0] if row["times"] else None,
        "mixed_pairs": row["mixed"][0] if row["mixed"] else 0,
        "tuned": row["tuned"],
        "learned": row["learned"],
        "measured": row["measured"],
    }


def interval_disagrees(row: Mapping[str, Any]) -> bool:
    """Whether the simultaneous interval holds 0 where a difference is shown, or the reverse."""
    if row.get("diff_verdict") is None or row.get("same_runs"):
        return False
    ends = {end: row[f"diff_{end}_simultaneous"] for end in ("low", "high")}
    return interval_conflict(ends | {"verdict": row["diff_verdict"]}, math.inf) is not None


def _equal(evidence, address):
    """The names of the same function, by proof."""
    groups = [group for group in evidence.proven.get("equal", ()) if address in group]
    return sorted({name for group in groups for name in group} - {address})


def _near(evidence, address):
    """[{name, distance, at}]: what approximates it or is approximated by it, how far apart."""
    return [
        {
            "name": found["by"] if found["of"] == address else found["of"],
            "distance": found["value"],
            "at": found.get("at"),
            "text": format_enclosure(found["value"]),
        }
        for found in evidence.proven.get("close", ())
        if address in (found["of"], found["by"]) and found.get("value")
    ]
