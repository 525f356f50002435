"""Can the t interval be trusted? Every contrast's differences, centred and scaled, are drawn
against the quantiles of a normal distribution. Points on the line agree with it; a bent tail
does not."""

from ..report.formatting import percent
from ._style import FAINT, INK, setting_panels

title = "Residuals against a normal distribution"
place = 90


def draw(tables):
    """One panel a setting; None where there are too few pairs."""
    if not any(d["qq"]["theoretical"] for d in tables.analysis["diagnostics"]):
        return None
    figure, axes = setting_panels(tables, 2.6)
    for i, (setting, ax) in enumerate(axes.items()):
        (found,) = tables.rows("diagnostics", setting)
        ax.axline((0, 0), slope=1, color=FAINT, lw=1)
        ax.plot(found["qq"]["theoretical"], found["qq"]["observed"], ".", color=INK, ms=3)
        ax.set(xlabel="normal quantiles", ylabel="studentised residuals" if i == 0 else "")
        ax.set_box_aspect(0.8)
    return figure


def finding(tables):
    """The control's standard deviation over seeds, in each setting."""
    words = []
    for setting in tables.settings:
        for found in tables.rows("diagnostics", setting):
            if found["control_sd"] is None:
                continue
            words.append(
                f"{tables.title(setting)}: over seeds the control's accuracy has a standard "
                f"deviation of {percent(found['control_sd'])} pp."
            )
    return " ".join(words) or "No setting has two seeds of the control."
