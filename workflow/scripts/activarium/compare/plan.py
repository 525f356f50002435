"""The analysis plan in data: what was run, on which family, from which source.

The report's methods text is worded from this and from nothing else.
"""

from collections.abc import Mapping

from .contrasts import RANKS_FROM
from .permutation_tests import DRAWN, EXACT, SEED, smallest_p
from .power import DIFFERENCES, POWER
from .scores import DIGITS, significance_level
from .theory import PROPERTIES
from .training_costs import MACHINE, SAME_BITS

METHODS = [
    {
        "question": "how much better",
        "method": "mean paired difference from the control, Student-t interval",
        "columns": ["mean_diff", "sd_diff", "low", "high", "p_t"],
        "family": None,
        "status": "estimate",
        "source": "Student 1908",
    },
    {
        "question": "which differ from the control",
        "method": "studentised max-T over joint sign flips of seeds, single step",
        "columns": ["p_max_t", "low_simultaneous", "high_simultaneous"],
        "family": "contrasts of a setting",
        "status": "confirmatory",
        "source": "Westfall and Young 1993; Romano and Wolf 2005",
    },
    {
        "question": "which differ from the control, over the whole study",
        "method": "the same max-T, signs flipped jointly by seed in all settings",
        "columns": ["p_max_t_study"],
        "family": "contrasts of the study",
        "status": "confirmatory",
        "source": "Westfall and Young 1993; Romano and Wolf 2005",
    },
    {
        "question": "does it hold without a normal distribution",
        "method": "exact signed-rank test, zeros dropped, mean ranks for ties, Holm",
        "columns": ["p_wilcoxon", "p_wilcoxon_holm"],
        "family": f"contrasts of a setting with {RANKS_FROM} or more pairs",
        "status": "companion",
        "source": "Wilcoxon 1945; Streitberg and Röhmel 1986; Holm 1979",
    },
    {
        "question": "does it hold by the simplest correction",
        "method": "paired t test, Holm",
        "columns": ["p_t_holm"],
        "family": "contrasts of a setting",
        "status": "companion",
        "source": "Holm 1979",
    },
    {
        "question": "what one would have claimed without correction",
        "method": "sign-flip test of the mean difference",
        "columns": ["p_signflip"],
        "family": None,
        "status": "companion",
        "source": "Fisher 1935",
    },
    {
        "question": "as good as the control",
        "method": "two one-sided paired t tests with the margin, Holm",
        "columns": ["p_tost", "p_tost_holm"],
        "family": "contrasts of a setting",
        "status": "confirmatory",
        "source": "Schuirmann 1987; Holm 1979",
    },
    {
        "question": "how often",
        "method": "share of pairs won, ties half; Cliff's delta of the two samples, unpaired",
        "columns": ["p_superior", "cliffs_delta", "wins", "ties", "losses"],
        "family": None,
        "status": "estimate",
        "source": "Cliff 1993",
    },
    {
        "question": "all pairs",
        "method": "paired t test, Benjamini–Hochberg",
        "columns": ["pairs"],
        "family": "pairs of a setting",
        "status": "exploratory",
        "source": "Benjamini and Hochberg 1995",
    },
    {
        "question": "are they two activations at all",
        "method": "losses of every epoch, else images classified correctly, else scores, equal on "
        "every seed that both have",
        "columns": ["identical_runs"],
        "family": None,
        "status": "check",
        "source": None,
    },
    {
        "question": "is the control the best",
        "method": "intersection–union of one-sided paired t tests against every other",
        "columns": ["control_is_best"],
        "family": "a conjunction, uncorrected",
        "status": "confirmatory",
        "source": "Berger 1982",
    },
    {
        "question": "which could be the best",
        "method": "each against all others by a max-T of its own, ruled out where one is better",
        "columns": ["could_be_best"],
        "family": "the others of a setting, for each one its own; near the level one that is "
        "worse than the control may be left in",
        "status": "confirmatory",
        "source": "after Gupta 1965 and Hsu 1981",
    },
    {
        "question": "which place it could have",
        "method": "simultaneous rank intervals from a max-T over all pairs",
        "columns": ["rank_low", "rank_high"],
        "family": "pairs of a setting",
        "status": "confirmatory",
        "source": "Mogstad, Romano, Shaikh and Wilhelm 2024",
    },
    {
        "question": "over data sets, within one recipe and network",
        "method": "equal-weight mean of differences within each seed, paired t test, Holm (without "
        "two common seeds: stratified error, Satterthwaite's degrees of freedom); Welch's analysis "
        "of variance for interaction, Holm",
        "columns": ["across_datasets"],
        "family": "activations of a recipe × network",
        "status": "confirmatory",
        "source": "Student 1908; Satterthwaite 1946; Welch 1951; Holm 1979",
    },
    {
        "question": "how often runs fail",
        "method": "a failure scores as chance; Clopper–Pearson interval; complete cases as a check",
        "columns": ["failures"],
        "family": None,
        "status": "estimate",
        "source": "Clopper and Pearson 1934",
    },
    {
        "question": "how sure is the accuracy itself",
        "method": "standard error over test images of the correctness averaged over seeds",
        "columns": ["standard_errors"],
        "family": None,
        "status": "estimate",
        "source": "Miller 2024",
    },
    {
        "question": "is the machinery honest",
        "method": "A/A: the upper half of the control's seeds against the lower, as any contrast",
        "columns": ["aa_test"],
        "family": "one contrast a setting",
        "status": "check",
        "source": "Kohavi, Tang and Xu 2020, Trustworthy online controlled experiments, ch. 19",
    },
    {
        "question": "what could not have been seen",
        "method": f"power of the paired t test at {POWER}, level divided by the contrasts",
        "columns": ["power"],
        "family": "contrasts of a setting, Bonferroni",
        "status": "estimate",
        "source": "Cohen 1988",
    },
    {
        "question": "does a verdict depend on the method",
        "method": "the verdict again by every other test",
        "columns": ["sensitivity"],
        "family": "as that of each test",
        "status": "check",
        "source": None,
    },
    {
        "question": "does a verdict survive another recipe",
        "method": "the verdicts of all recipes side by side; each activation at the recipe of its "
        "highest mean validation accuracy, compared as one setting",
        "columns": ["recipes"],
        "family": "contrasts of a setting",
        "status": "check",
        "source": None,
    },
    {
        "question": "could one more run have given what was published",
        "method": "Student-t prediction interval of one further run, and of one further pair",
        "columns": ["published"],
        "family": None,
        "status": "estimate",
        "source": "Whitmore 1986",
    },
    {
        "question": "do proven properties go with scores",
        "method": "Spearman correlation over activations with the mean score, of "
        f"{', '.join(PROPERTIES)}, of what learns at its start values; permutation p, Holm",
        "columns": ["theory"],
        "family": "properties of a setting",
        "status": "exploratory",
        "source": "Bonett and Wright 2000; mean-field theory by property",
    },
    {
        "question": "how soon",
        "method": "epochs until the control's final accuracy less the margin, failures censored at "
        "the last epoch: Kaplan–Meier curve, median with exact binomial ends",
        "columns": ["time_to_target"],
        "family": None,
        "status": "estimate",
        "source": "Kaplan and Meier 1958; Conover 1999",
    },
    {
        "question": "at what cost",
        "method": "median time of a training image, its ratio to the reference, Pareto front, "
        "and the bytes that an element of the input keeps for the backward pass",
        "columns": ["cost"],
        "family": "one machine and setting",
        "status": "estimate",
        "source": None,
    },
]


