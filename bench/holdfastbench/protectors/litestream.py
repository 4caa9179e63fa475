"""Litestream with a directory as replica: with its defaults, and with the shortest intervals that help."""

import json
import subprocess
import time

from holdfastbench import measure
from holdfastbench.protectors.base import Protector
from holdfastbench.watching import IN_MOVED_TO


class Litestream(Protector):
    name = "litestream"
    settings = ""
    replica_settings = ""

    @classmethod
    def missing(cls, equipment):
        return None if equipment.litestream else "litestream is not installed"

    @property
    def config(self):
        return self.folder / "litestream.yml"

    def replica(self, database):
        return self.folder / "replica" / database.name

    def configure(self):
        entries = (
            f"  - path: {database}\n{self.settings}    replica:\n      path: {self.replica(database)}\n{self.replica_settings}"
            for database in self.databases
        )
        self.config.write_text("dbs:\n" + "".join(entries))

    def start(self, timeout=60):
        self.configure()
        self.spawn(
            [self.equipment.litestream, "replicate", "-config", self.config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # The first file of level 0 holds the whole database.
        self.await_level(0, timeout)

    def settle(self):
        # About a second later that one is copied to the level of snapshots: no cost of any commit.
        self.await_level(9, timeout=600)

    def await_level(self, level, timeout):
        """Waits until each database has a file of that level in the replica."""
        end = time.monotonic() + timeout
        for database in self.databases:
            while not self.files_of(database, level):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise TimeoutError
                time.sleep(0.05)

    def files_of(self, database, level):
        return list((self.replica(database) / "ltx" / str(level)).glob("*.ltx"))

    def announcements(self):
        # A replica's file is written under another name, synchronised, then renamed.
        return self.replica(self.databases[0]) / "ltx" / "0", IN_MOVED_TO, lambda name: name.endswith(".ltx")

    def catch_up(self):
        # There is no command without a control socket, so: two intervals of its own.
        time.sleep(2.1)

    def files(self):
        command = [self.equipment.litestream, "ltx", "-config", self.config, "-json", self.databases[0]]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        return [entry for entry in json.loads(done.stdout) if entry["level"] == 0]

    def points(self):
        return len(self.files())

    def moments(self):
        return [entry["max_txid"] for entry in self.files()]

    def backup(self, database):
        self.configure()
        return [self.equipment.litestream, "replicate", "-once", "-config", self.config]

    def restore(self, database, output, moment=None):
        at = [] if moment is None else ["-txid", moment]
        return [self.equipment.litestream, "restore", "-config", self.config, "-o", output, *at, database]

    def stored_bytes(self):
        local = (database.parent / f".{database.name}-litestream" for database in self.databases)
        return measure.size(self.folder) + sum(measure.size(path) for path in local)


class LitestreamTuned(Litestream):
    name = "litestream 10 ms"
    settings = "    monitor-interval: 10ms\n"
    replica_settings = "      sync-interval: 10ms\n"
