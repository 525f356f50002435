"""A study's report as the atlas keeps it: a place for each setting, files beside it, less to load.

What is read and seen stays as it is.
"""

import base64
import re
from collections.abc import Iterable, Sequence

from markupsafe import escape

from ..report.svg_tags import change_tags, shorten

Names = Sequence[str]  # recipe, network, dataset
DOWNLOAD = re.compile(r'<a download="[^"]*" href="data:[^"]*?;base64,([^"]*)">([^<]*)</a>')
PROFILES = re.compile(r'in <a href="#downloads">profiles\.json</a>,\s+which this page holds')


def copy_report(
    page: str, study: str, titles: Iterable[tuple[Names, str]]
) -> tuple[str, dict[str, str]]:
    """(the page, {path in the atlas: text} of what it held as downloads) of a study's report.

    `titles` are (setting, its title in the page). Profiles are left out: the cards have them.
    """
    page, files = _move_downloads(page, study)
    page = re.sub(r"<svg\b.*?</svg>", lambda svg: smaller_figure(svg[0]), page, flags=re.DOTALL)
    return _place_settings(_drop_ids(page), titles), files


def setting_id(names: Names) -> str:
    """The id of a setting's decision table in its report."""
    return "setting-" + "-".join(re.sub(r"[^A-Za-z0-9_.+-]", "_", name) for name in names)


def _place_settings(page, titles):
    """An id at the heading of each setting's decision table."""
    before, start, after = page.partition('<section id="decision">')
    for names, title in titles:
        heading = f"<h3>{escape(title)}</h3>"
        after = after.replace(heading, f'<h3 id="{setting_id(names)}">{heading[4:]}', 1)
    return before + start + after


def _move_downloads(page, study):
    """The page with links to files in place of the files, and {path: text} of these."""
    texts = {name: base64.b64decode(data).decode() for data, name in DOWNLOAD.findall(page)}
    texts.pop("profiles.json", None)
    files = {f"data/{study}/{name}": text for name, text in texts.items()}
    page = DOWNLOAD.sub(lambda found: _link(f"data/{study}/{found[2]}", found[2], files), page)
    card = 'in the <a href="../../data.html#cards">card.json</a> of each activation'
    page = PROFILES.sub(card, page)
    said = "These files stand in the atlas’ data folder."
    return page.replace("This page holds these files.", said), files


def _link(path, name, files):
    if path in files:
        return f'<a href="../../{path}">{name}</a>'
    return f'<a href="../../data.html#cards">{name}, as card.json of each activation</a>'


def smaller_figure(svg: str) -> str:
    """The SVG, shortened, and without half an attribute that older reports left in it."""
    return shorten(re.sub(r' ="[\d.]+pt"', "", svg, count=1))


def _drop_ids(page):
    """The page without the ids in its figures that nothing refers to."""
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', page))
    used |= set(" ".join(re.findall(r'\baria-\w+="([^"]*)"', page)).split())

    def named(attribute):
        return attribute[0] if attribute[1] in used else ""

    def change(svg):
        return change_tags(svg[0], lambda tag: re.sub(r' id="([^"]*)"', named, tag))

    return re.sub(r"<svg\b.*?</svg>", change, page, flags=re.DOTALL)
