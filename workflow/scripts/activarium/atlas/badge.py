"""A badge for a README: what an activation's verdicts are, as a small SVG."""

import html

HEIGHT, PER_LETTER, PAD = 20, 6.6, 10


def badge_svg(label: str, better: int, worse: int, ran: int) -> str:
    """ "GELU | 3 better, 1 worse of 12": counts of verdicts against the control of each setting."""
    said = f"{better} better, {worse} worse of {ran}" if ran else "proven, not trained"
    left, right = (round(len(text) * PER_LETTER + PAD) for text in (label, said))
    colour = "#00694e" if better > worse else "#9b3678" if worse > better else "#57606a"
    title = html.escape(f"Activarium: {label}: {said}")
    texts = "".join(
        f'<text x="{x:g}" y="14" text-anchor="middle">{html.escape(text)}</text>'
        for x, text in ((left / 2, label), (left + right / 2, said))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left + right}" height="{HEIGHT}" rx="3" fill="{colour}"/>'
        f'<path d="M3 0h{left - 3}v{HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#24292f"/>'
        f'<g fill="#fff" font-family="Verdana,Geneva,sans-serif" font-size="11">{texts}</g></svg>\n'
    )
