"""Restoring any moment of a history, against restoring the base alone."""

import statistics

from holdfastbench import load, measure, protectors
from holdfastbench.scenario import Column, Goal, Scenario, number
from holdfastbench.scenarios.common import COST, new_database, protected
from holdfastbench.writer import Writer

POSITIONS = (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)


class History(Scenario):
    """The ratio is of times of whole commands, start of the program and checks included, as a user waits for them."""

    name = "history"
    title = "restore at any moment after 10,000 commits"
    rounds = 3
    commits = 10_000
    database_megabytes = 100
    columns = (
        Column("commits", "commits"),
        Column("restorable points", "points"),
        Column("base alone, s", "base_seconds", number(3)),
        Column("slowest moment, s", "slowest_seconds", number(3)),
        Column("against the base", "slowest_against_base", number(2)),
        Column("the end, s", "end_seconds", number(3)),
        *COST,
    )
    goals = (Goal("any moment, against the base alone", "slowest_against_base", 1.5, number(2)),)
    bars = ("slowest_seconds",)
    curves = "seconds at each share of the history"

    def subjects(self):
        return protectors.Holdfast, protectors.Litestream

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder, megabytes=self.sized(self.database_megabytes, 2))
        with protected(protector_class, equipment, folder, [database]) as protector:
            # Half of what a writer does at full speed, so that those who poll see more than a few moments.
            writer = Writer(database, commits=self.sized(self.commits, 200), rate=self.sized(1_000, 200))
            commits = len(writer.result()["times"])
            protector.catch_up()
            writer.finish()
        moments = protector.moments()
        runs = {position: [] for position in POSITIONS}
        for _ in range(self.sized(3, 1)):
            for position in POSITIONS:
                moment = moments[round(position * (len(moments) - 1))]
                runs[position].append(self.restore(protector, database, folder / "restored.db", moment, position == 1))
        seconds = {position: statistics.median(run["seconds"] for run in found) for position, found in runs.items()}
        return {
            "commits": commits,
            "points": len(moments) - 1,
            "base_seconds": seconds[0],
            "end_seconds": seconds[1],
            "slowest_seconds": max(seconds.values()),
            "slowest_against_base": max(seconds.values()) / seconds[0],
            self.curves: list(seconds.items()),
            **{key: runs[1][-1][key] for key in ("cpu_seconds", "peak_bytes", "written_bytes")},
        }

    def restore(self, protector, database, output, moment, is_last):
        """Figures of one restore, whose output is checked to have the last event if it should, and removed."""
        figures = measure.run(protector.restore(database, output, moment))
        if is_last and load.last_event(output) != load.last_event(database):
            raise RuntimeError(f"{protector.name} did not restore the last event")
        output.unlink()
        return figures


class LongHistory(History):
    name = "history-long"
    title = "restore at any moment after 100,000 commits"
    rounds = 1
    commits = 100_000
    goals = ()
