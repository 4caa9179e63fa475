"""Many databases at which nothing happens: what it costs to get ready, to be there, and to notice one commit."""

import time

from holdfastbench import load, protectors
from holdfastbench.scenario import Column, Goal, Scenario, megabytes, number, percent
from holdfastbench.scenarios.common import protected
from holdfastbench.watching import Watching
from holdfastbench.writer import Writer


class Idle(Scenario):
    rounds = 2
    count = 0
    short_count = 20
    patience = 300
    columns = (
        Column("ready after, s", "ready_seconds", number(1)),
        Column("CPU s until ready", "ready_cpu_seconds", number(1)),
        Column("idle, of a core", "idle_share", percent(2)),
        Column("memory", "resident_bytes", megabytes),
        Column("peak memory", "peak_bytes", megabytes),
        Column("written while idle", "written_bytes", megabytes),
        Column("a commit in one is durable after, ms", "durable_ms", number(1)),
    )
    bars = ("idle_share", "resident_bytes")

    def subjects(self):
        return protectors.Holdfast, protectors.Litestream

    def prepare(self, folder):
        self.original = folder / "small.db"
        load.create(self.original, events=0)

    def turn(self, protector_class, equipment, folder):
        databases = load.copies(self.original, folder / "data", self.sized(self.count, self.short_count))
        begin = time.monotonic()
        with protected(protector_class, equipment, folder, databases, self.patience) as protector:
            ready_seconds, ready = time.monotonic() - begin, protector.usage()
            # What follows the beginning (audits, first compactions) is not idling yet.
            time.sleep(self.sized(60, 1))
            before, start = protector.usage(), time.monotonic()
            time.sleep(self.sized(60, 1))
            seconds, after = time.monotonic() - start, protector.usage()
            delay = self.delay(protector, databases[0])
        used = after.since(before)
        return {
            "ready_seconds": ready_seconds,
            "ready_cpu_seconds": ready.cpu_seconds,
            "idle_share": used.cpu_seconds / seconds,
            "durable_ms": delay,
            **used.figures(),
        }

    def delay(self, protector, database):
        """Milliseconds of one commit until it is durable."""
        watching = Watching(*protector.announcements())
        try:
            writer = Writer(database, commits=1)
            times = writer.result()["times"]
            noticed = watching.await_after(times[0][0])
            writer.finish()
            return watching.delays(times)[0] if noticed else None
        finally:
            watching.stop()


class Idle500(Idle):
    name = "idle-500"
    title = "500 idle databases"
    count = 500
    goals = (
        Goal("500 idle databases, of a core", "idle_share", 0.0005, percent(2), limit="0"),
        Goal("500 idle databases, memory", "peak_bytes", 45e6, megabytes),
    )


class Idle1000(Idle):
    name = "idle-1000"
    title = "1,000 idle databases"
    count = 1_000


class Idle10000(Idle):
    name = "idle-10000"
    title = "10,000 idle databases"
    count = 10_000
    rounds = 1
    goals = (
        Goal("10,000 idle databases, of a core", "idle_share", 0.001, percent(2), limit="0"),
        Goal("10,000 idle databases, memory", "peak_bytes", 150e6, megabytes),
        Goal("10,000 databases, ready after, s", "ready_seconds", 60, number(1)),
    )
