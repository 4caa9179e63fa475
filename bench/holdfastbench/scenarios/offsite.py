"""Copies off the machine: requests, bytes, time until they are acknowledged, the first upload and the way back.

All use the same object store on this machine, SeaweedFS, each turn an empty one, through a proxy that counts. Holdfast and
restic encrypt what they send. Figures of a day are those of the time that was measured, multiplied.
"""

import contextlib
import functools
import hashlib
import random
import shutil
import sqlite3
import statistics
import subprocess
import time

from holdfastbench import load, measure, protectors
from holdfastbench.protectors.copies import SHELL
from holdfastbench.s3 import traffic
from holdfastbench.s3.server import Server
from holdfastbench.scenario import Column, Goal, Scenario, megabytes, number
from holdfastbench.scenarios.common import new_database, protected
from holdfastbench.watching import Watching
from holdfastbench.writer import Writer, connect

ENCRYPTED = Column("encrypted", "encrypted")
MEMORY = (
    Column("peak memory, watcher", "watch_peak_bytes", megabytes),
    Column("peak memory, its child that ships", "push_peak_bytes", megabytes),
)
RATE = 50


def per_day(name, title):
    """Columns of what `traffic.daily` counts."""
    return (
        Column(f"{title}: seconds", f"{name}_seconds"),
        Column("requests", f"{name}_requests"),
        Column("a day", f"{name}_per_day"),
        Column("PUT, POST", f"{name}_put_per_day"),
        Column("LIST", f"{name}_list_per_day"),
        Column("GET, HEAD", f"{name}_get_per_day"),
        Column("DELETE", f"{name}_delete_per_day"),
    )


class Committer:
    """Commits of one event each, at moments that the caller chooses."""

    def __init__(self, database):
        self.connection = connect(database)
        self.rng = random.Random(3)
        self.number = 0

    def commit(self):
        """When it began, and when COMMIT had returned: monotonic nanoseconds. Tried again while others have a lock."""
        self.number += 1
        row = load.event(self.rng, 200_000_000 + self.number)
        while True:
            begin = time.monotonic_ns()
            try:
                # Outside of BEGIN, so that it is a transaction of its own.
                self.connection.execute(load.INSERT, row)
                return begin, time.monotonic_ns()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
            time.sleep(0.001)


class Offsite(Scenario):
    """Whoever takes part gets an empty store for each turn."""

    rounds = 3

    def subjects(self):
        return protectors.OffsiteHoldfast, protectors.OffsiteLitestream

    @contextlib.contextmanager
    def beside(self, protector_class, equipment, folder, databases, timeout=60):
        """The store, and a protector that is ready."""
        with Server(equipment, folder / "store") as server:
            with protected(functools.partial(protector_class, server=server), equipment, folder, databases, timeout) as protector:
                yield server, protector

    def idle(self, server, seconds, name):
        """What is asked of the store while nothing is written."""
        begin = time.monotonic_ns()
        time.sleep(seconds)
        end = time.monotonic_ns()
        return traffic.daily(name, server.traffic.between(begin, end), (end - begin) / 1e9)

    def busy(self, server, database, seconds, name):
        """What is asked and sent while a writer commits, some time after it began."""
        before = self.sized(20, 2)
        writer = Writer(database, seconds=before + seconds + 1, rate=RATE)
        time.sleep(before)
        begin = time.monotonic_ns()
        time.sleep(seconds)
        end = time.monotonic_ns()
        times = writer.result()["times"]
        writer.finish()
        requests = server.traffic.between(begin, end)
        commits = sum(begin <= one < end for _, one in times)
        figures = {"commits": commits, "sent_bytes_per_commit": traffic.sent(requests) / commits}
        return {**traffic.daily(name, requests, (end - begin) / 1e9), **figures}


class Load(Offsite):
    """Only those that watch: between two runs of restic nothing of it is there."""

    name = "offsite-load"
    title = "requests to an object store: idle, and at 50 commits/s"
    columns = (
        ENCRYPTED,
        *per_day("idle", "idle"),
        *per_day("load", "50 commits/s"),
        Column("commits", "commits"),
        Column("sent, B/commit", "sent_bytes_per_commit"),
        *MEMORY,
        Column("CPU s", "cpu_seconds", number(2)),
    )
    goals = (
        Goal("requests a day, idle", "idle_per_day", 0, limit="0"),
        Goal("requests a day, 50 commits a second", "load_per_day", 9_000, limit="one in 10 s: 8,640"),
    )
    bars = ("idle_per_day", "load_per_day")

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder)
        with self.beside(protector_class, equipment, folder, [database]) as (server, protector):
            # What follows the first copy is not idling yet.
            time.sleep(self.sized(60, 3))
            figures = self.idle(server, self.sized(120, 5), "idle")
            before = protector.usage()
            figures |= self.busy(server, database, self.sized(300, 11), "load")
            figures |= {"cpu_seconds": protector.usage().since(before).cpu_seconds, **protector.peaks()}
        return {"encrypted": protector.encrypted, **figures}


