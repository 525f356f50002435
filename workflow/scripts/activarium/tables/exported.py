"""Tables as people export them: the cells of a CSV or Parquet file, whatever its dialect.

Only what can be read in one way is read: the separator is the one that gives the columns that are
asked for, and a row that does not fit the header is an error, never shifted or filled up.
"""

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .. import tables
from ..runtime.errors import first_line
from .collect import CollectError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
MARKS = {  # UTF-32 begins as UTF-16 does, so it is asked for first
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OTHERS = {  # how files begin that are no text
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"PAR1": "a Parquet table under another ending",
    b"\x1f\x8b": "compressed",
}


@dataclass(frozen=True)
class Sheet:
    """The cells of one file: `columns[i]` below `header[i]`, `rows` their numbers, from 1.

    `how` says in words how it was read. The letters beyond ASCII are `sure` where the encoding is.
    """

    header: list
    columns: list
    rows: list
    how: str
    sure: bool = True


def key(name):
    """What a column's name comes down to: "Test Accuracy", "test.accuracy" and "test-accuracy"."""
    return re.sub(r"[\s._-]+", "", str(name)).casefold()


def read(file, wanted):
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


def parquet(file):
    """The table in a Parquet file; one of ours must be what its checksum was made from."""
    table = pq.read_table(file, partitioning=None)
    try:
        return tables.verify_checksum(table) if tables.has_checksum(table) else table
    except ValueError as error:
        raise CollectError(
            f"runs: {file} is damaged, or was edited: {error}; bring the original back, or write "
            "it without 'sha256' in its metadata"
        ) from error


def _of_frame(frame):
    """The Sheet of a DataFrame; an index that has a name is a column like the others."""
    names = [name for name in frame.index.names if name is not None]
    levels = [list(frame.index.get_level_values(name)) for name in names]
    columns = [list(frame.iloc[:, i]) for i in range(frame.shape[1])]
    header = [*map(str, names), *map(str, frame.columns)]
    return Sheet(header, [*levels, *columns], list(range(1, len(frame) + 1)), "in Parquet")


def _csv(file, wanted):
    """The Sheet of a CSV file, every cell as text without the blanks around it."""
    text, encoding = _text(file)
    text, separator = _begun(text, wanted)
    header, *rows = _parsed(text, separator)
    header = _without_end(header)
    if len(wanted & set(map(key, header))) < 2:
        rows = []  # what is no header says nothing of the rows below it
    rows = [(n, row) for n, row in enumerate(rows, 1) if any(row)]
    may_have = bool(header and header[0]) and (separator != "," or '\n"' in text)
    rows = _without_names(header, rows, may_have)
    # What is empty behind every row is nothing; behind some it may be the end of a name, as "a,".
    lengths = {len(row) for _, row in rows}
    most = max(lengths) if len(lengths) == 1 else len(header)
    for n, row in rows:
        _check_row(f"{file} row {n}", row, len(header), most, separator)
    columns = [[row[i] for _, row in rows] for i in range(len(header))]
    how = f"separated by {SEPARATORS[separator]}, in {encoding}"
    return Sheet(header, columns, [n for n, _ in rows], how, "UTF" in encoding)


def _text(file):
    """(text, encoding) of a file; letters of an unknown encoding are read as Latin-1 has them."""
    raw = Path(file).read_bytes()
    for start, what in OTHERS.items():
        if raw.startswith(start):
            raise ValueError(f"it is {what}")
    encoding = next((e for mark, e in MARKS.items() if raw.startswith(mark)), "utf-8")
    if encoding.startswith("utf-8") and b"\0" in raw:
        raise ValueError("it holds zero bytes and no mark of its encoding; save it as UTF-8")
    try:
        text, said = raw.decode(encoding), encoding.removesuffix("-sig").upper()
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise
        text, said = raw.decode("latin-1"), "an encoding that is no Unicode"
    return text.replace("\r\n", "\n").replace("\r", "\n"), said


def _begun(text, wanted):
    """(text, separator) from the header on: without the remarks that some tools put before it."""
    while text:
        line, _, rest = text.partition("\n")
        remark, bare = line.startswith("#"), line.strip('\t ;,"#')
        if remark and len(wanted & _keys(line.lstrip("# "), _separator(line, wanted))) > 1:
            return text.lstrip("# "), _separator(line, wanted)
        if bare and not remark and not re.fullmatch(r"sep=.?", bare):
            return text, _separator(text, wanted)
        text = rest
    raise ValueError("it is empty")


def _separator(text, wanted):
    """What gives the header of a text most of the wanted columns, then the most columns."""
    text = text.lstrip("# ")
    found = {s: _keys(text, s) for s in SEPARATORS}
    return max(found, key=lambda s: (len(wanted & found[s]), len(found[s])))


def _keys(text, separator):
    """The names in a text's header, as far as it can be read with this separator."""
    try:
        return set(map(key, next(_parsed(text, separator), ())))
    except csv.Error:
        return set()


def _parsed(text, separator):
    """The rows of a text; blanks around a cell are not part of it."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    return ([cell.strip() for cell in row] for row in reader)


def _without_end(row):
    """A row without the empty cells at its end."""
    while row and not row[-1]:
        row = row[:-1]
    return row


def _without_names(header, rows, may_have):
    """The rows without R's row names, 1, 2, 3, …, above which its header has no cell.

    Between commas they must stand in quotes: there one more cell may be half of a decimal comma.
    """
    first = [row[0] for _, row in rows]
    counted = [[str(n) for n in range(start, start + len(rows))] for start in (0, 1)]
    more = all(len(row) == len(header) + 1 for _, row in rows)
    return [(n, row[1:]) for n, row in rows] if may_have and more and first in counted else rows


def _check_row(place, row, wide, most, separator):
    """Refuse a row that a header of `wide` cells does not fit, or that was taken out by a "#".

    Beyond the header are at most empty cells, and at most so many that there are `most`.
    """
    if row[0].startswith("#"):
        raise CollectError(f"runs: {place} begins with '#'; take remarks out of the table")
    if not wide <= len(row) <= most or any(row[wide:]):
        comma = "; a decimal comma needs another separator, or quotes" * (separator == ",")
        raise CollectError(
            f"runs: {place} has {len(row)} cells and the header {wide} (it is separated by "
            f"{SEPARATORS[separator]}){comma}"
        )
