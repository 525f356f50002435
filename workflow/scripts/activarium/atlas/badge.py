"""A badge for a README: what an activation's verdicts are, as a small SVG."""

import html

HEIGHT, PER_LETTER, PAD = 20, 6.6, 10


def badge_svg(label: str, said: str) -> str:
    """Two fields: `label`, and what is `said` of it."""
    left, right = (round(len(text) * PER_LETTER + PAD) for text in (label, said))
    colour = "#005a8e"
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
