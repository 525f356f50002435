"""The whole site as {path: bytes}: the same evidence gives the same bytes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from .. import activations
from ..claims.settle import VERDICTS
from ..report import citation, formatting, verdicts
from ..report.page import join_files, policy_hash, template_environment
from ..report.profile_page import gaussian_lines, shape_lines
from ..report.proven_properties import format_enclosure
from ..report.torch_numerics import numerics_rows
from . import activation_cards, published_table, settings_matrix
from .badge import badge_svg
from .bibtex import bibtex
from .evidence import Evidence, StudyFindings, shared_runs
from .function_plot import curves_svg
from .head_to_head import LEVEL, comparison_data
from .mathml import formula_mathml
from .numerics_sentences import numerics_sentences
from .report_copy import copy_report, setting_id
from .strips import strip_limit, strip_svg

HERE = Path(__file__).parent
PAGES = ("index", "compare", "claims", "studies", "data")


def build_site(evidence: Evidence) -> dict[str, bytes]:
    """Every file of the atlas by its path: pages, cards, badges, data and the studies' reports."""
    site = _Site(evidence)
    files: dict[str, str | bytes] = {f"{page}.html": getattr(site, page)() for page in PAGES}
    for address in evidence.specs:
        files |= site.card(address)
    for study in evidence.studies:
        files |= site.report(study)
    files |= site.downloads()
    return {
        path: content if isinstance(content, bytes) else content.encode()
        for path, content in sorted(files.items())
    }


class _Site:
    """Renders the pages; what several of them show is found once."""

    def __init__(self, evidence: Evidence):
        self.evidence = evidence
        self.status = {study.name: study.status for study in evidence.studies}
        self.published = published_table.published_rows(evidence, self.status)
        self.digest = published_table.digest(self.published)
        self.shared = shared_runs(evidence.settings)
        self.columns = settings_matrix.columns(evidence)
        self.rows = settings_matrix.rows(evidence, self.columns)
        self.templates = template_environment(HERE / "templates")
        self.templates.filters |= {"amount": "{:g}".format}
        self.style = join_files("base.css") + _read("atlas.css")

    def render(self, name: str, up: str = "", script: str = "", **content: Any) -> str:
        """One page; `up` is the way from it to the index."""
        return self.templates.get_template(f"{name}.html").render(
            up=up, page=name, text=formatting, verdicts=verdicts, citation=citation,
            style=Markup(self.style), style_hash=policy_hash(self.style), script=Markup(script),
            script_hash=policy_hash(script) if script else None, suite=self.evidence.suite,
            digest=self.digest, report_address=settings_matrix.report_address,
            setting_id=setting_id, **content,
        )  # fmt: skip

    def index(self) -> str:
        """The question, the answer, and the settings_matrix."""
        found = settings_matrix.answer(self.evidence, self.columns)
        return self.render(
            "index", script=join_files("sort.js") + _read("index.js"), columns=self.columns,
            rows=self.rows, found=found, shared=self.shared,
            scope=settings_matrix.scope_sentence(self.columns),
            counts=settings_matrix.counts_sentence(found), status=self.status,
            disagrees=activation_cards.interval_disagrees,
        )  # fmt: skip

    def compare(self) -> str:
        """Two activations side by side, from the data that stand in the page."""
        data = comparison_data(self.evidence)
        return self.render(
            "compare", script=_read("compare.js"), data=_embedded(data), level=LEVEL,
            trained=data["activations"],
        )  # fmt: skip

    def claims(self) -> str:
        """What papers say, settled by proofs and by published runs."""
        labels = {row["address"]: row["label"] for row in self.rows}
        subjects = sorted({claim["activation"] for claim in self.evidence.claims} & set(labels))
        return self.render(
            "claims", claims=self.evidence.claims, labels=labels, subjects=subjects,
            listed=activation_cards.listed_names,
            claims_words=activation_cards.claims_sentences(
                [*self.evidence.claims, *activation_cards.proven_claims(self.evidence)]
            ),
            reported=self.evidence.proven.get("reported", []), enclosure=format_enclosure,
            groups=_by_verdict(self.evidence.claims),
        )  # fmt: skip

    def studies(self) -> str:
        """Every report."""
        return self.render("studies", studies=self.evidence.studies, shared=self.shared)

    def data(self) -> str:
        """What can be taken along."""
        columns = {name: text for name, (_, text) in published_table.COLUMNS.items()}
        return self.render(
            "data", bibtex=bibtex(self.evidence.suite.version, self.digest), columns=columns,
            n_rows=len(self.published), fields=activation_cards.FIELDS,
        )  # fmt: skip

    def report(self, study: StudyFindings) -> dict[str, str]:
        """A study's report and the files that it links to."""
        titles = [(setting.names, setting.title) for setting in study.settings]
        page, files = copy_report(study.report, study.name, titles)
        return {f"studies/{study.name}/report.html": page} | files

    def downloads(self) -> dict[str, str | bytes]:
        """One table of everything, twice."""
        rows, suite = self.published, self.evidence.suite.version
        return {
            "data/atlas.parquet": published_table.as_parquet(rows, suite),
            "data/atlas.json": published_table.as_json(rows, suite),
        }

    def card(self, address: str) -> dict[str, str]:
        """The files of one activation's card."""
        card = activation_cards.activation_card(self.evidence, address, self.status)
        badge = badge_svg(card["label"], settings_matrix.verdict_phrase(self.columns, address))
        folder = f"activation/{address}"
        return {
            f"{folder}/index.html": self._card_page(address, card, badge),
            f"{folder}/card.json": _compact_json(card) + "\n",
            f"{folder}/badge.svg": badge,
        }

    def _card_page(self, address, card, badge):
        spec, profile = self.evidence.specs[address], card["profile"]
        defined = activations.has_definition(spec)
        definition = activations.definition(spec) if defined else None
        settings = self.evidence.ran(address)
        others = [other for other in self.rows if other["ran"] and other["address"] != address]
        return self.render(
            "card", up="../../", card=card, settings=settings, others=others,
            profile_lines=_profile_lines(profile),
            formula=Markup(formula_mathml(definition)) if definition else None,
            curves=Markup(curves_svg(definition, profile, card["label"]))
            if definition and profile and profile["definition"] else None,
            numerics=numerics_rows({address: card["numerics"]}) if card["numerics"] else [],
            refused=(card["numerics"] or {}).get("refused"),
            claims_words=activation_cards.claims_sentences(card["claims"], address),
            numerics_words=numerics_sentences(card["numerics"] or {}),
            limit=strip_limit(card["settings"]), strip=lambda e, k: Markup(strip_svg(e, k)),
            badge=Markup(badge),
            bibtex=bibtex(card["suite"], self.digest, card["label"], address),
            NOT_CERTIFIED=activations.NOT_CERTIFIED,
            labels={row["address"]: row["label"] for row in self.rows}, shared=self.shared,
        )  # fmt: skip


def _by_verdict(claims):
    """[(verdict, its claims)] of those that there are, what was not tested last."""
    found = ((word, [c for c in claims if c["verdict"] == word]) for word in VERDICTS)
    return [(word, group) for word, group in found if group]


def _profile_lines(profile):
    """[(property, text)] of a profile; [] where nothing is proven."""
    if not profile or not profile["definition"]:
        return []
    return [*shape_lines(profile), *gaussian_lines(profile)]


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _embedded(value: Mapping) -> Markup:
    """JSON for a script element: no `<` in it, so that no name can end the element."""
    return Markup(_compact_json(value).replace("<", "\\u003c"))


def _compact_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