class Latency(Offsite):
    """Commits by themselves, more than 10 s apart, then some for which a command waits."""

    name = "offsite-latency"
    title = "commit → acknowledged by an object store"
    columns = (
        ENCRYPTED,
        Column("commits, nothing asked", "commits"),
        Column("acknowledged after, p50, ms", "acknowledged_ms_p50", number(1)),
        Column("max", "acknowledged_ms_max", number(1)),
        Column("of that from the local flush, p50, ms", "after_flush_ms_p50", number(1)),
        Column("the PUT that has it, p50, ms", "round_trip_ms_p50", number(1)),
        Column("from the flush, in round trips", "round_trips", number(2)),
        Column("a command waits: commits", "asked_commits"),
        Column("p50, ms", "asked_ms_p50", number(1)),
        Column("max", "asked_ms_max", number(1)),
        Column("requests each", "asked_requests", number(1)),
    )
    goals = (
        Goal("commit → acknowledged, in round trips after the local flush", "round_trips", 2, number(2), limit="1"),
    )
    bars = ("acknowledged_ms_p50", "asked_ms_p50")
    curves = "milliseconds"

    def subjects(self):
        return protectors.OffsiteHoldfast, protectors.OffsiteLitestream, protectors.OffsiteRestic

    def turn(self, protector_class, equipment, folder):
        database = new_database(folder)
        with self.beside(protector_class, equipment, folder, [database]) as (server, protector):
            committer = Committer(database)
            figures = {"encrypted": protector.encrypted}
            if protector.process:
                figures |= self.by_itself(server, protector, committer)
            return figures | self.asked(server, protector, committer)

    def by_itself(self, server, protector, committer):
        """From COMMIT's return to the answer to the request that has the commit, as the proxy saw it."""
        announcements = protector.local_announcements()
        watching = Watching(*announcements) if announcements else None
        commits, delays, trips, after_flush = [], [], [], []
        try:
            for _ in range(self.sized(12, 3)):
                # Longer than changes are collected, and in step with no interval.
                time.sleep(11 + committer.rng.random())
                commits.append(committer.commit())
                request = await_request(server, protector, commits[-1][0])
                delays.append(max(0, request.end - commits[-1][1]) / 1e6)
                trips.append((request.end - request.begin) / 1e6)
                if watching and watching.await_after(commits[-1][0]):
                    flush = next(at for at in watching.moments if at > commits[-1][0])
                    after_flush.append((request.end - flush) / 1e6)
        finally:
            if watching:
                watching.stop()
        figures = {
            "commits": len(commits),
            "milliseconds": delays,
            **measure.percentiles("acknowledged_ms", delays),
            **measure.percentiles("after_flush_ms", after_flush),
            **measure.percentiles("round_trip_ms", trips),
        }
        if after_flush:
            figures["round_trips"] = statistics.median(after_flush) / statistics.median(trips)
        return figures

    def asked(self, server, protector, committer):
        """From COMMIT's return to the end of the command."""
        delays, begin = [], time.monotonic_ns()
        for _ in range(self.sized(20, 3)):
            time.sleep(0.2 + 0.2 * committer.rng.random())
            _, end = committer.commit()
            protector.call(protector.acknowledge(protector.databases[0]))
            delays.append((time.monotonic_ns() - end) / 1e6)
        requests = server.traffic.between(begin, time.monotonic_ns())
        return {
            "asked_commits": len(delays),
            **measure.percentiles("asked_ms", delays),
            "asked_requests": len(requests) / len(delays),
        }


