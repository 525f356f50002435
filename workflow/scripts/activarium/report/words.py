"""Numbers and verdicts in words: what the report says, made from the tables and nothing else."""

import math

from .. import datasets
from .study_tables import dataset_label, label

HARDLY = 0.02  # above guessing: as much as one class may be larger than the others
MINUS, DASH = "−", "–"
TESTS = {
    "p_max_t": "max-T (the verdict)",
    "p_max_t_study": "max-T, whole study",
    "p_t_holm": "t, Holm",
    "p_wilcoxon_holm": "Wilcoxon, Holm",
    "p_t": "t, uncorrected",
    "p_signflip": "sign flips, uncorrected",
    "p_wilcoxon": "Wilcoxon, uncorrected",
    "complete_case": "failures left out",
}
TORN = {  # by `torn`: what an interval does beside its verdict, and why
    "without 0": (
        "Interval without 0, no difference shown",
        "an interval is of its comparison alone, the verdict corrected for all {n} of this setting",
    ),
    "alone": (
        "Interval without 0, no difference shown",
        "an interval takes the differences to be normal, the verdict’s sign flips do not",
    ),
    "few": (
        "Interval without 0, no difference shown",
        "an interval takes the differences to be normal; without that, so few pairs show none",
    ),
    "with 0": (
        "Interval with 0, difference shown",
        "an interval takes the differences to be normal, which an outlier spoils; the verdict’s "
        "sign flips do not",
    ),
    "beyond": (
        "Interval beyond the margin, “equivalent”",
        "two one-sided tests go with a narrower interval, of twice their level",
    ),
}
SIGNS = {"better": "▲", "worse": "▼", "equivalent": "≈", "not shown": "·"}


def known(value):
    """Whether there is a number to show."""
    return value is not None and isinstance(value, int | float) and math.isfinite(value)


def percent(fraction, digits=2):
    """95.23 for 0.9523; a dash where there is none."""
    return f"{100 * fraction:.{digits}f}" if known(fraction) else DASH


def points(fraction, digits=2):
    """+1.25 or −1.25 for a difference of fractions, in percentage points."""
    if not known(fraction):
        return DASH
    text = f"{100 * fraction:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else f"{0:.{digits}f}"


def interval(low, high, digits=2, show=percent):
    """ "1.10 to 2.30"; a dash where there is none."""
    if not (known(low) and known(high)):
        return DASH
    return f"{show(low, digits)} to {show(high, digits)}"


