"""The memory for one small database with a writer that is now and then there."""

from holdfastbench import protectors
from holdfastbench.scenario import Column, Goal, Scenario, megabytes
from holdfastbench.scenarios.common import COST, new_database, protected
from holdfastbench.writer import Writer


class Small(Scenario):
    name = "small"
    title = "one small database, 20 commits/s"
    rounds = 3
    columns = (Column("commits", "commits"), Column("memory at the end", "resident_bytes", megabytes), *COST)
    goals = (Goal("memory for one small database, at its peak", "peak_bytes", 24e6, megabytes),)
    bars = ("peak_bytes",)

    def subjects(self):
        return protectors.Holdfast, protectors.Litestream

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder)
        with protected(protector_class, equipment, folder, [database]) as protector:
            writer = Writer(database, commits=self.sized(400, 20), rate=20)
            commits = len(writer.result()["times"])
            protector.catch_up()
            used = protector.usage()
            writer.finish()
        return {"commits": commits, **used.figures()}
