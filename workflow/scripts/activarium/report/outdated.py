"""An old report says on its page that it is older than its study, until a new one replaces it."""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ..runtime.files import write_text

SAID = re.compile(r'<p id="outdated".*?</p>\n', re.DOTALL)
STYLE = "background:#b3261e;color:#fff;margin:0;padding:.8em 1.2em;font:1rem sans-serif"


def mark(page: Path | str, now: datetime | None = None) -> None:
    """Say on the report at the path `page`, if there is one, that an execution is to replace it.

    For the beginning of that execution, since one that is killed says nothing any more. The date
    of the file stays, by which Snakemake knows what is to be made again.
    """
    began = (now or datetime.now(UTC)).strftime("%Y-%m-%d, %H:%M UTC")
    _write(
        page,
        f'<p id="outdated" role="status" style="{STYLE}">This report is older than its study. '
        f"An execution that began on {began} was to replace it. If none is running, it failed "
        f"or was stopped. Its logs are in {Path(page).parent}/logs. To go on, start the same "
        "command again.</p>\n",
    )


def unmark(page: Path | str) -> None:
    """Say so no more on the report at the path `page`, which Snakemake found up to date.

    The execution that was to replace it had other keys, and was stopped.
    """
    _write(page, "")


def _write(page: Path | str, said: str) -> None:
    with suppress(OSError, UnicodeDecodeError):  # what cannot be read or written stays as it is
        dates, text = Path(page).stat(), Path(page).read_text(encoding="utf-8")
        changed = SAID.sub("", text).replace("<body>\n", f"<body>\n{said}", 1)
        if changed != text:
            write_text(page, changed)
            os.utime(page, ns=(dates.st_atime_ns, dates.st_mtime_ns))
