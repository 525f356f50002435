"""Everything that a report says, as one mapping that json can hold."""

from ..tables import finite


def analysis(summaries, contrasts, control, confidence, margin, chance):
    """The plan that was run and its results; the names are those of the tables' columns."""
    return finite(
        {
            "plan": {
                "control": control,
                "confidence": confidence,
                "margin": margin,
                "chance": chance,
                "response": "final-epoch test accuracy",
                "test": "paired t, Holm over the contrasts of a setting",
            },
            "summaries": summaries,
            "contrasts": contrasts,
        }
    )
