"""One table as many tools export it: read right, or refused in one line; never read wrong."""

import csv
import gzip
import io
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activarium.tables import external
from activarium.tables.collect import CollectError

SCORES = [0.9012, 0.91, 0.9236, 0.8, 0.8125, None]
NAMES = ["gelu"] * 3 + ["relu"] * 3
HEADER = ["dataset", "activation", "seed", "test_accuracy", "status"]


def truth(**columns):
    """Six runs, the last of them diverged, with columns changed or added."""
    rows = {
        "dataset": ["cifar10"] * 6,
        "activation": NAMES,
        "seed": [0, 1, 2] * 2,
        "test_accuracy": SCORES,
        "status": ["ok"] * 5 + ["diverged"],
    }
    return pd.DataFrame(rows | columns)


def texts(write=lambda v: "" if v is None else str(v), **columns):
    """The rows of `truth` as lists of text, the header first."""
    frame = truth(**columns).astype(object)
    frame = frame.where(frame.notna(), None)
    return [list(frame), *([write(v) for v in row] for row in frame.to_numpy().tolist())]


def comma(value):
    """As a German Excel writes a cell."""
    return "" if value is None else str(value).replace(".", ",")


def joined(rows, separator=",", end="\n", **dialect):
    """Rows as the text of a CSV file."""
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator=end, **dialect).writerows(rows)
    return file.getvalue()


def r(rows, separator=",", corner=True, write=str):
    """As R writes a data frame: words and row names in quotes, a header with a corner or not."""
    word = lambda v: f'"{v}"' if v[:1].isalpha() and v != "NA" else v  # noqa: E731
    lines = [separator.join(['""'] * corner + [f'"{v}"' for v in rows[0]])]
    for i, row in enumerate(rows[1:], 1):
        lines.append(separator.join([f'"{i}"', *(word(v or "NA") for v in row)]))
    return "\n".join(lines) + "\n"


def renamed(*names):
    return joined([list(names), *texts()[1:]])


def with_line(at, line, rows=None):
    """The plain CSV with one more line in it."""
    lines = joined(rows or texts()).splitlines()
    return "\n".join([*lines[:at], line, *lines[at:]]) + "\n"


PLAIN = joined(texts())
GERMAN = joined(texts(comma), ";")
FILLED = truth().astype(object).fillna("-")

