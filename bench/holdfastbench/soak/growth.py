"""Whether a figure of the watcher rises, from rows over several of its lives."""

import itertools


def slope(rows, key, least_minutes):
    """In units an hour, and its standard error, by least squares; infinite if there are too few rows.

    A line for each life of at least so many minutes, all of one slope. The first third of a life fills caches, and is left out.
    """
    parts = []
    for _, life in itertools.groupby(rows, key=lambda row: row["life"]):
        life = list(life)
        if life[-1]["minute"] - life[0]["minute"] >= least_minutes:
            parts.append([(row["minute"] / 60, row[key]) for row in life[len(life) // 3 :]])
    spread = rise = 0.0
    for part in parts:
        mean_x, mean_y = (sum(values) / len(part) for values in zip(*part))
        spread += sum((x - mean_x) ** 2 for x, _ in part)
        rise += sum((x - mean_x) * (y - mean_y) for x, y in part)
    freedom = sum(map(len, parts)) - len(parts) - 1
    if freedom < 1 or not spread:
        return 0.0, float("inf")
    rise /= spread
    left = 0.0
    for part in parts:
        mean_x, mean_y = (sum(values) / len(part) for values in zip(*part))
        left += sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in part)
    return rise, (left / freedom / spread) ** 0.5
