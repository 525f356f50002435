"""How to cite the atlas, or one card of it, as BibTeX."""

from ..report import citation


def bibtex(suite: str, digest: str, label: str | None = None, address: str | None = None) -> str:
    """One @misc entry; of an activation it names its card.

    It has the suite's version, and `published_table.digest` of the rows that the atlas showed.
    """
    what = f" Card of {label}, suite {suite}" if label else f" Suite {suite}"
    key = f"activarium_{address}" if address else "activarium_atlas"
    place = [f"  url = {{{citation.ADDRESS}}},"] if citation.ADDRESS else []
    return "\n".join(
        [
            f"@misc{{{key},",
            f"  author = {{{{{citation.AUTHORS}}}}},",
            f"  title = {{{citation.TITLE}}},",
            f"  year = {{{citation.YEAR}}},",
            *place,
            f"  note = {{Version {citation.VERSION}.{what}, data {digest}.}},",
            "}",
        ]
    )
