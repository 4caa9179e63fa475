"""A writer that commits as fast as it can, in WAL mode: what it keeps of its speed, and what can be restored."""

from holdfastbench import protectors
from holdfastbench.scenario import Column, Goal, Scenario, megabytes, number, percent
from holdfastbench.scenarios.common import COST, new_database, protected
from holdfastbench.writer import Writer


class FullSpeed(Scenario):
    name = "full-speed"
    title = "one writer without a pause, WAL mode, synchronous=FULL"
    columns = (
        Column("commits/s", "commits_per_second", number(), versus="nothing"),
        Column("found locked", "locked"),
        Column("WAL at the end", "wal_bytes", megabytes),
        Column("commits", "commits"),
        Column("restorable points", "points"),
        Column("points per commit", "points_per_commit", percent(1)),
        *COST,
    )
    goals = (
        Goal("a writer at full speed keeps", "commits_per_second", 0.95, number(2), True, "nothing", limit="1.00"),
        Goal("size of the log after it, against nothing beside it", "wal_bytes", 1.5, number(2), versus="nothing", limit="1.00"),
        Goal("points per commit", "points_per_commit", 1, percent(1), True, limit="every commit", is_for_each_turn=True),
    )
    bars = ("commits_per_second", "wal_bytes", "points_per_commit")

    def subjects(self):
        every = protectors
        return every.Nothing, every.Holdfast, every.Litestream, every.LitestreamTuned, every.Backup

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder)
        with protected(protector_class, equipment, folder, [database]) as protector:
            before = protector.usage()
            writer = Writer(database, seconds=self.sized(5, 1))
            result = writer.result()
            wal_bytes = database.with_name("main.db-wal").stat().st_size
            protector.catch_up()
            used = protector.usage().since(before)
            writer.finish()
            points = protector.points()
        commits = len(result["times"])
        # The first point is the database before any commit.
        made = None if points is None else points - 1
        return {
            "commits": commits,
            "commits_per_second": commits / result["seconds"],
            "locked": result["locked"],
            "wal_bytes": wal_bytes,
            "points": made,
            "points_per_commit": None if made is None or not commits else made / commits,
            **(used.figures() if protector_class is not protectors.Nothing else {}),
        }
