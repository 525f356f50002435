"""The tables' schemas: their columns, types and units.

Accuracies are fractions, missing is null and never NaN. What two correct executions may differ
in (durations, device, versions) stands in the tables of costs and in latencies alone, so that the
other tables can be compared byte by byte.
"""

import pyarrow as pa


def _field(name, type_, unit=None, nullable=True):
    return pa.field(name, type_, nullable, {"unit": unit} if unit else None)


_CELL = [_field(n, pa.string(), nullable=False) for n in
         ("recipe", "network", "dataset", "activation")]  # fmt: skip
_KEY = [*_CELL, _field("seed", pa.int64(), nullable=False)]

_METRICS = [
    _field("epoch", pa.int32(), nullable=False),
    _field("learning_rate", pa.float64()),
    _field("train_loss", pa.float64(), "nat"),
    _field("train_accuracy", pa.float64(), "fraction"),
    _field("validation_loss", pa.float64(), "nat"),
    _field("validation_accuracy", pa.float64(), "fraction"),
    _field("test_loss", pa.float64(), "nat"),
    _field("test_accuracy", pa.float64(), "fraction"),
]

_RESULT = [
    _field("status", pa.string(), nullable=False),
    _field("test_accuracy", pa.float64(), "fraction"),
    _field("validation_accuracy", pa.float64(), "fraction"),
    _field("n_correct", pa.int64(), "images"),
    _field("n_test", pa.int64(), "images"),
    _field("correct", pa.binary(), "bit per test image, most significant first"),
]

_EXECUTION = [  # on what, when and at which commit
    _field("device", pa.string()),
    _field("device_name", pa.string()),
    _field("instruction_set", pa.string()),
    _field("threads", pa.int32()),
    _field("host", pa.string()),
    _field("started", pa.string(), "UTC"),
    _field("python", pa.string()),
    _field("torch", pa.string()),
    _field("commit", pa.string()),
]

_COST = [
    _field("train_seconds", pa.float64(), "s"),  # a CPU's own; of a GPU its share
    _field("evaluate_seconds", pa.float64(), "s"),
    _field("images", pa.int64(), "training images seen"),
    _field("images_per_second", pa.float64(), "1/s"),
    _field("saved_bytes_per_element", pa.float64(), "B"),  # cost.saved_bytes of the activation
    *_EXECUTION,
    _field("code", pa.string(), "digest of the files of the training and of the network"),
]

_LEARNED = [
    _field("layer", pa.int32(), "activations of the network, from 1", nullable=False),
    _field("parameter", pa.string(), nullable=False),
    _field("numbers", pa.int64(), "numbers: 1, or one a channel"),
    _field("start", pa.float64(), "mean over the numbers"),
    *(
        _field(n, pa.float64(), "over the numbers, at the end")
        for n in ("mean", "sd", "min", "max")
    ),
]

KEY = [field.name for field in _KEY]
RUNS = pa.schema([*_KEY, *_RESULT])
EPOCHS = pa.schema([*_KEY, *_METRICS])
_REUSED_FROM = _field("reused_from", pa.string(), "the published table that held the run")
COSTS = pa.schema([*_KEY, *_COST, _REUSED_FROM])
ADDED = ("code", "reused_from", "learned")  # columns that tables of older versions do not have
_EPOCHS = pa.list_(pa.field("element", pa.struct(_METRICS)))  # Parquet's own word for an item
LEARNED = pa.schema([*_KEY, *_LEARNED])
_LEARNED_ROWS = pa.list_(pa.field("element", pa.struct(_LEARNED)))
RUN_FILE = pa.schema(
    [
        *RUNS,
        _field("epochs", _EPOCHS),
        _field("cost", pa.struct(_COST)),
        _field("learned", _LEARNED_ROWS),  # null where nothing is learned, and in older files
    ]
)

