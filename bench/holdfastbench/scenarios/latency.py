"""From the return of COMMIT until the commit is durable and restorable, for commits with pauses between them."""

from holdfastbench import measure, protectors
from holdfastbench.scenario import Column, Goal, Scenario, number
from holdfastbench.scenarios.common import COST, new_database, protected
from holdfastbench.watching import Watching
from holdfastbench.writer import Writer

SHARES = ("p50", "p90", "p99", "max")


class Latency(Scenario):
    """Commits are 0.15 to 0.45 s apart, longer than a flush takes, so an announcement is that commit's own."""

    name = "latency-wal"
    title = "commit → durable and restorable, sparse commits, WAL mode"
    mode = "wal"
    rounds = 3
    commits_per_second = 10 / 3
    columns = (
        Column("commits", "commits"),
        Column("points", "points"),
        *(Column(f"durable after, {share}, ms", f"durable_ms_{share}", number(2)) for share in SHARES),
        Column("the commit itself, p50, ms", "commit_ms_p50", number(2)),
        Column("p99", "commit_ms_p99", number(2)),
        *COST,
    )
    goals = (
        Goal("commit → durable, p50, ms", "durable_ms_p50", 5, number(2), limit="one fdatasync"),
        Goal("commit → durable, p99, ms", "durable_ms_p99", 25, number(2), limit="one fdatasync"),
    )
    curves = "milliseconds"

    def subjects(self):
        every = protectors
        return every.Nothing, every.Holdfast, every.Litestream, every.LitestreamTuned

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder, mode=self.mode)
        with protected(protector_class, equipment, folder, [database]) as protector:
            before = protector.usage()
            announcements = protector.announcements()
            watching = Watching(*announcements) if announcements else None
            try:
                writer = Writer(database, self.mode, commits=self.sized(200, 6), rate=self.commits_per_second)
                result = writer.result()
                times = result["times"]
                if watching and not watching.await_after(times[-1][0]):
                    raise TimeoutError
            finally:
                if watching:
                    watching.stop()
            used = protector.usage().since(before)
            points = protector.points()
            writer.finish()
        figures = {"commits": len(times), **measure.percentiles("commit_ms", [(end - start) / 1e6 for start, end in times])}
        if watching:
            delays = watching.delays(times)
            figures |= {"points": points - 1, **measure.percentiles("durable_ms", delays), "milliseconds": delays, **used.figures()}
        return figures


class RollbackLatency(Latency):
    """Without Litestream: it would turn the database to WAL mode."""

    name = "latency-rollback"
    title = "commit → durable and restorable, sparse commits, rollback journal"
    mode = "delete"
    goals = ()

    def subjects(self):
        return protectors.Nothing, protectors.Holdfast
