"""How the runs were trained, in words: recipe, network, and whether training was at its end."""

from collections.abc import Mapping

from ..activations import ActivationSpec
from .formatting import count, join_words, points, thousands
from .study_tables import StudyTables, dataset_label, label

OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD"}
SCHEDULES = {
    "constant": "constant rate",
    "cosine": "rate falling to 0 along a cosine",
    "linear": "rate falling to 0 along a line",
    "one_cycle": "one cycle of the rate, as of OneCycleLR",
}
AUGMENTATIONS = {
    "none": "no augmentation",
    "flip": "random flips",
    "crop": "random crops",
    "crop_flip": "random crops and flips",
}
MOST_NAMES = 10  # of classes, beyond which they are only counted
OPTIONAL = {  # what a recipe may leave out: in words where it has it, and where only others have
    "evaluate_every": (lambda k: f"evaluated once in {count(k, 'epoch')}", "evaluated each epoch"),
    "warmup": (lambda part: f"warm-up over {100 * part:g} % of the steps", "no warm-up"),
    "clip": ("gradients clipped to a norm of {:g}".format, "no clipping"),
    "ema": ("scored by a moving average of the weights of decay {:g}".format, "no moving average"),
}


def trained_sentence(study: Mapping) -> str | None:
    """What was trained, on how much and for how long; None for tables from elsewhere.

    It stands under the headline: no score means anything without it.
    """
    if study["runs"]:
        return None
    epochs = sorted({recipe["epochs"] for recipe in study["recipes"].values()})
    duration = count(epochs[-1], "epoch")
    if len(epochs) > 1:
        duration = f"{epochs[0]} to {duration}"
    precisions = list(dict.fromkeys(map(precision_text, study["recipes"].values())))
    rounded = "" if precisions == ["float32"] else f"in {join_words(precisions)} "
    size = f"{thousands(study['train_size'])} training" if study["train_size"] else "all training"
    held_out = study["validation"]
    kept = f"{100 * (1 - held_out):g} % of " if held_out else ""
    rest = " The other images are held out." if held_out else ""
    data = join_words(map(dataset_label, study["datasets"]))
    each = " each" if len(study["datasets"]) > 1 else ""
    nets = join_words((_name_network(*item) for item in study["networks"].items()), 3)
    return (
        f"Trained: {nets} for {duration} {rounded}on {kept}{size} images of {data}{each}, with "
        f"{count(study['seeds'], 'seed')}.{rest}"
    )


def _name_network(name, network):
    about = [network["file"]] if network["file"] != name else []
    given = {k: v for k, v in network["parameters"].items() if v is not None}
    if given.pop("weights", None):  # its checksum; how weights start says more
        given["weights"] = "from a file"
    about += [f"{key} {value}" for key, value in given.items()]
    return f"{name} ({', '.join(about)})" if about else name


def stated_expressions(study: Mapping) -> list[tuple[str, str]]:
    """[(name, text)] of the activations that the study states as expressions, not built-in ones."""
    return [(name, text) for name, text in study["activations"].items() if isinstance(text, str)]


def own_files(study: Mapping) -> list[tuple[str, str]]:
    """[(name, path)] of the activations that files beside the study define."""
    specs = [ActivationSpec.from_declared(*item) for item in study["activations"].items()]
    return [(spec.name, spec.own_file) for spec in specs if spec.own_file]


def precision_text(recipe: Mapping) -> str:
    """The precision of a recipe, in words."""
    return {"tf32": "float32 (TF32 on a GPU)"}.get(recipe["precision"], recipe["precision"])


