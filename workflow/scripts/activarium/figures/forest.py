"""Each activation's mean difference from the control over paired seeds, with its Student-t
interval; the band is the margin within which two activations count as equally good."""

import matplotlib.pyplot as plt

from ._style import CONTROL, FAINT, INK

title = "Difference from the control"


def draw(tables):
    """One panel a setting, activations in the order of their differences."""
    primary = tables.contrasts[tables.contrasts["failures"] == "chance"]
    settings = list(primary.groupby(["recipe", "network", "dataset"]))
    margin = 100 * tables.analysis["plan"]["margin"]
    height = 0.6 + 0.24 * max(len(group) for _, group in settings)
    figure, axes = plt.subplots(
        1, len(settings), figsize=(7.2, height), squeeze=False, layout="constrained"
    )
    for ax, (setting, group) in zip(axes[0], settings, strict=True):
        group = group.sort_values("mean_diff").reset_index()
        ax.axvspan(-margin, margin, color=FAINT, alpha=0.2, lw=0)
        ax.axvline(0, color=CONTROL, lw=1)
        for i, row in group.iterrows():
            ax.plot([100 * row["low"], 100 * row["high"]], [i, i], color=INK, lw=1.2)
            ax.plot(100 * row["mean_diff"], i, "o", color=INK, ms=4)
        ax.set_yticks(range(len(group)), group["activation"])
        ax.set_xlabel(f"accuracy − {group['control'][0]}, percentage points")
        ax.set_title(" · ".join(setting))
    return figure


def finding(tables):
    """How many differ from the control."""
    primary = tables.contrasts[tables.contrasts["failures"] == "chance"]
    n = (primary["verdict"] != "not shown").sum()
    return f"{n} of {len(primary)} contrasts differ from the control."