def probability(p):
    """A p value: 0.012, or < 0.001."""
    if not known(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def correlation(value, digits=2):
    """+0.42 for a correlation."""
    return f"{value:+.{digits}f}".replace("-", MINUS) if known(value) else DASH


def ratio(value):
    """ "1.25 ×" for a multiple."""
    return f"{value:.2f} ×" if known(value) else DASH


def count(n, word, plural=None):
    """ "1 seed", "10 seeds"."""
    return f"{n} {word if n == 1 else plural or word + 's'}"


def thousands(n):
    """ "50 000", with the narrow space of large numbers."""
    return f"{n:,}".replace(",", "\u202f")


def listed(words, most=None, last="and"):
    """ "a, b and c"; beyond `most` words the rest is only counted."""
    words = list(words)
    if most and len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def confidence(plan):
    """ "95 %" for the plan's confidence."""
    return f"{100 * plan['confidence']:g} %"


def contrast(row, plan):
    """ELU (+2.58 pp, +1.77 to +3.40), for a row of the contrasts as a mapping."""
    reach = f", {interval(row['low'], row['high'], show=points)}" if known(row["low"]) else ""
    small = ", by less than the margin" if within_margin(row, plan) else ""
    return f"{label(row['activation'])} ({points(row['mean_diff'])} pp{reach}{small})"


def verdicts(tables, setting):
    """What was found in one setting, as a list of (verdict, sentence)."""
    plan, rows = tables.analysis["plan"], tables.of(tables.compared, setting)
    said = []
    for verdict in SIGNS:
        group = rows[rows["verdict"] == verdict]
        group = group.sort_values("mean_diff", ascending=verdict == "worse", kind="stable")
        if len(group):
            said.append((verdict, _group(group.to_dict("records"), plan)))
    return said


def _group(rows, plan, most=8):
    """The contrasts of one verdict in words; beyond `most` only names, for the rest is a table."""
    shown = rows if len(rows) <= most else rows[: most - 2]
    rest = [label(row["activation"]) for row in rows[len(shown) :]]
    more = f"; then {listed(rest)}" if rest else ""
    return listed(contrast(row, plan) for row in shown) + more


def apart(tables, setting):
    """Why an interval and the verdict beside it say different things, where they do: sentences."""
    plan, rows = tables.analysis["plan"], tables.of(tables.compared, setting)
    found = {}
    for row in rows.to_dict("records"):
        kind = torn(row, plan["margin"])
        if kind == "without 0":
            few = row["n_pairs"] <= plan["descriptive_up_to_pairs"]
            kind = "few" if few else kind if len(rows) > 1 else "alone"
        if kind:
            found.setdefault(kind, []).append(label(row["activation"]))
    for kind, names in found.items():
        what, why = TORN[kind]
        yield f"{what} ({listed(names, 6)}): {why.format(n=len(rows))}."


def torn(row, margin):
    """How the interval of a contrast stands against its verdict, or None where they agree."""
    if not known(row["low"]):
        return None
    shown, outside = row["verdict"] in ("better", "worse"), row["low"] > 0 or row["high"] < 0
    if shown != outside:
        return "without 0" if outside else "with 0"
    wide = row["low"] < -margin or row["high"] > margin
    return "beyond" if row["verdict"] == "equivalent" and wide else None


def unpaired(tables, setting):
    """Which activations of a setting share no seed with the control, in words, or None."""
    rows = tables.of(tables.primary, setting)
    alone = [label(a) for a in rows.loc[rows["n_pairs"] == 0, "activation"]]
    if not alone:
        return None
    control = label(tables.control)
    return f"Not compared, for want of a seed shared with {control}: {listed(alone, 8)}."


def scoreless(tables, setting):
    """That no run of a setting has a score, or None: all equal there is no finding."""
    if (tables.of(tables.runs, setting)["status"] == "ok").any():
        return None
    return "Every run diverged here, so that all score as guessing and nothing can be said."


def lost(tables, setting):
    """Whose runs diverged here, and what that makes of differences; None where none or all did."""
    cells = [cell for cell in tables.rows("failures", setting) if cell["n_failed"]]
    if not cells or scoreless(tables, setting):
        return None
    control = label(tables.control)
    said = listed(
        (f"{c['n_failed']} of {c['n_runs']} of {label(c['activation'])}" for c in cells), 6
    )
    chance = tables.analysis["plan"]["chance"].get(setting[2])
    whose = {cell["activation"] for cell in cells}
    into = f" and with that every difference from {control}" if tables.control in whose else ""
    return f"Diverged runs: {said}; they score as guessing ({percent(chance)} %){into}."


def guessing(tables, setting):
    """How near to guessing all of a setting's means are, in words, or None."""
    chance = tables.analysis["plan"]["chance"].get(setting[2])
    rows = tables.of(tables.summaries, setting).dropna(subset=["mean", "low"])
    if chance is None or rows.empty:
        return None
    if (rows["low"] <= chance).all():
        return f"No activation is shown to be better than guessing here ({percent(chance)} %)."
    if (rows["mean"] <= chance + HARDLY).all():
        return (
            f"Hardly anything was learned here: no activation is more than {percent(HARDLY, 0)} pp "
            f"above guessing ({percent(chance)} %)."
        )
    own = rows.loc[rows["activation"] == tables.control, "low"]
    if (own <= chance).any():
        return (
            f"{label(tables.control)} itself is not shown to be better than guessing here "
            f"({percent(chance)} %), so that “better” may say no more than that something was "
            "learned."
        )
    return None


def headline(tables):
    """The one sentence at the top: who differs from the control, and in which direction."""
    control = label(tables.control)
    rows, paired = tables.compared, int((tables.primary["n_pairs"] > 0).sum())
    own = f" {control}’s own runs stand under other names too." if len(rows) < paired else ""
    if rows.empty:
        return f"Nothing could be compared with {control}.{own}"
    n = {verdict: int((rows["verdict"] == verdict).sum()) for verdict in SIGNS}
    where = f" in {len(tables.settings)} settings" if len(tables.settings) > 1 else ""
    same = f", {n['equivalent']} equivalent" if n["equivalent"] else ""
    rest = f", and in {n['not shown']} no difference was shown" if n["not shown"] else ""
    return (
        f"Of {count(len(rows), 'comparison')} with {control}{where}, {n['better']} came out "
        f"better, {n['worse']} worse{same}{rest}.{own}{_too_few(tables)}"
        f"{_together(tables, rows)}"
    )


def _too_few(tables):
    """That nothing could come out better or worse, where pairs are too few for it everywhere."""
    about = tables.analysis["settings"]
    few = all(setting["descriptive_only"] for setting in about if setting["has_control"])
    return " With so few seeds no difference could be shown." if few else ""


def _together(tables, rows):
    """What of several settings also holds for the study as a whole, corrected over all of it."""
    if len(tables.settings) < 2:
        return ""
    level = round(1 - tables.analysis["plan"]["confidence"], 10)
    if not rows["verdict"].isin(["better", "worse"]).any():
        return ""
    hold = rows["verdict"].isin(["better", "worse"]) & (rows["p_max_t_study"] < level)
    return (
        " Each setting is corrected for itself; corrected over the whole study, "
        f"{int(hold.sum())} of these differences hold."
    )


def best_in_the_study(tables):
    """Whether the control is the best in every setting, or None with one setting."""
    found, control = tables.analysis["control_is_best"], label(tables.control)
    few = any(setting["descriptive_only"] for setting in tables.analysis["settings"])
    nothing = tables.compared.empty or (few and found["verdict"] != "contradicted")
    if len(tables.settings) < 2 or not found["verdict"] or nothing:
        return None
    if found["verdict"] == "supported":
        p = probability(found["p"])
        said = f"{control} is better than every other in every setting (p {p})"
        return f"{_as_shown(said, tables.primary)}."
    if found["verdict"] == "contradicted":
        return f"{control} is not the best everywhere: {_where(tables, found['better'])}."
    return (
        f"Corrected over the whole study, whether {control} is the best in every setting is "
        "undecided."
    )


def _as_shown(said, rows):
    """The claim that the control is above all, tested on one side, beside the verdicts on two."""
    if (rows["verdict"] == "worse").all():
        return said
    return f"One-sided, {said}, which the two-sided verdicts do not all show"


def _where(tables, better):
    """ "ELU on Digits" for rows of setting and activation, the first few of them."""
    places = (
        f"{label(r['activation'])} is better on "
        f"{tables.title((r['recipe'], r['network'], r['dataset']))}"
        for r in better
    )
    return listed(places, 4)


def best(tables, setting):
    """Whether the control is the best of a setting, and who could be; None where nothing can be."""
    (about,) = tables.rows("settings", setting)
    control, found = label(tables.control), about["control_is_best"]
    could = [label(a) for a in tables.best_first(setting) if a in about["could_be_best"]]
    sure = f" ({confidence(tables.analysis['plan'])} confidence)"
    last = f" The best could be {listed(could, 8, 'or')}{sure}." if could else ""
    if len(could) == 1:
        last = f" Only {could[0]} could be the best{sure}."
    compared = not tables.of(tables.compared, setting).empty and not scoreless(tables, setting)
    if not compared or about["descriptive_only"]:
        return None
    if found["verdict"] == "supported":
        said = f"{control} is better than every other here (p {probability(found['p'])})"
        return f"{_as_shown(said, tables.of(tables.primary, setting))}.{last}"
    if found["verdict"] == "contradicted":
        return f"{control} is not the best here.{last}"
    return f"Whether {control} is the best here is undecided.{last}"


def across_datasets(tables, group, named=False):
    """Whether one activation leads over the data sets of a recipe and network, in a sentence."""
    where = f" with {group['network']} and {group['recipe']}" if named else ""
    over = f"Over {listed(map(dataset_label, group['datasets']))} together{where}"
    if group["winner"]:
        return f"{over}, {label(group['winner'])} is better than every other."
    torn = [label(row["activation"]) for row in group["rows"] if row["interaction"]]
    why = f": the difference depends on the data set for {listed(torn, 4)}" if torn else ""
    seeds = tables.analysis["plan"]["descriptive_up_to_pairs"]
    few = [row for row in group["rows"] if not known(row["df"]) or row["df"] < seeds]
    why = why or (": so few seeds show nothing" if few else "")
    return f"{over}, no winner is named{why}."


def unseen(tables, setting):
    """What a setting could not have shown: its minimum detectable effect in words, or None."""
    (power,) = tables.rows("power", setting) or [None]
    if not power or not known(power["mde"]):
        return None
    sentence = (
        f"With {count(power['n_pairs'], 'pair')} whose differences have a standard deviation of "
        f"{percent(power['sd_diff'])} pp{_median(power)}, a true difference of "
        f"{percent(power['mde'])} pp is seen in {percent(tables.analysis['plan']['power'], 0)} % "
        "of such studies and a smaller one less often"
    )
    if known(power["mde_corrected"]) and power["n_contrasts"] > 1:
        sentence += (
            f"; corrected for {count(power['n_contrasts'], 'comparison')} it takes "
            f"{percent(power['mde_corrected'])} pp"
        )
    return sentence + "."


def _median(power):
    """That spread and pairs are the middle of several comparisons."""
    n = power["n_contrasts"]
    return f", both the median of {count(n, 'comparison')}" if n > 1 else ""


def trained(study):
    """What was trained, on how much and for how long, in a sentence; None of tables from outside.

    It stands under the headline: no score means anything without it.
    """
    if study["runs"]:
        return None
    epochs = sorted({recipe["epochs"] for recipe in study["recipes"].values()})
    long = f"{epochs[0]} to {count(epochs[-1], 'epoch')}" if epochs[1:] else count(*epochs, "epoch")
    precisions = list(dict.fromkeys(map(precision, study["recipes"].values())))
    rounded = "" if precisions == ["float32"] else f"in {listed(precisions)} "
    size = f"{thousands(study['train_size'])} training" if study["train_size"] else "all training"
    held = study["validation"]
    kept = f"{100 * (1 - held):g} % of " if held else ""
    less = ", the others held out" if held else ""
    data = listed(map(dataset_label, study["datasets"]))
    each = " each" if len(study["datasets"]) > 1 else ""
    nets = listed((_network(*item) for item in study["networks"].items()), 3)
    return (
        f"Trained: {nets} for {long} {rounded}on {kept}{size} images of {data}{each}{less}; "
        f"{count(study['seeds'], 'seed')}."
    )


def form(profile):
    """What of an activation a profile is about, where training makes another function of it."""
    if profile.get("parameters"):
        return "at the start values"
    return "as evaluated" if profile.get("draws") else None


def held(tables):
    """That what learns is proven where it starts, and what draws as it is evaluated: sentences."""
    forms = {label(name): form(profile) for name, profile in sorted(tables.profiles.items())}
    learn, draw = ([name for name, held in forms.items() if held == word]
                   for word in ("at the start values", "as evaluated"))  # fmt: skip
    if learn:
        yield (
            f"{listed(learn)} {'learns' if len(learn) == 1 else 'learn'}: what stands here is of "
            "the start values, and of what training makes of them nothing is proven."
        )
    if draw:
        yield (
            f"{listed(draw)} {'draws' if len(draw) == 1 else 'draw'} at random in training: what "
            "stands here is of the form that is evaluated."
        )


def stated(study):
    """[(name, text)] of the activations that are a line of the study and no file of the house."""
    return [(name, text) for name, text in study["activations"].items() if text]


def precision(recipe):
    """That of a recipe, in words."""
    return {"tf32": "float32 (TF32 on a GPU)"}.get(recipe["precision"], recipe["precision"])


def _network(name, network):
    about = [network["file"]] if network["file"] != name else []
    about += [f"{key} {value}" for key, value in network["parameters"].items()]
    return f"{name} ({', '.join(about)})" if about else name


def limits(tables, study):
    """What a reader must know before quoting a number, as a list of sentences."""
    said = [*_design(tables), *_data(tables, study)]
    for setting in tables.settings:
        sentence = unseen(tables, setting)
        where = f"{tables.title(setting)}: " if len(tables.settings) > 1 else ""
        said += [where + sentence] if sentence else []
    return [*said, *_images(), _failures(tables), *_executions(tables), *_busy(tables)]


def _images():
    """What no number of seeds says."""
    yield "For these test images: an interval meant for others, too, would be wider."


def _failures(tables):
    """How many runs failed, and how many may fail where none did."""
    cells = tables.analysis["failures"]
    failed = sum(cell["n_failed"] for cell in cells)
    if failed:
        said = (
            f"{count(failed, 'run')} of {len(tables.runs)} diverged; they count as guessing, not "
            "as missing."
        )
    else:
        said = "No run diverged."
    return f"{said} {unseen_failures(tables)}".rstrip()


def unseen_failures(tables):
    """How often runs may fail that never did here, in a sentence; "" where each cell has some."""
    spared = [cell for cell in tables.analysis["failures"] if not cell["n_failed"]]
    if not spared:
        return ""
    cell = min(spared, key=lambda cell: cell["n_runs"])
    return (
        f"No failure in {count(cell['n_runs'], 'seed')} leaves it open whether up to "
        f"{percent(cell['high'], 0)} % of such runs fail, and a mean or a verdict, “equivalent” "
        "too, takes it that hardly any do."
    )


def _design(tables):
    """What one recipe or few seeds cannot say."""
    if len({s[0] for s in tables.settings}) == 1:
        yield "For this recipe only: another way of training may order the activations differently."
    few = [s for s in tables.settings if tables.rows("settings", s)[0]["descriptive_only"]]
    yield from _unbalanced(tables)
    plan = tables.analysis["plan"]
    most = plan["descriptive_up_to_pairs"]
    if few:
        where = "" if len(few) == len(tables.settings) else listed(map(tables.title, few)) + ": "
        yield (
            f"{where}Descriptive only: with {count(most, 'pair')} or fewer the smallest possible p "
            f"of a rank or sign-flip test is {2 / 2**most:.1g} or more, so that no difference can "
            f"be confirmed at {chance_of(plan)}; an “equivalent” rests on a normal distribution "
            "alone."
        )


def _unbalanced(tables):
    """That means are over different seeds, where they are."""
    pairs = tables.primary["n_pairs"]
    if len(pairs) and pairs.min() < pairs.max():
        yield (
            "Not all have the same seeds: a mean is over an activation’s own, a difference over "
            f"the {pairs.min()} to {pairs.max()} that it shares with {label(tables.control)}."
        )


def chance_of(plan):
    """ "5 %": how often a test at the plan's confidence errs."""
    return f"{round(100 * (1 - plan['confidence']), 10):g} %"


def _data(tables, study):
    """What is special about the images that the runs of each data set saw."""
    for dataset in sorted(set(tables.runs["dataset"])):
        said = (
            [getattr(datasets.load(dataset), "caveat", "")] if dataset in datasets.names() else []
        )
        if study["train_size"]:
            size = thousands(study["train_size"])
            said.append(f"Trained on a fixed draw of {size} images, not on the whole training set.")
        yield from (f"{dataset_label(dataset)}: {text}" for text in said if text)


def _busy(tables):
    """That times are not shown, where the machine did other work beside the runs."""
    if tables.busy:
        yield (
            "Equal runs took up to "
            f"{tables.time_spread:.1f} times as long as others, so the machine was busy with other "
            "work too: times are not shown."
        )


def _executions(tables):
    """That runs were not all made alike, where they were not."""
    kinds = tables.analysis["cost"]["executions"]
    mixed = tables.analysis["cost"]["mixed"]
    if len(kinds) < 2:
        return []
    shown = (
        f"{k['device']}, {k['instruction_set']}, {count(k['threads'], 'thread')}, "
        f"torch {k['torch']} ({count(k['n_runs'], 'run')})"
        for k in kinds
    )
    pairs = f" In {count(len(mixed), 'contrast')} some pairs mix them." if mixed else ""
    return [f"The runs were made in {len(kinds)} different ways: {listed(shown, 6)}.{pairs}"]


def machine(cell):
    """ "AMD EPYC, AVX512, node1" for what a cell of the costs was trained on."""
    about = (cell["device_name"] or cell["device"], cell["instruction_set"], cell["host"])
    return ", ".join(filter(None, about)) or "unknown"


def published(tables):
    """How many published figures one more run of ours could have given, in a sentence."""
    found = tables.analysis["published"]
    rows = found["rows"]
    apart = [r["difference"] for r in rows if r["difference"]]
    inside = sum(r["verdict"] == "within" for r in rows)
    agree = sum(d["verdict"] == "within" for d in apart)
    more = ""
    if apart:
        more = (
            f", and {agree} of {count(len(apart), 'published difference')} from "
            f"{label(tables.control)} are not excluded as one more pair of ours"
        )
    return (
        f"Of {count(len(rows), 'accuracy', 'accuracies')} that {found['source']['name']} reports "
        f"for what was run here, {inside} are not excluded as one more run of ours{more}."
    )


def survival(tables):
    """What becomes of verdicts from recipe to recipe, in a few sentences."""
    rows = tables.analysis["recipes"]["survival"]
    asked = [row for row in rows if row["survives"] is not None]
    stay, turned = (sum(bool(row[key]) for row in asked) for key in ("survives", "reverses"))
    said = "No recipe shows anything, so that no verdict could survive."
    if asked:
        said = (
            f"Of {count(len(asked), 'comparison')} with a verdict under some recipe, {stay} "
            f"{'has' if stay == 1 else 'have'} the same under every one that tried it, and "
            f"{turned} {'is' if turned == 1 else 'are'} better under one and worse under another."
        )
    silent = [row for row in rows if row["survives"] is None]
    return f"{said} {_silent(silent)}".rstrip()


def _silent(rows):
    """How far apart differences lie of which no recipe shows any; "" without such rows."""
    lies = [d for row in rows for d in row["differences"].values() if known(d)]
    if not lies:
        return ""
    names = listed(dict.fromkeys(label(row["activation"]) for row in rows), 6)
    return (
        f"For {names} none shows anything, which is no agreement: their differences reach from "
        f"{points(min(lies))} to {points(max(lies))} pp."
    )


def survives(row):
    """The last cell of a row of the survival table."""
    return {True: "yes", False: "no", None: "nothing shown"}[row["survives"]]


def recipes(survival):
    """The names of all recipes that any row of the survival table has, sorted."""
    return sorted({recipe for row in survival for recipe in row["verdicts"]})


def within_margin(row, plan):
    """Whether a better or worse is shown to be smaller than the margin, corrected as it is."""
    level = round(1 - plan["confidence"], 10)
    small = known(row["p_tost_holm"]) and row["p_tost_holm"] < level
    return row["verdict"] in ("better", "worse") and small


def shares(p_superior):
    """ "80 %" for a share of pairs."""
    return f"{percent(p_superior, 0)} %" if known(p_superior) else DASH
