"""How the runs were trained, in words: recipe, network, and whether training was at its end."""

from .study_tables import dataset_label, label
from .words import count, listed, points, precision, thousands

OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD with Nesterov momentum 0.9"}
SCHEDULES = {
    "constant": "constant rate",
    "cosine": "rate falling to 0 along a cosine",
    "linear": "rate falling to 0 along a line",
}
AUGMENTATIONS = {
    "none": "no augmentation",
    "flip": "random flips",
    "crop": "random crops",
    "crop_flip": "random crops and flips",
}


def conditions(tables, study, described):
    """What no score means anything without, as a list of (term, sentence) for the first screen.

    `described` is what `activarium.train.describe` found in each network, or None; of tables made
    elsewhere only the last epoch is known.
    """
    said = [] if study["runs"] else [("Recipe", recipes(study["recipes"]))]
    said += [("Network", networks(described, 4))] if described else []
    end = last_epoch(tables)
    return said + ([("Last epoch", end)] if end else [])


def recipe(values):
    """One recipe as a mapping of its key to words."""
    decay, smoothing = values["weight_decay"], values["label_smoothing"]
    return {
        "optimizer": OPTIMIZERS[values["optimizer"]],
        "learning_rate": f"learning rate {values['learning_rate']:g}",
        "schedule": SCHEDULES[values["schedule"]],
        "batch_size": f"batches of {values['batch_size']}",
        "epochs": count(values["epochs"], "epoch"),
        "precision": precision(values),
        "augmentation": AUGMENTATIONS[values["augmentation"]],
        "weight_decay": f"weight decay {decay:g}" if decay else "no weight decay",
        "label_smoothing": f"label smoothing {smoothing:g}" if smoothing else "no label smoothing",
    }


def recipes(stated):
    """All recipes of a study in one text: first what they share, then what each has of its own."""
    worded = {name: recipe(values) for name, values in stated.items()}
    first = next(iter(worded.values()))
    shared = [key for key in first if len({words[key] for words in worded.values()}) == 1]
    text = "; ".join(first[key] for key in shared) + "."
    if len(worded) == 1:
        return text
    own = (
        f"{name}: {', '.join(words[key] for key in words if key not in shared) or 'as all'}"
        for name, words in worded.items()
    )
    return f"{count(len(worded), 'recipe')}, all with {text} {'; '.join(own)}."


def networks(described, most=None):
    """What each network is made of, in one text; beyond `most` the rest is only counted."""
    shown = list(described.items())[:most]
    starts = {_start(about) for _, about in shown if "refused" not in about}
    texts = [f"{name}, {_network(about, len(starts) > 1)}" for name, about in shown]
    more = len(described) - len(shown)
    texts += [f"{more} more, described under Methods"] if more else []
    return " ".join([f"{'; '.join(texts)}.", *(starts if len(starts) == 1 else ())])


def _network(about, own_start):
    if "refused" in about:
        return f"which could not be built here to be described ({about['refused']})"
    made = [count(n, kind) for kind, n in about["layers"].items()]
    made += [count(about["activations"], "activation")]
    plain = "" if about["norm"] else ", without normalisation"
    size = {name: thousands(n) for name, n in about["parameters"].items()}
    each = (f"{n} on {dataset_label(name)}" for name, n in size.items())
    many = next(iter(size.values())) if len(set(size.values())) == 1 else listed(each)
    start = f". {_start(about)[:-1]}" if own_start else ""
    return (
        f"{about['label']}: {listed(made)}{plain}, {many} parameters beside those of the "
        f"activation{start}"
    )


def _start(about):
    """How its weights are drawn, as `train.step.initialise` does."""
    variance, bias = round(about["sigma_w2"], 3), round(about["sigma_b2"], 3)
    biases = f"normal with variance {bias:g}" if bias else "0"
    he = " (He)" if variance == 2 else ""
    return f"Weights start normal with variance {variance:g} / fan-in{he}, biases {biases}."


def last_epoch(tables):
    """By how much test accuracy still rose in the last epoch, in a sentence; "" if unknown."""
    found = {setting: tables.last_epoch(setting) for setting in tables.settings}
    found = {setting: rises for setting, rises in found.items() if rises}
    if not found:
        return ""
    means = {setting: sum(rises.values()) / len(rises) for setting, rises in found.items()}
    ends = sorted({int(tables.of(tables.epochs, setting)["epoch"].max()) for setting in found})
    epochs = f"{ends[0]} to {ends[-1]}" if ends[1:] else str(ends[0])
    where = f"{_rising(means.values())} in the last of {epochs} epochs"
    if len(found) > 1:
        least, most = (tables.title(min(means, key=lambda s: sign * means[s])) for sign in (1, -1))
        low, high = (points(end(means.values())) for end in (min, max))
        reach = f"from {low} ({least}) to {high} points ({most})"
        return f"{where}: {reach} of test accuracy, averaged over the activations."
    ((rises,), (mean,)) = found.values(), means.values()
    least, most = (min(rises, key=lambda a: sign * rises[a]) for sign in (1, -1))
    reach = f" ({label(least)} {points(rises[least])}, {label(most)} {points(rises[most])})"
    return (
        f"{where}: by {points(mean)} points of test accuracy, averaged over the "
        f"activations{reach if len(rises) > 1 else ''}."
    )


def _rising(means):
    rising = [mean > 0 for mean in means]
    return ("Still rising" if all(rising) else "Still rising in part" if any(rising)
            else "No longer rising")  # fmt: skip