def training_facts(
    tables: StudyTables,
    study: Mapping,
    described: Mapping | None,
    images: Mapping[str, Mapping] | None = None,
) -> list[tuple[str, str]]:
    """How it was trained, as a list of (term, sentences) for the first screen.

    `described` is what `activarium.train.describe` found in each network, or None; `images` what
    the study's own data sets are like, as in `describe_images`. Of tables made elsewhere only the
    last epoch is known.
    """
    facts = [("Data", " ".join(map(describe_images, images.values())))] if images else []
    facts += [] if study["runs"] else [("Recipe", describe_recipes(study["recipes"]))]
    facts += [("Network", describe_networks(described, 4))] if described else []
    end = last_epoch_sentence(tables)
    return facts + ([("Last epoch", end)] if end else [])


def describe_images(about: Mapping) -> str:
    """A study's own data set in words, from the description that `data.prepare.write` gives.

    Beside it, `test` is the share of the images that was drawn to test on, where one was.
    """
    names = about.get("class_names", ())
    named = f" ({join_words(names)})" if 0 < len(names) <= MOST_NAMES else ""
    height, width, channels = about["shape"]
    text = (
        f"{dataset_label(about['name'])}: {count(about['classes'], 'class', 'classes')}{named}, "
        f"{thousands(about['n_train'])} training and {thousands(about['n_test'])} test images of "
        f"{height} × {width} pixels in {count(channels, 'channel')}."
    )
    drawn = about.get("test")
    share = f"{100 * drawn:.3g} % of each class" if drawn else ""
    return f"{text} The test images were drawn here: {share}." if drawn else text


def describe_recipe(values: Mapping) -> dict[str, str]:
    """One recipe as a mapping of its key to words."""
    words = _describe_numbers({k: _first(v) for k, v in values.items()})
    if isinstance(values.get("momentum"), Mapping):
        words["optimizer"] = f"{OPTIMIZERS['sgd']} with Nesterov momentum"
    tuned = {key: f"{_plain(key)} tuned" for key, v in values.items() if isinstance(v, Mapping)}
    return words | {key: f"{text}: {_tried(values[key])}" for key, text in tuned.items()}


def _first(value):
    """A value of a recipe; of a tuned number the first one tried."""
    return value["tune"][0] if isinstance(value, Mapping) else value


def _plain(key):
    return key.replace("_", " ")


def _tried(value):
    """What a tuned number tries, and on how many seeds."""
    tried = join_words(f"{v:g}" for v in sorted(value["tune"]))
    return f"{tried}, {count(value['seeds'], 'tuning seed')} each"


def _describe_numbers(values):
    decay, smoothing = values["weight_decay"], values["label_smoothing"]
    return {
        "optimizer": _describe_optimizer(values),
        "learning_rate": f"learning rate {values['learning_rate']:g}",
        "schedule": SCHEDULES[values["schedule"]],
        "batch_size": f"batches of {values['batch_size']}",
        "epochs": count(values["epochs"], "epoch"),
        "precision": precision_text(values),
        "augmentation": AUGMENTATIONS[values["augmentation"]],
        "weight_decay": f"weight decay {decay:g}" if decay else "no weight decay",
        "label_smoothing": f"label smoothing {smoothing:g}" if smoothing else "no label smoothing",
    } | {key: words(values[key]) for key, (words, _) in OPTIONAL.items() if key in values}


def _describe_optimizer(values):
    """The optimizer, and what the recipe says of its momentum or betas."""
    name = OPTIMIZERS[values["optimizer"]]
    if values["optimizer"] == "sgd":
        momentum = values.get("momentum", 0.9)
        return f"{name} with Nesterov momentum {momentum:g}" if momentum else f"plain {name}"
    if "betas" not in values:
        return name
    return f"{name} with betas {' and '.join(map('{:g}'.format, values['betas']))}"


def describe_recipes(recipes: Mapping[str, Mapping]) -> str:
    """All recipes of a study in one text: first what they share, then what each has of its own."""
    worded = {name: describe_recipe(values) for name, values in recipes.items()}
    for key, (_, absent) in OPTIONAL.items():
        if any(key in words for words in worded.values()):
            worded = {
                name: {**words, key: words.get(key, absent)} for name, words in worded.items()
            }
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