def max_descriptive_pairs(confidence: float) -> int:
    """How many pairs are too few to show anything by sign flips: 5 at 95 %, for 2/2⁵ = 0.0625."""
    return max(n for n in range(EXACT + 1) if smallest_p(n) >= significance_level(confidence))


def analysis_plan(
    control: str, confidence: float, margin: float, chance: Mapping[str, float], n_settings: int
) -> dict:
    """Everything that the methods text of a study says, as a mapping that json can hold."""
    return {
        "control": control,
        "confidence": confidence,
        "margin": margin,
        "chance": chance,
        "n_settings": n_settings,
        "response": "final-epoch test accuracy, never the best epoch's",
        "setting": ["recipe", "network", "dataset"],
        "pairs": "seeds that both have, by their value",
        "failures": {"primary": "chance", "sensitivity": "complete_case"},
        "rounding": 10.0**-DIGITS,
        "permutations": {"exact_up_to_seeds": EXACT, "drawn": DRAWN, "generator_seed": SEED},
        "descriptive_up_to_pairs": max_descriptive_pairs(confidence),
        "corrected_ranks_from_pairs": RANKS_FROM,
        "power": POWER,
        "differences": list(DIFFERENCES),
        "simultaneous_intervals": "the same flips of differences less their mean; near the level "
        "a verdict and its interval can disagree, and the verdict is p_max_t's",
        "machine": MACHINE,
        "same_bits": SAME_BITS,
        "verdicts": {
            "better": "p_max_t < 1 − confidence and mean_diff > 0",
            "worse": "p_max_t < 1 − confidence and mean_diff < 0",
            "equivalent": "else, p_tost_holm < 1 − confidence; null where all differences are "
            "equal, for then nothing is known of their error",
            "not shown": "else",
        },
        "properties": {n: {"what": w, "source": s} for n, (w, s) in PROPERTIES.items()},
        "methods": METHODS,
    }
