"""Reads the cells of a CSV or Parquet file as people export them, whatever its dialect.

Only what can be read in one way is read: the separator is the one that gives the columns that are
asked for, and a row that does not fit the header is an error, never shifted or filled up.
"""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from .. import tables
from ..runtime.errors import first_line
from .collect import CollectError

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
MARKS = {  # UTF-32 begins as UTF-16 does, so it is asked for first
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_TEXT = {  # how files begin that are not text
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"PAR1": "a Parquet table under another ending",
    b"\x1f\x8b": "compressed",
}


@dataclass(frozen=True)
class Sheet:
    """The cells of one file: `columns[i]` below `header[i]`, `rows` their numbers, from 1.

    `how` says in words how it was read. The letters beyond ASCII are `sure` where the encoding is.
    """

    header: list[str]
    columns: list[list]
    rows: list[int]
    how: str
    sure: bool = True


def key(name: str) -> str:
    """A column's name without case and separators: one key for "Test Accuracy", "test.accuracy"."""
    return re.sub(r"[\s._-]+", "", str(name)).casefold()


def read(file: Path | str, wanted: Collection[str]) -> Sheet:
    """The Sheet in `file`; `wanted` are the columns that its header is known by.

    Raises CollectError naming the file, the row where there is one, and the way out.
    """
    try:
        if Path(file).suffix == ".csv":
            return _csv(file, {key(name) for name in wanted})
        return _of_frame(parquet(file).to_pandas(integer_object_nulls=True))
    except CollectError:
        raise
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise CollectError(
            f"runs: {file} cannot be read ({first_line(error)}); it must be a CSV or Parquet table"
        ) from error


def parquet(file: Path | str) -> pa.Table:
    """The table in a Parquet file; CollectError where it breaks the checksum that it holds."""
    table = pq.read_table(file, partitioning=None)
    try:
        return tables.verify_checksum(table) if tables.has_checksum(table) else table
    except ValueError as error:
        raise CollectError(
            f"runs: {file} is damaged, or was edited: {error}; bring the original back, or write "
            "it without 'sha256' in its metadata"
        ) from error


def _of_frame(frame: "pd.DataFrame") -> Sheet:
    """The Sheet of a DataFrame; an index that has a name is a column like the others."""
    names = [name for name in frame.index.names if name is not None]
    levels = [list(frame.index.get_level_values(name)) for name in names]
    columns = [list(frame.iloc[:, i]) for i in range(frame.shape[1])]
    header = [*map(str, names), *map(str, frame.columns)]
    return Sheet(header, [*levels, *columns], list(range(1, len(frame) + 1)), "in Parquet")


def _csv(file: Path | str, wanted: set[str]) -> Sheet:
    """The Sheet of a CSV file, every cell as text without the blanks around it."""
    text, encoding = _text(file)
    text, separator = _from_header(text, wanted)
    header, *lines = _cells(text, separator)
    header = _without_empty_end(header)
    if len(wanted & set(map(key, header))) < 2:
        lines = []  # without a header the rows mean nothing
    rows = [(n, row) for n, row in enumerate(lines, 1) if any(row)]
    may_have = bool(header and header[0]) and (separator != "," or '\n"' in text)
    rows = _without_row_names(header, rows, may_have)
    # Empty cells at the end of every row are nothing; of some rows they may end a name, as "a,".
    lengths = {len(row) for _, row in rows}
    most = max(lengths) if len(lengths) == 1 else len(header)
    for n, row in rows:
        _check_row(f"{file} row {n}", row, len(header), most, separator)
    columns = [[row[i] for _, row in rows] for i in range(len(header))]
    how = f"separated by {SEPARATORS[separator]}, in {encoding}"
    return Sheet(header, columns, [n for n, _ in rows], how, "UTF" in encoding)


def _text(file: Path | str) -> tuple[str, str]:
    """(text, encoding) of a file; letters of an unknown encoding are read as Latin-1 has them."""
    raw = Path(file).read_bytes()
    for start, what in NOT_TEXT.items():
        if raw.startswith(start):
            raise ValueError(f"it is {what}")
    encoding = next((e for mark, e in MARKS.items() if raw.startswith(mark)), "utf-8")
    if encoding.startswith("utf-8") and b"\0" in raw:
        raise ValueError("it holds zero bytes and no mark of its encoding; save it as UTF-8")
    try:
        text, name = raw.decode(encoding), encoding.removesuffix("-sig").upper()
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise
        text, name = raw.decode("latin-1"), "an encoding that is not Unicode"
    return text.replace("\r\n", "\n").replace("\r", "\n"), name


def _from_header(text: str, wanted: set[str]) -> tuple[str, str]:
    """(text, separator) from the header on: without the comments that some tools put before it."""
    while text:
        line, _, rest = text.partition("\n")
        remark, bare = line.startswith("#"), line.strip('\t ;,"#')
        if remark and len(wanted & _keys(line.lstrip("# "), _separator(line, wanted))) > 1:
            return text.lstrip("# "), _separator(line, wanted)
        if bare and not remark and not re.fullmatch(r"sep=.?", bare):
            return text, _separator(text, wanted)
        text = rest
    raise ValueError("it is empty")


def _separator(text: str, wanted: set[str]) -> str:
    """The separator that gives the header most of the wanted columns, then the most columns."""
    text = text.lstrip("# ")
    found = {s: _keys(text, s) for s in SEPARATORS}
    return max(found, key=lambda s: (len(wanted & found[s]), len(found[s])))


def _keys(text: str, separator: str) -> set[str]:
    """The names in a text's header, as far as it can be read with this separator."""
    try:
        return set(map(key, next(_cells(text, separator), ())))
    except csv.Error:
        return set()


def _cells(text: str, separator: str) -> Iterator[list[str]]:
    """The rows of a text; blanks around a cell are not part of it."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    return ([cell.strip() for cell in row] for row in reader)


def _without_empty_end(row: list[str]) -> list[str]:
    """A row without the empty cells at its end."""
    while row and not row[-1]:
        row = row[:-1]
    return row


def _without_row_names(
    header: list[str], rows: list[tuple[int, list[str]]], may_have: bool
) -> list[tuple[int, list[str]]]:
    """The rows without R's row names, 1, 2, 3, …, above which its header has no cell.

    Between commas they must stand in quotes: there one more cell may be half of a decimal comma.
    """
    first = [row[0] for _, row in rows]
    counted = [[str(n) for n in range(start, start + len(rows))] for start in (0, 1)]
    more = all(len(row) == len(header) + 1 for _, row in rows)
    if may_have and more and first in counted:
        return [(n, row[1:]) for n, row in rows]
    return rows


def _check_row(place: str, row: list[str], width: int, most: int, separator: str) -> None:
    """Raise CollectError for a row that does not fit a header of `width` cells, or a comment.

    After the header's cells only empty ones may follow, up to `most` cells in all.
    """
    if row[0].startswith("#"):
        raise CollectError(f"runs: {place} begins with '#'; take comments out of the table")
    if not width <= len(row) <= most or any(row[width:]):
        comma = "; a decimal comma needs another separator, or quotes" if separator == "," else ""
        raise CollectError(
            f"runs: {place} has {len(row)} cells and the header {width} (it is separated by "
            f"{SEPARATORS[separator]}){comma}"
        )