def describe_networks(described: Mapping[str, Mapping], most: int | None = None) -> str:
    """What each network is made of, in one text; beyond `most` the rest is only counted."""
    shown = list(described.items())[:most]
    starts = {_describe_weights(about) for _, about in shown if "refused" not in about}
    texts = [f"{name}, {_describe_network(about, len(starts) > 1)}" for name, about in shown]
    more = len(described) - len(shown)
    texts += [f"{more} more, described under Methods"] if more else []
    return " ".join([f"{'; '.join(texts)}.", *(starts if len(starts) == 1 else ())])


def _describe_network(about, own_start):
    if "refused" in about:
        return f"which could not be built here to be described ({about['refused']})"
    made = [count(n, kind) for kind, n in about["layers"].items()]
    made += [count(about["activations"], "activation")]
    plain = "" if about["norm"] else ", without normalisation"
    size = {name: thousands(n) for name, n in about["parameters"].items()}
    each = (f"{n} on {dataset_label(name)}" for name, n in size.items())
    many = next(iter(size.values())) if len(set(size.values())) == 1 else join_words(each)
    start = f". {_describe_weights(about)[:-1]}" if own_start else ""
    return (
        f"{about['label']}: {join_words(made)}{plain}, {many} parameters without those of "
        f"the activation{start}"
    )


def _describe_weights(about):
    """How its weights are drawn, as `train.initialisation.initialise` does."""
    if about.get("start"):
        return f"Weights start {about['start']}."
    variance, bias = round(about["sigma_w2"], 3), round(about["sigma_b2"], 3)
    biases = f"normal with variance {bias:g}" if bias else "0"
    he = " (He)" if variance == 2 else ""
    return f"Weights start normal with variance {variance:g} / fan-in{he}, biases {biases}."


def last_epoch_sentence(tables: StudyTables) -> str:
    """By how much test accuracy still rose in the last epochs, in a sentence; "" if unknown."""
    since = {setting: tables.last_rise(setting) for setting in tables.settings}
    found = {setting: rises for setting, (_, rises) in since.items() if rises}
    if not found:
        return ""
    steps = sorted({since[setting][0] for setting in found})
    last = "last" if steps == [1] else f"last {join_words(map(str, steps), len(steps), 'or')}"
    means = {setting: sum(rises.values()) / len(rises) for setting, rises in found.items()}
    ends = sorted({int(tables.of(tables.epochs, setting)["epoch"].max()) for setting in found})
    epochs = f"{ends[0]} to {ends[-1]}" if ends[1:] else str(ends[0])
    where = f"{_rising_phrase(means.values())} in the {last} of {epochs} epochs"
    if len(found) > 1:
        least, most = (tables.title(min(means, key=lambda s: sign * means[s])) for sign in (1, -1))
        low, high = (points(end(means.values())) for end in (min, max))
        reach = f"from {low} ({least}) to {high} points ({most}) of test accuracy"
        if low == high:
            reach = f"by {low} points of test accuracy in each setting"
        return f"{where}: {reach}. These are means over the activations."
    ((rises,), (mean,)) = found.values(), means.values()
    least, most = (min(rises, key=lambda a: sign * rises[a]) for sign in (1, -1))
    if len(rises) > 1 and points(rises[least]) == points(rises[most]):
        return f"{where}: by {points(mean)} points of test accuracy with each activation."
    reach = f" ({label(least)} {points(rises[least])}, {label(most)} {points(rises[most])})"
    return (
        f"{where}: by {points(mean)} points of test accuracy, averaged over the "
        f"activations{reach if len(rises) > 1 else ''}."
    )


def _rising_phrase(means):
    rising = [mean > 0 for mean in means]
    return ("Still rising" if all(rising) else "Still rising in part" if any(rising)
            else "No longer rising")  # fmt: skip
