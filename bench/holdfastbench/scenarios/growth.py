"""Does the cost of one commit grow with the change or with the database? The same commits in databases of several sizes."""

from holdfastbench import load, measure, protectors
from holdfastbench.scenario import Column, Scenario, megabytes, number
from holdfastbench.scenarios.common import new_database, protected
from holdfastbench.watching import Watching
from holdfastbench.writer import Writer


class Growth(Scenario):
    """Most of the content is zeros, which makes the first backup cheap and is of no matter to commits."""

    rounds = 2
    patience = 900
    database_megabytes = 0
    columns = (
        Column("database", "database_bytes", megabytes),
        Column("commits", "commits"),
        Column("CPU ms/commit", "cpu_ms_per_commit", number(3)),
        Column("written B/commit", "written_bytes_per_commit"),
        Column("kept B/commit", "stored_bytes_per_commit"),
        Column("durable after, p50, ms", "durable_ms_p50", number(2)),
        Column("p99", "durable_ms_p99", number(2)),
        Column("the commit itself, p50, ms", "commit_ms_p50", number(3)),
        Column("peak memory", "peak_bytes", megabytes),
    )
    bars = ("cpu_ms_per_commit",)

    def subjects(self):
        return protectors.Holdfast, protectors.Litestream

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder)
        load.enlarge(database, self.sized(self.database_megabytes, 4))
        size = database.stat().st_size
        with protected(protector_class, equipment, folder, [database], self.patience) as protector:
            protector.settle()
            watching = Watching(*protector.announcements())
            try:
                before, stored = protector.usage(), protector.stored_bytes()
                writer = Writer(database, commits=self.sized(600, 20), rate=20)
                times = writer.result()["times"]
                if not watching.await_after(times[-1][0]):
                    raise TimeoutError
            finally:
                watching.stop()
            protector.catch_up()
            used, stored = protector.usage().since(before), protector.stored_bytes() - stored
            writer.finish()
        return {
            "database_bytes": size,
            "commits": len(times),
            "cpu_ms_per_commit": used.cpu_seconds * 1000 / len(times),
            "written_bytes_per_commit": used.written_bytes / len(times),
            "stored_bytes_per_commit": stored / len(times),
            "peak_bytes": used.peak_bytes,
            **measure.percentiles("durable_ms", watching.delays(times)),
            **measure.percentiles("commit_ms", [(end - start) / 1e6 for start, end in times]),
        }


class Growth100MB(Growth):
    name = "growth-100mb"
    title = "the cost of a commit in a database of 100 MB"
    database_megabytes = 100


class Growth1GB(Growth):
    name = "growth-1gb"
    title = "the cost of a commit in a database of 1 GB"
    database_megabytes = 1_000


class Growth10GB(Growth):
    name = "growth-10gb"
    title = "the cost of a commit in a database of 10 GB"
    database_megabytes = 10_000
    rounds = 1
