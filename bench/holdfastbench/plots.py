"""Draws a scenario's figures as SVG. Without matplotlib there are no plots, which is said once."""

import statistics

from holdfastbench.scenario import measured


def draw(results, scenario, rounds):
    """Writes them beside the tables."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "holdfast"  # the same figures make the same file
    results.mkdir(parents=True, exist_ok=True)
    for key in scenario.bars:
        _bars(results, scenario, rounds, key)
    if scenario.curves:
        _curves(results, scenario, rounds)


def _save(figure, results, name):
    figure.tight_layout()
    figure.savefig(results / name, metadata={"Date": None})


def _figure(title):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.5))
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    return figure, axes


def _bars(results, scenario, rounds, key):
    values = {name: measured(rounds, name, key) for name in rounds}
    values = {name: found for name, found in values.items() if found}
    if not values:
        return
    column = next(column for column in scenario.columns if column.key == key)
    figure, axes = _figure(f"{scenario.title}: {column.title}")
    middles = [statistics.median(found) for found in values.values()]
    spread = [
        [middle - min(found) for middle, found in zip(middles, values.values())],
        [max(found) - middle for middle, found in zip(middles, values.values())],
    ]
    drawn = axes.barh(list(values), middles, xerr=spread)
    axes.bar_label(drawn, [column.form(middle) for middle in middles], padding=4, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    _save(figure, results, f"{scenario.name}-{key}.svg")


def _curves(results, scenario, rounds):
    """All rounds together: of plain numbers the share that is not above, of pairs a line."""
    figure, axes = _figure(f"{scenario.title}: {scenario.curves}")
    for name, turns in rounds.items():
        values = sorted(value for turn in turns for value in turn.get(scenario.curves) or [])
        if values and isinstance(values[0], (list, tuple)):
            axes.plot(*zip(*values), ".", label=name)
        elif values:
            axes.plot(values, [(at + 1) / len(values) for at in range(len(values))], label=name)
            axes.set_xscale("symlog", linthresh=0.1)
    if not axes.lines:
        return
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    _save(figure, results, f"{scenario.name}.svg")
