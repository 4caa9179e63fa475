"""Draws the rows of a soak as SVG: a panel for each figure, one above the other."""

import itertools
import math

KEYS = ("RSS MB", "RssAnon MB", "descriptors", "threads", "CPU %", "repository MB")
WIDTH, HEIGHT, LEFT, GAP = 720, 70, 50, 30
STYLE = (
    "text{font:11px sans-serif}polyline{fill:none;stroke:#1f77b4;stroke-linecap:round}"
    ".t{stroke:#bbb;stroke-width:.5}.f{stroke:#d62728}.c{stroke:#2ca02c}"
)


def draw(rows, events, minutes):
    """`events` as `Troubles` has them: grey where a watcher was ended, red where the disk was full, green where the clock was set."""

    def across(minute):
        return LEFT + minute / minutes * (WIDTH - LEFT - 10)

    height = GAP + len(KEYS) * (HEIGHT + GAP)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">']
    lines += [f"<style>{STYLE}</style>", '<rect width="100%" height="100%" fill="#fff"/>']
    for kind, word in (("t", "SIG"), ("f", "full"), ("c", "clock")):
        steps = "".join(f"M{across(at / 60):.1f} 20V{height - GAP}" for at, what, _ in events if word in what)
        lines.append(f'<path class="t {kind}" d="{steps}"/>')
    for number, key in enumerate(KEYS):
        top = GAP + number * (HEIGHT + GAP)
        most = rounded(max(row[key] for row in rows))
        lines.append(f'<text x="{LEFT}" y="{top - 5}">{key}</text>')
        lines += [
            f'<path class="t" d="M{LEFT} {y}H{WIDTH - 10}"/><text x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{value:g}</text>'
            for y, value in ((top, most), (top + HEIGHT, 0))
        ]
        for _, life in itertools.groupby(rows, key=lambda row: row["life"]):
            points = [f"{across(row['minute']):.1f},{top + HEIGHT * (1 - row[key] / most):.1f}" for row in life]
            # A line needs two points to be seen.
            lines.append(f'<polyline points="{" ".join(points if points[1:] else points * 2)}"/>')
    lines.append(f'<text x="{LEFT}" y="{height - 8}">0</text>')
    lines.append(f'<text x="{WIDTH - 10}" y="{height - 8}" text-anchor="end">{minutes:g} minutes</text>')
    return "\n".join([*lines, "</svg>", ""])


def rounded(value):
    """The next greater of 1, 2, 5 and their multiples by ten."""
    unit = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= value)
