"""Writes what was measured: NAME.json with every turn, NAME.md with the table, and the goals of all scenarios."""

import json
import statistics

from holdfastbench.scenario import measured, median

NONE = "-"


def cell(column, rounds, subject):
    """Median, spread when there are several rounds, and the ratio."""
    values = measured(rounds, subject, column.key)
    if not values:
        return "failed" if measured(rounds, subject, "failed") else NONE
    if isinstance(values[0], str):
        return ", ".join(dict.fromkeys(values))
    middle = statistics.median(values)
    text = column.form(middle)
    if len(values) > 1 and min(values) != max(values):
        text += f" [{column.form(min(values))}..{column.form(max(values))}]"
    other = median(rounds, column.versus, column.key) if column.versus and column.versus != subject else None
    return f"{text} ×{middle / other:.2f}" if other else text


def table(columns, rounds):
    shown = [column for column in columns if any(measured(rounds, subject, column.key) for subject in rounds)]
    lines = ["| beside | " + " | ".join(column.title for column in shown) + " |", "|---" * (len(shown) + 1) + "|"]
    lines += [
        f"| {subject} | " + " | ".join(cell(column, rounds, subject) for column in shown) + " |" for subject in rounds
    ]
    return "\n".join(lines)


def failures(rounds):
    """A line for each turn that brought no figures."""
    return [f"- {subject} failed: {reason}" for subject in rounds for reason in measured(rounds, subject, "failed")]


def judge(goals, rounds):
    """Each goal with what was measured and whether it is met: None where it was not measured."""
    for goal in goals:
        value = goal.value(rounds)
        bound = ("≥ " if goal.is_at_least else "≤ ") + goal.form(goal.bound)
        yield {
            "goal": goal.text,
            "bound": bound,
            "measured": NONE if value is None else goal.form(value),
            "limit": goal.limit or NONE,
            "met": None if value is None else goal.is_met(value),
        }


def goal_lines(judged):
    words = {True: "yes", False: "**no**", None: NONE}
    lines = ["| goal | bound | measured | met | cannot be better than |", "|---|---|---|---|---|"]
    return lines + [
        f"| {one['goal']} | {one['bound']} | {one['measured']} | {words[one['met']]} | {one['limit']} |" for one in judged
    ]


def describe(facts):
    """Commit, machine and sizes, in a line each."""
    machine = facts["machine"]
    lines = [
        f"Commit {facts['commit'][:12]}{'+' if facts['commit'].endswith('+') else ''}, {machine['time']}, "
        f"{facts['round_count']} round(s){', short sizes: good for nothing but a smoke test' if facts['short'] else ''}.",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}, "
        f"{machine['file_system']}, load average {machine['load_average_at_start']:.1f} at the start.",
    ]
    if facts["left_out"]:
        lines.append("Left out: " + "; ".join(facts["left_out"]) + ".")
    return lines


def write(results, scenario, rounds, facts):
    """The files of one scenario; returns the table."""
    results.mkdir(parents=True, exist_ok=True)
    judged = list(judge(scenario.goals, rounds))
    text = [f"# {scenario.name}: {scenario.title}", "", *describe(facts), ""]
    text += ["Cells: median [least..greatest] ×ratio of medians. \"-\": not measured, or not possible.", ""]
    shown = "\n".join([table(scenario.columns, rounds), "", *failures(rounds)]).rstrip()
    text += [shown, ""]
    if judged:
        text += [*goal_lines(judged), ""]
    (results / f"{scenario.name}.md").write_text("\n".join(text).rstrip() + "\n")
    record = {"scenario": scenario.name, "title": scenario.title, **facts, "goals": judged, "rounds": rounds}
    (results / f"{scenario.name}.json").write_text(json.dumps(record, indent=1) + "\n")
    return "\n".join([shown, "", *goal_lines(judged)] if judged else [shown])


def write_summary(results):
    """README.md: the goals of all scenarios that have results here, each with its commit."""
    results.mkdir(parents=True, exist_ok=True)
    lines = ["# Results", "", "Written by `bench/run`. How to read them: [bench/README.md](../README.md).", ""]
    for path in sorted(results.glob("*.json")):
        record = json.loads(path.read_text())
        lines += [f"## [{record['scenario']}]({path.stem}.md): {record['title']}", "", *describe(record), ""]
        if record["goals"]:
            lines += [*goal_lines(record["goals"]), ""]
    (results / "README.md").write_text("\n".join(lines).rstrip() + "\n")
