"""What a commit costs on the disk: 50 commits a second for a minute, in WAL mode."""

import time

from holdfastbench import protectors
from holdfastbench.scenario import Column, Goal, Scenario, number
from holdfastbench.scenarios.common import COST, new_database, protected
from holdfastbench.writer import Writer


class Disk(Scenario):
    name = "disk"
    title = "bytes kept per commit, 50 commits/s"
    rounds = 2
    columns = (
        Column("commits", "commits"),
        Column("points", "points"),
        Column("B/commit, live", "live_bytes_per_commit"),
        Column("B/commit, sealed", "sealed_bytes_per_commit"),
        Column("B/commit, thinned to 1 s", "thinned_bytes_per_commit"),
        Column("files", "files"),
        Column("mirror grew, B/commit", "mirror_bytes_per_commit"),
        Column("database grew, B/commit", "database_bytes_per_commit"),
        *COST,
    )
    goals = (
        Goal("bytes per commit, live, every commit kept", "live_bytes_per_commit", 450, limit="about 80 B of entropy"),
        Goal("bytes per commit, sealed, every commit kept", "sealed_bytes_per_commit", 260, limit="about 80 B of entropy"),
        Goal("bytes per commit, thinned to 1 s", "thinned_bytes_per_commit", 150),
    )
    bars = ("live_bytes_per_commit",)

    def subjects(self):
        return protectors.Holdfast, protectors.Litestream, protectors.LitestreamTuned

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder)
        with protected(protector_class, equipment, folder, [database]) as protector:
            protector.settle()
            before = protector.usage()
            stored, mirror, image = protector.stored_bytes(), protector.mirror_bytes(), database.stat().st_size
            writer = Writer(database, commits=self.sized(3_000, 100), rate=50)
            commits = len(writer.result()["times"])
            protector.catch_up()
            used = protector.usage().since(before)
            live = protector.stored_bytes() - stored
            points = protector.points() - 1
            writer.finish()
            # The close folded the log into the database; the mirror has followed when this returns.
            protector.catch_up()
            mirror, image = protector.mirror_bytes() - mirror, database.stat().st_size - image
            files = sum(path.is_file() for path in protector.folder.rglob("*"))
            sealed = self.sealed(protector, stored, commits)
        return {
            "commits": commits,
            "points": points,
            "files": files,
            "live_bytes_per_commit": live / commits,
            "mirror_bytes_per_commit": mirror / commits,
            "database_bytes_per_commit": image / commits,
            **sealed,
            **self.thinned(protector, equipment, folder, commits),
            **used.figures(),
        }

    def sealed(self, protector, stored, commits):
        """After `forget` with a rule that keeps all: the watcher ends its segment for it, so that nothing is left but the sealing.
        Of versions without the command, and of others, it stays empty."""
        if not self.can_forget(protector):
            return {}
        protector.forget("--keep-within", "365d")
        return {"sealed_bytes_per_commit": (protector.stored_bytes() - stored) / commits}

    def thinned(self, protector, equipment, folder, commits):
        """The same load once more, with a tag set every second, then `forget` with the rule that keeps what that tag was ever
        set on."""
        if not self.can_forget(protector):
            return {}
        second = folder / "thinned"
        second.mkdir()
        database = new_database(second)
        with protected(protectors.Holdfast, equipment, second, [database]) as tagged:
            stored = tagged.stored_bytes()
            writer = Writer(database, commits=commits, rate=50)
            while not writer.has_result():
                tagged.tag("second")
                time.sleep(1)
            writer.result()
            tagged.catch_up()
            writer.finish()
        tagged.forget("--keep-tag", "second")
        return {"thinned_bytes_per_commit": (tagged.stored_bytes() - stored) / commits}

    def can_forget(self, protector):
        return isinstance(protector, protectors.Holdfast) and protector.knows("forget")
