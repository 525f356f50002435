"""The files of reference/ that the atlas is made from, as the rules ask for them.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .addresses import stated_expressions

PATTERNS = ("*.parquet", "provenance.json", "report.html", "reproduction/*.parquet")


@dataclass(frozen=True)
class PublishedFolders:
    """The studies below `folder`; nothing is read before a rule asks."""

    folder: str

    @cached_property
    def analyses(self) -> list[str]:
        """analysis.json of each study: a folder without one is no study."""
        return sorted(map(str, Path(self.folder).glob("*/analysis.json")))

    @property
    def provenances(self) -> list[str]:
        """provenance.json of each study, which says what it declared."""
        return [str(Path(file).with_name("provenance.json")) for file in self.analyses]

    @property
    def files(self) -> list[str]:
        """The tables and the report of each study."""
        folders = [Path(file).parent for file in self.analyses]
        found = (sorted(folder.glob(pattern)) for folder in folders for pattern in PATTERNS)
        return [str(file) for files in found for file in files]

    @property
    def questions(self) -> list[str]:
        """The page that says each study's question, where there is one."""
        page = Path(self.folder, "README.md")
        return [str(page)] if page.exists() else []

    @cached_property
    def _stated(self) -> dict[str, dict[str, Any]]:
        return stated_expressions(self.analyses)

    def stated(self, wildcards: Any) -> dict[str, Any]:
        """What a study says of the activation at an address."""
        return self._stated[wildcards.activation]

    def stated_profiles(self, wildcards: Any) -> list[str]:
        """Where the profiles of stated expressions are, whatever the rule's wildcards."""
        return [f"results/stated/profiles/{address}.json" for address in self._stated]
