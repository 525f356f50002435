"""A report's first sentence, its verdict, read off the finished page."""

import html
import re
from contextlib import suppress
from pathlib import Path


def read_headline(page: Path | str) -> str | None:
    """The text of the first headline of the report at the path `page`; None where there is none."""
    with suppress(OSError, UnicodeDecodeError):
        text = Path(page).read_text(encoding="utf-8")
        if found := re.search(r'<p class="headline">(.*?)</p>', text, re.DOTALL):
            return html.unescape(re.sub(r"<[^>]*>", "", found[1])).strip()
    return None
