"""Published results: could one more run of ours have given what a paper reports?"""

import math

from scipy import stats

from .paired_tests import mean, sd
from .scores import SettingScores, differences_from, sorted_values

SOURCE = {
    "name": "arXiv 2305.12073",
    "url": "https://arxiv.org/abs/2305.12073",
    "title": "GELU Activation Function in Deep Learning: A Comprehensive Mathematical Analysis and "
    "Performance, Journal of Mathematics 2023, 4229924",
    "training": "a pre-activated residual net of 14 layers, Adam at 0.001, batches of 128, 20 "
    "epochs; widths, augmentation, schedule, repetitions and code are not reported",
}
REPORTED = {  # final test accuracy as reported, a fraction; apparently of a single run
    "cifar10": {"gelu": 0.8952, "hardswish": 0.8877, "relu6": 0.8870, "sigmoid": 0.3390},
    "cifar100": {"gelu": 0.6471, "hardswish": 0.6412},
    "stl10": {"gelu": 0.5848, "leaky_relu": 0.5626},
}


def compare_with_published(settings: SettingScores, control: str, confidence: float) -> dict:
    """{"source", "rows"}: every figure that was published for an activation and data set of ours.

    `settings` are (key, `pivot_scores`). "low" and "high" are the prediction interval of one
    further run (Whitmore 1986, The American Statistician 40): it holds the error of our mean and
    the spread of a single run, taken to be the same for both. The verdict is "below", "above" or
    "within", None below two seeds. "difference" is the same of activation − control, paired, where
    both are published.
    """
    rows = []
    for key, scores in settings:
        reported = {a: v for a, v in REPORTED.get(key["dataset"], {}).items() if a in scores}
        d = differences_from(scores, control)
        for activation, value in sorted(reported.items()):
            difference = None
            if activation != control and control in reported:
                difference = _predict(
                    value - reported[control], sorted_values(d[activation]), confidence
                )
            own = _predict(value, sorted_values(scores[activation]), confidence)
            rows.append(key | {"activation": activation} | own | {"difference": difference})
    return {"source": SOURCE, "rows": rows}


def _predict(reported, values, confidence):
    """One published figure and the prediction interval of one further value like `values`."""
    n = len(values)
    half = math.nan
    if n > 1:
        half = float(stats.t.isf((1 - confidence) / 2, n - 1)) * sd(values) * math.sqrt(1 + 1 / n)
    low, high = mean(values) - half, mean(values) + half
    beyond = "below" if reported < low else "above" if reported > high else "within"
    return {
        "reported": round(reported, 10),
        "n": n,
        "mean": mean(values),
        "low": low,
        "high": high,
        "verdict": None if math.isnan(half) else beyond,
    }
