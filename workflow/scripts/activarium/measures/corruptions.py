"""Corruptions: test accuracy under ten simple corruptions, each of one strength.

They are made on the device, from named generators, and are the same for all activations and
seeds. Their kinds follow Hendrycks and Dietterich 2019, arXiv 1903.12261; the images and the
strengths are not those of CIFAR-10-C.
"""

title = "Accuracy under corruptions"
place = 50
needs_weights = True
device = "any"
baseline = "clean"
columns = {
    "seed": ("int64", ""),
    "condition": ("string", "clean, a corruption, or all ten: the mean over them"),
    "accuracy": ("float64", "fraction of the test images"),
}
quantities = {
    "accuracy": ("Accuracy, %", "percent"),
    "change": ("Change from clean images, pp", "points"),
}
ALL = "all ten"


def measure(trained):
    """A row for each condition and seed."""
    from ._corrupt import CORRUPTIONS, corrupt

    trainings = {seed: trained.training(seed) for seed in trained.seeds}
    images, labels = trained.data["test"]
    totals = dict.fromkeys(trainings, 0.0)
    for condition in (baseline, *CORRUPTIONS):
        changed = images if condition == baseline else corrupt(images, condition)
        for seed, training in trainings.items():
            training.data = {**trained.data, "test": (changed, labels)}
            accuracy = training.evaluate("test")[1].double().mean().item()
            totals[seed] += accuracy if condition != baseline else 0
            yield {"seed": seed, "condition": condition, "accuracy": accuracy}
    for seed, total in totals.items():
        yield {"seed": seed, "condition": ALL, "accuracy": total / len(CORRUPTIONS)}


def summarise(table):
    """Accuracy under each condition, and its change from clean images."""
    from ..tables.measured import summarise_accuracies

    return summarise_accuracies(table, baseline)
