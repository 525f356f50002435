"""A study, read and checked before the first job starts, and laid out as files (`grid`).

The Snakefile imports this at the start of every job, so neither torch nor pandas is here.
`load` reads a study for the Snakefile, `read` one that is a mapping already.
"""

from .config_overrides import parse_cli_values
from .reader import load, read, rename_old_keys, warn_old_keys
from .study import Study
from .study_error import StudyError
from .yaml_files import duplicate_keys, mapping

__all__ = [
    "Study",
    "StudyError",
    "duplicate_keys",
    "load",
    "mapping",
    "parse_cli_values",
    "read",
    "rename_old_keys",
    "warn_old_keys",
]
