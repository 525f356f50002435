"""What a reader must know before quoting a number: the limits of a study, in sentences."""

from collections.abc import Iterator, Mapping

from .. import datasets, networks
from ..data.repeated_images import repeated_sentence
from .formatting import count, is_number, join_words, level_percent, percent, thousands
from .machines import busy_sentences, execution_sentences
from .proven_properties import uncertified_names
from .study_tables import Setting, StudyTables, dataset_label, label
from .tuning_choices import edge_sentences, standing_sentence

FEW_IMAGES = 1000  # to test on; with as many, one image is 0.1 pp


def limit_sentences(
    tables: StudyTables, study: Mapping, images: Mapping[str, Mapping] | None = None
) -> list[str]:
    """All limits of a study, the most important first; `images` as in `training_facts`."""
    said = [*_design_limits(tables), *_tuning_limits(tables)]
    said += _dataset_limits(tables, study, images or {})
    said += _weights_limits(study)
    if tables.uncertified:
        said.append(
            f"Of {uncertified_names(tables)} no property is proven. Whether it equals another "
            "function is unknown, too."
        )
    for setting in tables.settings:
        power = power_sentences(tables, setting)
        where = f"{tables.title(setting)}: " if len(tables.settings) > 1 else ""
        said += [where + power] if power else []
    said.append(
        "The results are about these test images. An interval that also covers other images would "
        "be wider."
    )
    said.append(_failure_limit(tables))
    return [*said, *execution_sentences(tables), *busy_sentences(tables)]


def _design_limits(tables: StudyTables) -> Iterator[str]:
    """What one recipe, different seeds or few seeds cannot say."""
    if len({recipe for recipe, _, _ in tables.settings}) == 1:
        yield "For this recipe only: another way of training may order the activations differently."
    pairs = tables.primary["n_pairs"]
    if len(pairs) and pairs.min() < pairs.max():
        yield (
            "Not all activations have the same seeds. A mean is over an activation’s own seeds, a "
            f"difference over the {pairs.min()} to {pairs.max()} that it shares with "
            f"{label(tables.control)}."
        )
    few = [s for s in tables.settings if tables.rows("settings", s)[0]["descriptive_only"]]
    if few:
        where = (
            "" if len(few) == len(tables.settings) else join_words(map(tables.title, few)) + ": "
        )
        yield where + _few_pairs_limit(tables.analysis["plan"])
        if any(tables.rows("settings", s)[0]["n_pairs"]["most"] == 2 for s in few):
            yield (
                "No interval from two pairs is usable: it rests on one difference between them and "
                "often reaches beyond 100 pp."
            )


def _tuning_limits(tables: StudyTables) -> Iterator[str]:
    """That verdicts are about the values that tuning chose, and which of them would stand."""
    for setting in tables.settings:
        cells = tables.tuned_cells(setting)
        if cells:
            where = f"{tables.title(setting)}: " if len(tables.settings) > 1 else ""
            said = [
                "Verdicts, and which could be the best, are about the values that tuning chose."
            ]
            said += [standing_sentence(tables, setting), *edge_sentences(cells)]
            yield where + " ".join(said)


def _few_pairs_limit(plan: Mapping) -> str:
    """Why so few pairs are described and nothing is confirmed."""
    most = plan["descriptive_up_to_pairs"]
    return (
        f"Descriptive only: with {count(most, 'pair')} or fewer, the smallest possible p of a rank "
        f"or sign-flip test is {2 / 2**most:.1g} or more. So no difference can be confirmed at "
        f"{level_percent(plan)}. An “equivalent” rests on a normal distribution alone."
    )


def _dataset_limits(
    tables: StudyTables, study: Mapping, images: Mapping[str, Mapping]
) -> Iterator[str]:
    """What is special about the images that the runs of each data set saw."""
    for dataset in sorted(set(tables.runs["dataset"])):
        known = dataset in datasets.names()
        said = [getattr(datasets.load(dataset), "caveat", "")] if known else []
        said += [study.get("caveats", {}).get(dataset, "")]
        if study["train_size"]:
            size = thousands(study["train_size"])
            said.append(f"Trained on a fixed draw of {size} images, not on the whole training set.")
        said.append(_few_images_limit(tables, dataset))
        if repeated := repeated_sentence(images.get(dataset, {})):
            said.append(f"{repeated}. On these a score is no test.")
        yield from (f"{dataset_label(dataset)}: {text}" for text in said if text)


def _few_images_limit(tables: StudyTables, dataset: str) -> str:
    """By how much one test image changes an accuracy; "" where they are many or unknown."""
    sizes = tables.runs.loc[tables.runs["dataset"] == dataset, "n_test"].dropna()
    if sizes.empty or sizes.min() >= FEW_IMAGES:
        return ""
    n = int(sizes.min())
    return f"Only {count(n, 'test image')}: one image is {percent(1 / n, 1)} pp."


def _weights_limits(study: Mapping) -> Iterator[str]:
    """What nobody knows of weights that networks start from, where a study names their files."""
    tuned = [name for name, net in study["networks"].items() if networks.weights_file(net)]
    where = f"{join_words(tuned)}: " if len(tuned) < len(study["networks"]) else ""
    if tuned:
        yield (
            f"{where}The weights come from a file: if they were trained with another activation "
            "than the one compared, this favours that one. What images they have seen is not known."
        )


def power_sentences(tables: StudyTables, setting: Setting) -> str | None:
    """The smallest difference that a setting could have shown, or None where nobody knows."""
    found = tables.rows("power", setting)
    if not found or not is_number(found[0]["mde"]):
        return None
    power = found[0]
    pairs, n = count(power["n_pairs"], "pair"), power["n_contrasts"]
    studies = f"{percent(tables.analysis['plan']['power'], 0)} % of such studies"
    sentences = (
        f"{f'In the median of {n} comparisons, ' if n > 1 else ''}{pairs} have differences with a "
        f"standard deviation of {percent(power['sd_diff'])} pp. So a true difference of "
        f"{percent(power['mde'])} pp is seen in {studies}, a smaller one less often."
    )
    if is_number(power["mde_corrected"]) and n > 1:
        corrected = percent(power["mde_corrected"])
        sentences += f" Corrected for {n} comparisons, it takes {corrected} pp."
    return sentences


def _failure_limit(tables: StudyTables) -> str:
    """How many runs failed, and how many may fail where none did."""
    failed = sum(cell["n_failed"] for cell in tables.analysis["failures"])
    said = "No run diverged."
    if failed:
        of = f"{count(failed, 'run')} of {len(tables.runs)} diverged"
        said = f"{of}; they count as guessing, not as missing."
    return f"{said} {unseen_failures_sentences(tables)}".rstrip()


def unseen_failures_sentences(tables: StudyTables) -> str:
    """How often runs may fail that never did here; "" where each cell has a failure."""
    spared = [cell for cell in tables.analysis["failures"] if not cell["n_failed"]]
    if not spared:
        return ""
    cell = min(spared, key=lambda cell: cell["n_runs"])
    return (
        f"After no failure in {count(cell['n_runs'], 'seed')}, up to {percent(cell['high'], 0)} % "
        "of such runs may still fail. Means and verdicts, “equivalent” too, assume that hardly any "
        "do."
    )