READ = {
    "pandas": PLAIN,
    "pandas with its index": truth().to_csv(),
    "pandas with a named index": truth().set_index("seed").to_csv(),
    "pandas twice, each time with its index": pd.read_csv(io.StringIO(truth().to_csv())).to_csv(),
    "pandas with decimal commas": truth().to_csv(sep=";", decimal=",", index=False),
    "pandas, everything in quotes": truth().to_csv(index=False, quoting=csv.QUOTE_ALL),
    "pandas, numbers as floats": truth(seed=[0.0, 1.0, 2.0] * 2).to_csv(index=False),
    "pandas, missing as NaN": truth().to_csv(index=False, na_rep="NaN"),
    "pandas, missing as <NA>": truth().to_csv(index=False, na_rep="<NA>"),
    "pandas in scientific notation": truth().to_csv(index=False, float_format="%.17e"),
    "pandas as a text table": FILLED.to_string(),
    "pandas as a text table without index": FILLED.to_string(index=False),
    "tabs": joined(texts(), "\t"),
    "tabs and decimal commas": joined(texts(comma), "\t"),
    "bars": joined(texts(), "|"),
    "semicolons, decimal points": joined(texts(), ";"),
    "Excel of Germany": GERMAN.replace("\n", "\r\n"),
    "Excel of Germany in UTF-8": b"\xef\xbb\xbf" + GERMAN.encode(),
    "Excel as Unicode text": joined(texts(comma), "\t", "\r\n").encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "UTF-32": PLAIN.encode("utf-32"),
    "Excel's sep= line": "sep=;\r\n" + GERMAN,
    "Excel's sep= line among commas": "sep=,\n" + PLAIN,
    "Excel's emptied rows below": GERMAN + ";;;;\r\n;;;;\r\n",
    "Excel's emptied columns beside": "\n".join(f"{x};;" for x in GERMAN.splitlines()),
    "decimal commas in quotes between commas": joined(texts(comma)),
    "line ends of an old Mac": PLAIN.replace("\n", "\r"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "empty lines": PLAIN.replace("\n", "\n\n"),
    "blanks after the commas": PLAIN.replace(",", ", "),
    "blanks around names": joined(texts(activation=[f" {n} " for n in NAMES])),
    "hard blanks around names": joined(texts(activation=[f"{n}\xa0" for n in NAMES])),
    "line breaks in the header": renamed(*HEADER[:3], "Test\nAccuracy", "status"),
    "capitals in the header": renamed(*map(str.title, HEADER)),
    "blanks in the header": renamed("Dataset ", " Activation", "Seed", "Test Accuracy", "STATUS"),
    "points in the header": renamed("data.set", "activation", "seed", "test.accuracy", "status"),
    "words in capitals": joined(texts(status=["OK"] * 5 + ["Diverged"])),
    "R's write.csv": r(texts()),
    "R's write.csv2": r(texts(comma), ";"),
    "R's write.table": r(texts(), " ", corner=False),
    "R's write.table between tabs": r(texts(), "\t", corner=False),
    "R's write.table between commas": r(texts(), ",", corner=False),
    "R's write.csv without row names": "\n".join(
        x.partition(",")[2] for x in r(texts()).splitlines()
    ),
    "remarks before the header": "# exported today\n#\n" + PLAIN,
    "a header that is a remark": "# " + PLAIN,
    "a comma at each row's end": PLAIN.replace("\n", ",\n"),
    "a comma at each row's end but the header's": PLAIN.replace("\n", ",\n").replace(
        "status,", "status"
    ),
    "columns in another order": truth()[HEADER[::-1]].to_csv(index=False),
    "Weights & Biases": truth(
        Name=[f"run-{i}" for i in range(6)], State="finished", Notes="-", Tags="",
        **{"Relative Time (Wall)": 12.5, "_wandb.runtime": 12, "lr": 1e-3},
    ).to_csv(index=False, quoting=csv.QUOTE_ALL),
    "MLflow, renamed": truth(
        run_id=[f"{i:032x}" for i in range(6)], experiment_id=0, artifact_uri="file:///x, y",
        start_time="2026-01-01 00:00:00+00:00", **{"tags.mlflow.note": 'a "note"\nof two lines'},
    ).to_csv(index=False),
    "letters of Latin-1 in a column of notes": PLAIN.replace("status", "status,für").replace(
        "ok\n", "ok,größer\n").replace("diverged\n", "diverged,\n").encode("latin-1"),
}  # fmt: skip

REFUSED = {
    "decimal commas between commas": (
        "\n".join(",".join(row) for row in texts(comma)),
        "row 1 has 6 cells and the header 5 (it is separated by commas); a decimal comma needs",
    ),
    "percent": (joined(texts(test_accuracy=[90.12, 91, 92, 80, 81, None])), "percent; write fr"),
    "percent with its sign": (
        joined(texts(test_accuracy=["90.1%", "91%", "92%", "80%", "81%", None])),
        "a.csv row 2, a.csv row 3 and 2 more: a test_accuracy that is not a number ('90.1%')",
    ),
    "one in percent": (
        joined(texts(test_accuracy=[0.9, 91, 0.9, 0.8, 0.8, None])),
        "row 2: a test_accuracy above 1 beside fractions; write fractions, 0.93 and not 93",
    ),
    "validation in percent": (
        joined(texts(validation_accuracy=[70.175, 71, 72, 73, 74, None])),
        "a validation_accuracy in percent; write fractions, 0.93 and not 93 ('70.175')",
    ),
    "one validation in percent": (
        joined(texts(validation_accuracy=[0.7, 0.7, 0.7, 70.0, 0.7, None])),
        "row 4: a validation_accuracy above 1 beside fractions",
    ),
    "validation below 0": (
        joined(texts(validation_accuracy=-0.1)), "a validation_accuracy below 0 ('-0.1')",
    ),
    "thousands with a point": (
        joined(texts(n_correct="9.000", n_test="10.000")),
        "n_correct is not a whole number from 0 on ('9.000')",
    ),
    "thousands with a comma": (
        joined(texts(n_test="10,000")), "n_test is not a whole number from 0 on ('10,000')",
    ),
    "thousands with a blank": (joined(texts(n_test="10 000")), "n_test is not a whole number"),
    "thousands with a line": (joined(texts(n_test="10_000")), "n_test is not a whole number"),
    "a test set of nothing": (joined(texts(n_correct=0, n_test=0)), "an n_test of 0"),
    "seeds with a line": (joined(texts(seed=["1_0", 1, 2] * 2)), "not a whole number of 64 bits"),
    "seeds with a thousand's point": (
        joined(texts(seed=["1.000", "2.000", "3.000"] * 2)), "or not surely one ('1.000')",
    ),
    "seeds that Excel rounded": (
        joined(texts(seed=["1,23457E+18", "1,33457E+18", "3"] * 2), ";"),
        "a seed that is not a whole number of 64 bits, or not surely one ('1,23457E+18')",
    ),
    "seeds with a word": (joined(texts(seed=["seed_1", "seed_2", "seed_3"] * 2)), "('seed_1')"),
    "seeds as true and false": (joined(texts(seed=[True, False, 2] * 2)), "('True')"),
    "scores as words": (
        joined(texts(test_accuracy=["diverged" if s is None else s for s in SCORES])),
        "row 6: a test_accuracy that is not a number ('diverged')",
    ),
    "scores with their spread": (
        joined(texts(test_accuracy="0.93 ± 0.01")), "not a number ('0.93 ± 0.01')",
    ),
    "a status of many lines": (
        joined(texts(status="killed\n" + "at night " * 20)), "'diverged' ('killed at night at",
    ),
    "headers of two lines": (
        renamed("data\nset", "activation", "seed", "test\nscore", "status"),
        "and it has data set, activation, seed, test score, status (separated by commas, in UTF-8)",
    ),
    "another word of status": (
        joined(texts(status="completed")), "neither 'ok' nor 'diverged' ('completed')",
    ),
    "MLflow as it is": (
        renamed("params.dataset", "params.activation", "params.seed", "metrics.acc", "status"),
        "no column 'dataset' (did you mean params.dataset?); needed are dataset, activation, seed, "
        "test_accuracy, status, and it has params.dataset, params.activation, params.seed, "
        "metrics.acc, status (separated by commas, in UTF-8)",
    ),
    "a unit in the header": (
        renamed(*HEADER[:3], "test_accuracy (%)", "status"), "no column 'test_accuracy' (did you"
    ),
    "a column twice": (
        PLAIN.replace("status", "status,Status").replace("\n", ",x\n").replace("us,x", "us"),
        "has the column 'status' twice, as 'status' and 'Status'; leave one",
    ),
    "a column twice, as pandas says it": (
        joined(texts(**{"test_accuracy.1": 0.5})),
        "has the column 'test_accuracy' twice, as 'test_accuracy' and 'test_accuracy.1'",
    ),
    "a misspelt column": (
        joined(texts(netwrok="a")),
        "has a column 'netwrok', which is not known; if it is 'network', call it so",
    ),
    "a remark in the table": (with_line(3, "# cifar10,gelu,9,0.5,ok"), "row 3 begins with '#'"),
    "a table that was cut off": (PLAIN[: PLAIN.rindex(",0.8125") + 5], "row 5 has 4 cells and"),
    "a row that is too long": (with_line(2, "cifar10,gelu,7,0.5,ok,1"), "row 2 has 6 cells"),
    "the header once more": (with_line(4, PLAIN.splitlines()[0]), "row 4: a seed that is not"),
    "a name that ends in an unquoted comma": (
        "seed,status,test_accuracy,activation,dataset\n0,ok,0.5,gelu,a,\n0,ok,0.5,gelu,b\n",
        "row 1 has 6 cells and the header 5",
    ),
    "an unquoted tab in a name, behind an index": (
        "\tdataset\tactivation\tseed\ttest_accuracy\tstatus\n0\td\ta\tgelu\t0\t0.5\tok\n",
        "row 1 has 7 cells and the header 6",
    ),
    "a quote that does not end": (with_line(2, '"cifar10,gelu,7,0.5,ok'), "cannot be read ("),
    "an answer of a web server": ("<html><body>404</body></html>", "has no column 'dataset'"),
    "a table of Markdown": (FILLED.pipe(
        lambda f: "\n".join(f"| {' | '.join(map(str, row))} |"
                            for row in [list(f), ["---"] * 5, *f.to_numpy().tolist()])),
        "row 1: a seed that is not a whole number of 64 bits, or not surely one ('---')"),
    "a title above the header": (
        "Results of March\n" + PLAIN, "and it has Results, of, March (separated by blanks, in UTF"
    ),
    "no header": (PLAIN.partition("\n")[2], "and it has cifar10, gelu, 0, 0.9012, ok (separated"),
    "nothing": ("", "cannot be read (it is empty)"),
    "blank lines only": ("\n\n \n", "cannot be read (it is empty)"),
    "UTF-16 without its mark": (PLAIN.encode("utf-16-le"), "no mark of its encoding; save it as"),
    "a workbook": (b"PK\x03\x04\x14\x00", "it is an Excel workbook or another archive"),
    "compressed": (gzip.compress(PLAIN.encode()), "it is compressed"),
    "names in Latin-1": (
        joined(texts(activation=NAMES[:3] + ["gélu"] * 3)).encode("latin-1"),
        "row 6: a name (activation) whose letters depend on the encoding, which is neither UTF-8",
    ),
    "a name of two lines": (
        joined(texts(activation=NAMES[:3] + ["re\nlu"] * 3)),
        "row 4, a.csv row 5, a.csv row 6: no activation, which must be text on one line ('re lu'); "
        "the first is cifar10, re lu, seed 0",
    ),
}  # fmt: skip


def read(content, folder, ending="csv"):
    """The runs in a file of this content."""
    file = folder / f"a.{ending}"
    if isinstance(content, pd.DataFrame):
        content.to_parquet(file)
    elif isinstance(content, pa.Table):
        pq.write_table(content, file)
    else:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return external.read([str(file)], "gelu")[0]


def is_true(runs):
    """Whether these are the six runs of `truth`, every value."""
    frame = truth().astype(object).where(truth().notna(), None)
    return [[row[c] for c in HEADER] for row in runs.to_pylist()] == frame.to_numpy().tolist()


@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_as_it_was_meant_whatever_wrote_it(tmp_path, name):
    assert is_true(read(READ[name], tmp_path))


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_mean_two_things_is_refused_in_one_line(tmp_path, name):
    content, line = REFUSED[name]
    with pytest.raises(CollectError) as caught:
        read(content, tmp_path)
    said = str(caught.value).replace(f"{tmp_path}/", "")
    assert line in said and "\n" not in said and said.startswith("runs: a.csv")


def column(name, values):
    """The table of `truth` with one column of this Arrow type."""
    table = pa.Table.from_pandas(truth(), preserve_index=False)
    return table.set_column(table.schema.get_field_index(name), name, values)


DECIMALS = pa.array([None if s is None else Decimal(str(s)) for s in SCORES], pa.decimal128(9, 4))
PARQUET = {
    "with an index": truth(extra=1).set_index("extra", append=True),
    "with its columns in the index": truth().set_index(["dataset", "activation", "seed"]),
    "with categories": truth().astype(dict.fromkeys(HEADER, "category")),
    "with dictionaries": column("activation", pa.array(NAMES).dictionary_encode()),
    "with decimals": column("test_accuracy", DECIMALS),
    "with seeds of 8 bits": column("seed", pa.array([0, 1, 2] * 2, pa.int8())),
    "with seeds of 64 bits without sign": column("seed", pa.array([0, 1, 2] * 2, pa.uint64())),
    "with text of pandas": truth().astype({"dataset": "string", "seed": "Int64"}),
    "with scores as text": column("test_accuracy", pa.array([
        None if s is None else str(s) for s in SCORES])),
    "with large text": column("status", pa.array(["ok"] * 5 + ["diverged"], pa.large_string())),
}  # fmt: skip


@pytest.mark.parametrize("name", PARQUET)
def test_a_parquet_table_is_read_as_it_was_meant_whatever_its_types(tmp_path, name):
    assert is_true(read(PARQUET[name], tmp_path, "parquet"))


def test_a_range_that_is_a_seed_is_read_from_the_index(tmp_path):
    table = truth()[:3].drop(columns="seed").set_index(pd.RangeIndex(5, 8, name="seed"))
    assert read(table, tmp_path, "parquet")["seed"].to_pylist() == [5, 6, 7]


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (column("seed", pa.array([2.0**53 + 2, 1, 2] * 2)), "or not surely one"),
        (column("seed", pa.array([True, False, None] * 2)), "not a whole number of 64 bits"),
        (
            pa.table(
                truth()
                .iloc[:1]
                .assign(correct=[b"\x0f"], n_correct=5, n_test=8)
                .assign(test_accuracy=5 / 8)
            ),
            "row 1: the bits of 'correct' are not those of n_correct and n_test; leave that column",
        ),
        (pa.table(truth().iloc[:1].assign(correct=[b"\x0f"])), "row 1: the bits of 'correct'"),
        (column("test_accuracy", pa.array([True] * 6)), "a test_accuracy that is not a number"),
        (
            column("dataset", pa.array([b"cifar10"] * 6)).replace_schema_metadata(),
            "no dataset, which must be text",
        ),
        (truth().rename(columns={"seed": "Seed"}).assign(seed=1), "has the column 'seed' twice"),
        (
            pa.Table.from_pandas(truth()).append_column("seed", pa.array([1] * 6)),
            "a.parquet cannot be read (Multiple matches for FieldRef.Name(seed)",
        ),
        (
            column("test_accuracy", pa.array([90, 91, 92, 80, 81, None], pa.int8())),
            "percent; write fractions",
        ),
    ],
)
def test_a_parquet_table_that_may_mean_two_things_is_refused(tmp_path, table, line):
    with pytest.raises(CollectError) as caught:
        read(table, tmp_path, "parquet")
    assert line in str(caught.value) and "\n" not in str(caught.value)
