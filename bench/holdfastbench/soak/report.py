"""Judges a soak, and writes soak.json, soak.md and soak.svg."""

import json
import math

from holdfastbench import report
from holdfastbench.soak import growth, plot

# In a shorter life caches still fill: growth is not judged.
LIFE_MINUTES = 20
# What each may grow by in an hour, beyond twice the standard error. The repository is the same in all lives.
BOUNDS = {"RssAnon MB": 1, "descriptors": 2, "threads": 2, "repository MB": 10}
SHOWN_ROWS = 24


def judged(rows, faults):
    """Goals as `report.goal_lines` shows them. `faults`: {goal: how many were found}."""
    for key, bound in BOUNDS.items():
        is_of_all_lives = key == "repository MB"
        own = [{**row, "life": 0} for row in rows] if is_of_all_lives else rows
        rise, error = growth.slope(own, key, LIFE_MINUTES)
        is_known = math.isfinite(error)
        yield {
            "goal": f"{key}: growth an hour, {'over all' if is_of_all_lives else f'within lives of {LIFE_MINUTES} minutes or more'}",
            "bound": f"≤ {bound} + 2 standard errors",
            "measured": f"{rise:+.2f}, standard error {error:.2f}" if is_known else report.NONE,
            "limit": report.NONE,
            "met": rise - 2 * error <= bound if is_known else None,
        }
    for goal, count in faults.items():
        yield {"goal": goal, "bound": "0", "measured": str(count), "limit": report.NONE, "met": count == 0}


def cell(value):
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def table(rows):
    """Some of the rows, evenly spread, the last one among them."""
    step = math.ceil(len(rows) / SHOWN_ROWS)
    shown = rows[::-1][::step][::-1]
    lines = ["| " + " | ".join(shown[0]) + " |", "|---" * len(shown[0]) + "|"]
    return lines + ["| " + " | ".join(map(cell, row.values())) + " |" for row in shown]


def write(results, record):
    """`record`: what the JSON file has. Each row and each event has a line of its own there."""
    results.mkdir(parents=True, exist_ok=True)
    lines = [f"# {record['scenario']}: {record['title']}", "", *report.describe(record), "", record["what"], ""]
    lines += [*report.goal_lines(record["goals"]), ""]
    lines += [f"- WRONG {problem}" for problem in record["wrong"]] + [""] * bool(record["wrong"])
    if record["rows"]:
        (results / "soak.svg").write_text(plot.draw(record["rows"], record["events"], record["hours"] * 60))
        lines += ["![figures over time](soak.svg)", "", *table(record["rows"]), ""]
    (results / "soak.md").write_text("\n".join(lines).rstrip() + "\n")
    fields = []
    for key, value in record.items():
        if isinstance(value, list) and value:
            value = "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in value) + "\n ]"
        else:
            value = json.dumps(value)
        fields.append(f" {json.dumps(key)}: {value}")
    (results / "soak.json").write_text("{\n" + ",\n".join(fields) + "\n}\n")