_TUNING_KEY = [*_CELL, _field("candidate", pa.string(), nullable=False), _KEY[-1]]
TUNING = pa.schema(
    [
        *_TUNING_KEY,
        _field("number", pa.string(), nullable=False),
        _field("value", pa.float64(), nullable=False),
        _field("second_number", pa.string()),
        _field("second_value", pa.float64()),
        _field("status", pa.string(), nullable=False),
        _field("validation_accuracy", pa.float64(), "fraction"),
        _field("chosen", pa.bool_(), nullable=False),
    ]
)
TUNING_COSTS = pa.schema([*_TUNING_KEY, *_COST, _REUSED_FROM])

SUMMARIES = pa.schema(
    [
        *_CELL,
        _field("n_ok", pa.int64(), "runs"),
        _field("n_failed", pa.int64(), "runs"),
        *(_field(n, pa.float64(), "fraction") for n in ("mean", "sd", "median", "low", "high")),
        *(_field(n, pa.int64()) for n in ("rank_low", "rank_high")),
    ]
)
CONTRASTS = pa.schema(
    [
        *_CELL,
        _field("control", pa.string(), nullable=False),
        _field("failures", pa.string(), nullable=False),
        _field("n_pairs", pa.int64(), "pairs"),
        *(_field(n, pa.float64(), "fraction") for n in ("mean_diff", "sd_diff", "low", "high")),
        *(_field(f"{n}_simultaneous", pa.float64(), "fraction") for n in ("low", "high")),
        *(_field(f"p_{n}", pa.float64(), "probability") for n in ("t", "t_holm")),
        *(_field(f"p_max_t{n}", pa.float64(), "probability") for n in ("", "_study")),
        *(_field(f"p_wilcoxon{n}", pa.float64(), "probability") for n in ("", "_holm")),
        *(_field(f"p_{n}", pa.float64(), "probability") for n in ("signflip", "tost", "tost_holm")),
        _field("p_superior", pa.float64(), "probability"),
        _field("cliffs_delta", pa.float64()),
        *(_field(n, pa.int64(), "pairs") for n in ("wins", "ties", "losses")),
        _field("verdict", pa.string(), nullable=False),
    ]
)
MEASURES = pa.schema(  # what each file of measures/ sums up, for reports and cards
    [
        *_CELL,
        _field("measure", pa.string(), "a file of measures/", nullable=False),
        _field("quantity", pa.string(), "of the measure's `quantities`", nullable=False),
        _field("part", pa.string(), "a layer, a condition, a batch; null for the whole"),
        _field("value", pa.float64(), "mean over seeds, or median over repeats"),
        _field("spread", pa.float64(), "standard deviation over seeds, or half the range"),
        _field("n", pa.int64(), "seeds or repeats"),
        _field("text", pa.string(), "what is no number"),
        *(_field(n, pa.float64(), "fraction") for n in ("mean_diff", "low", "high")),
        _field("verdict", pa.string(), "as in the contrasts, for this condition"),
    ]
)
MEASURE_CONTRASTS = pa.schema(
    [
        _field("measure", pa.string(), nullable=False),
        _field("condition", pa.string(), nullable=False),
        _field("quantity", pa.string(), "accuracy, or its change from the baseline", False),
        *CONTRASTS,
    ]
)
MEASURE_COSTS = pa.schema(
    [
        *_CELL,
        _field("measure", pa.string(), "a file of measures/", nullable=False),
        _field("seconds", pa.float64(), "s of the wall, for the whole cell"),
        *_EXECUTION,
    ]
)
PROFILES = pa.schema(
    [
        _field("activation", pa.string(), nullable=False),
        _field("property", pa.string(), nullable=False),
        *(_field(n, pa.float64(), "rounded outwards") for n in ("low", "high")),
        *(_field(n, pa.string(), "decimal") for n in ("low_decimal", "high_decimal")),
        _field("word", pa.string()),
        _field("refused", pa.string()),
    ]
)
