"""The tables of a study, how they are stored, and how runs from anywhere become them."""

from .schemas import CONTRASTS, COSTS, EPOCHS, KEY, PROFILES, RUN_FILE, RUNS, SUMMARIES
from .storage import (
    DAMAGED,
    finite,
    has_checksum,
    read,
    read_run,
    table,
    verify_checksum,
    write,
    write_both,
    write_csv,
    write_run,
)

__all__ = [
    "CONTRASTS",
    "COSTS",
    "DAMAGED",
    "EPOCHS",
    "KEY",
    "PROFILES",
    "RUNS",
    "RUN_FILE",
    "SUMMARIES",
    "finite",
    "has_checksum",
    "read",
    "read_run",
    "table",
    "verify_checksum",
    "write",
    "write_both",
    "write_csv",
    "write_run",
]
