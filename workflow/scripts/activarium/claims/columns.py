"""The columns of the two tables of claims: what was settled, and the contrasts it rests on."""

import pyarrow as pa


def _field(name, type_, unit=None, nullable=True):
    return pa.field(name, type_, nullable, {"unit": unit} if unit else None)


def _texts(*names, nullable=True):
    return [_field(name, pa.string(), nullable=nullable) for name in names]


def _fractions(*names):
    return [_field(name, pa.float64(), "fraction") for name in names]


CLAIMS = pa.schema(
    [
        *_texts("claim", "identifier", "title", "url", "sentence", "place", nullable=False),
        *_texts("source", "activation", "direction", "controls", nullable=False),
        *_texts("dataset", "other_dataset"),
        *_texts("measure", nullable=False),
        _field("runs", pa.int64(), "runs of each activation"),
        *_texts("network", "recipe"),
        *_fractions("reported_difference"),
        *_texts("verdict", "verdict_alone", nullable=False),
        *_texts("setting"),
        *(_field(n, pa.int64(), "settings") for n in ("supporting", "contradicting", "undecided")),
        *(_field(n, pa.int64(), "contrasts") for n in ("sizes_compared", "sizes_within")),
        *_texts("reason", nullable=False),
    ]
)
EVIDENCE = pa.schema(
    [
        *_texts("claim", "study", "recipe", "network", "dataset", nullable=False),
        *_texts("activation", "control", "also_in", "differs", nullable=False),
        _field("decides", pa.bool_(), nullable=False),
        _field("n_pairs", pa.int64(), "pairs"),
        *_fractions("mean_diff", "low", "high", "retuned_low", "retuned_high"),
        *_fractions("accuracy", "control_accuracy"),
        *_fractions("reported_accuracy", "reported_difference"),
        *_fractions("predicted_low", "predicted_high"),
        *_texts("size"),
        *(
            _field(f"p_{name}", pa.float64(), "probability")
            for name in ("claim", "register", "published", "tost", "tost_claim", "tost_register")
        ),
        *_texts("shown_claim", "shown_register"),
    ]
)