def await_request(server, protector, begin, timeout=30):
    """The first one that puts a commit since that moment into the store, and was answered."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        for request in server.traffic.between(begin, time.monotonic_ns()):
            if protector.carries_commit(request) and request.status < 300:
                return request
        time.sleep(0.01)
    raise TimeoutError


class Large(Offsite):
    """The first upload, and the restore on a machine that has nothing."""

    name = "offsite-large"
    title = "first upload of a 796 MB database to an object store, and its restore with nothing local"
    columns = (
        ENCRYPTED,
        Column("first upload, s", "upload_seconds", number(2), versus="litestream"),
        Column("CPU s", "upload_cpu_seconds", number(2)),
        Column("peak memory", "upload_peak_bytes", megabytes),
        Column("sent", "upload_sent_bytes", megabytes),
        Column("requests", "upload_requests"),
        Column("restore, s", "restore_seconds", number(2), versus="litestream"),
        Column("CPU s", "restore_cpu_seconds", number(2)),
        Column("peak memory", "restore_peak_bytes", megabytes),
        Column("received", "restore_received_bytes", megabytes),
        Column("requests", "restore_requests"),
        Column("local restore, s", "local_restore_seconds", number(2)),
        Column("restore, against the local one", "restore_share", number(2)),
        Column("restored", "verdict"),
    )
    goals = (
        Goal("restore with nothing local, against the local restore", "restore_share", 1.5, number(2)),
    )
    bars = ("upload_seconds", "restore_seconds", "upload_sent_bytes")

    def subjects(self):
        return protectors.OffsiteHoldfast, protectors.OffsiteLitestream, protectors.OffsiteRestic

    def prepare(self, folder):
        self.original = folder / "large.db"
        load.create(self.original, mode="delete", megabytes=self.sized(796, 8))
        self.truth = content(self.original)

    def turn(self, protector_class, equipment, folder):
        (folder / "data").mkdir()
        database = folder / "data" / "large.db"
        shutil.copyfile(self.original, database)
        measure.settle(database)
        output, figures = folder / "restored.db", {}
        with Server(equipment, folder / "store") as server:
            protector = protector_class(equipment, folder / "kept", [database], server)
            begin = time.monotonic_ns()
            upload = measure.run_all(protector.upload(database), env=protector.environment)
            requests = server.traffic.between(begin, time.monotonic_ns())
            figures |= {f"upload_{key}": value for key, value in upload.items()}
            figures |= {"upload_sent_bytes": traffic.sent(requests), "upload_requests": len(requests)}

            if command := protector.local_restore(database, output):
                local = measure.run(command, env=protector.environment)
                figures["local_restore_seconds"] = local["seconds"]
                output.unlink()

            # Another machine: what this one has is out of reach, but for a key.
            (folder / "fresh").mkdir()
            command, environment = protector.remote_restore(database, output, folder / "fresh")
            protector.hide()
            shutil.rmtree(folder / "data")
            begin = time.monotonic_ns()
            restore = measure.run(command, env=environment, cwd=folder / "fresh")
            requests = server.traffic.between(begin, time.monotonic_ns())
            figures |= {f"restore_{key}": value for key, value in restore.items()}
            figures |= {"restore_received_bytes": traffic.received(requests), "restore_requests": len(requests)}
        if local := figures.get("local_restore_seconds"):
            figures["restore_share"] = figures["restore_seconds"] / local
        if content(output) != self.truth:
            raise RuntimeError(f"what {protector.name} restored differs from the original")
        return {"encrypted": protector.encrypted, "verdict": "the same rows", **figures}


def content(database):
    """A digest of the schema and the rows of the load's tables, as `.dump` writes them: protectors add tables of their own."""
    command = f"{SHELL} '{database}' '.dump sessions events agent_runs gate_results tasks' | sha256sum"
    return subprocess.run(["bash", "-o", "pipefail", "-ec", command], check=True, capture_output=True, text=True).stdout


class Databases500(Offsite):
    name = "offsite-500"
    title = "requests to an object store: 500 idle databases, then one of them with 50 commits/s"
    rounds = 2
    columns = (
        ENCRYPTED,
        Column("ready after, s", "ready_seconds", number(1)),
        *per_day("idle", "all idle"),
        *per_day("busy", "one busy"),
        Column("sent, B/commit", "sent_bytes_per_commit"),
        *MEMORY,
        Column("idle, CPU s", "idle_cpu_seconds", number(2)),
    )
    goals = (
        Goal("500 databases, requests a day, idle", "idle_per_day", 0, limit="0"),
        Goal("500 databases, requests a day, one busy", "busy_per_day", 9_000, limit="one in 10 s: 8,640"),
    )
    bars = ("idle_per_day", "busy_per_day")

    def prepare(self, folder):
        self.original = folder / "small.db"
        load.create(self.original, events=0)

    def turn(self, protector_class, equipment, folder):
        databases = load.copies(self.original, folder / "data", self.sized(500, 20))
        start = time.monotonic()
        with self.beside(protector_class, equipment, folder, databases, timeout=300) as (server, protector):
            figures = {"ready_seconds": time.monotonic() - start}
            time.sleep(self.sized(60, 3))
            before = protector.usage()
            figures |= self.idle(server, self.sized(60, 5), "idle")
            figures["idle_cpu_seconds"] = protector.usage().since(before).cpu_seconds
            figures |= self.busy(server, databases[0], self.sized(120, 11), "busy")
            figures |= protector.peaks()
        return {"encrypted": protector.encrypted, **figures}
