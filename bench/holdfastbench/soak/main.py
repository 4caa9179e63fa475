"""Loads a watcher for hours while things go wrong around it, and tells whether it grows, loses anything or ends.

The load is WAL and rollback writers, some killed amid a transaction, databases made and removed, page sizes, journal modes, VACUUM, plain
files, logs that are rotated, directories moved, forget, restore, sync. The troubles are restarts by SIGTERM and SIGKILL, a full disk of
the repository (as root: a tmpfs of its own), and a clock that is set (with a C compiler: a library that is loaded before others). Now and
then a moment of the root is copied and tagged; any of the last ones is restored and compared. Holdfast is $HOLDFAST_BIN, or the release
build.

Exit status: 0 all holds, 1 something does not: bench/README.md says what. Then everything is kept, to be looked at.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time

from holdfastbench import equipment, measure, report, watched
from holdfastbench.soak import report as soak_report
from holdfastbench.soak.kinds import KINDS
from holdfastbench.soak.load import Load
from holdfastbench.soak.samples import Samples, differences, words
from holdfastbench.soak.troubles import Clock, Disk, Troubles

# Of memory and the like, in a row.
SAMPLES = 12
# The most that is told of what is wrong.
SHOWN = 40


def parse(words):
    parser = argparse.ArgumentParser(prog="bench/run soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2, help="how long (2); 0.07 to try it")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of what is chosen at random; it is printed")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="between rows: a minute, or a 60th of the time if that is less")
    parser.add_argument("--only", help="comma-separated kinds of load instead of all: " + " ".join(KINDS))
    parser.add_argument("--calm", action="store_true", help="no troubles: one life of one watcher")
    parser.add_argument("--disk", type=int, default=256, metavar="MB", help="size of the repository's disk (256)")
    parser.add_argument("--results", type=pathlib.Path, default=equipment.PROJECT / "bench" / "results")
    parser.add_argument("--work", type=pathlib.Path, help="where databases and repository are; a new temporary directory")
    parser.add_argument("--keep", action="store_true", help="do not remove them")
    options = parser.parse_args(words)
    unknown = set((options.only or "").split(",")) - {"", *KINDS}
    if unknown:
        parser.error(f"no such kind of load: {', '.join(sorted(unknown))}")
    if options.hours <= 0:
        parser.error("--hours must be more than 0")
    return options


class Meter:
    """Rows about the watcher, as numbers. A row has the medians of samples, for some work makes a figure jump for a second."""

    def __init__(self, watch, load):
        self.watch, self.load = watch, load
        self.samples = []
        self.life, self.ticks, self.time = None, 0, 0.0

    def sample(self, life):
        """RuntimeError if there is no watcher."""
        process = pathlib.Path("/proc") / str(self.watch.process.pid)
        text = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        if "VmRSS" not in text:
            raise RuntimeError("the watcher has ended")
        figures = {
            "RSS MB": int(text["VmRSS"].split()[0]) / 1024,
            "RssAnon MB": int(text["RssAnon"].split()[0]) / 1024,
            "threads": int(text["Threads"]),
            "descriptors": len(os.listdir(process / "fd")),
            "repository MB": measure.size(self.watch.repository) / 1e6,
        }
        self.samples = [(one, known) for one, known in self.samples if one == life] + [(life, figures)]

    def row(self, minute, life):
        """Of the samples of this life since the last row. RuntimeError if the watcher does not answer."""
        process = pathlib.Path("/proc") / str(self.watch.process.pid)
        row = {"minute": minute, "life": life}
        row |= {key: statistics.median_low(figures[key] for _, figures in self.samples) for key in self.samples[0][1]}
        row["CPU %"] = self.share(process, life)
        self.samples = []
        # 1: something is not well, such as a full disk.
        done = self.watch.run("status", "--json", self.watch.root)
        if done.returncode not in (0, 1) or not done.stdout:
            raise RuntimeError(f"status ended with status {done.returncode}: {words(done)}")
        said = json.loads(done.stdout.splitlines()[0])
        return row | {"state": said["state"], "committed": self.load.commits(), "commits": said["commits"], "gaps": said["gaps"]}

    def share(self, process, life):
        """Of a processor, since the last row of this life or since its start. utime, stime, starttime: fields 14, 15, 22 of proc(5)."""
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks, now = int(fields[11]) + int(fields[12]), time.clock_gettime(time.CLOCK_BOOTTIME)
        if life != self.life:
            self.life, self.ticks, self.time = life, 0, int(fields[19]) / measure.TICKS_PER_SECOND
        share = (ticks - self.ticks) / measure.TICKS_PER_SECOND / max(0.01, now - self.time) * 100
        self.ticks, self.time = ticks, now
        return share


class Soak:
    def __init__(self, options, work, disk):
        self.options, self.work, self.seconds = options, work, options.hours * 3600
        clock, root = Clock(work), work / "root"
        root.mkdir()
        self.watch = watched.Watch(
            watched.program(), root, disk.folder / "repository", work / "watch.log", environment=clock.environment
        )
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.troubles = Troubles(self.watch, disk, clock, self.lock, self.seconds, options.seed)
        names = options.only.split(",") if options.only else list(KINDS)
        self.load = Load(names, self.watch, work / "outside", options.seed, self.troubles.excuses)
        self.samples = Samples(self.watch, self.load, work / "samples", random.Random(f"{options.seed} samples"))
        self.rows, self.ending, self.checked = [], [], ""

    def run(self):
        """Everything to its end. `ending` has what is wrong then."""
        every = self.options.every or min(60, self.seconds / 60)
        self.watch.start(300)
        director = threading.Thread(target=self.troubles.run, args=[self.ended, self.samples], daemon=True)
        try:
            self.load.start()
            if not self.options.calm:
                director.start()
            self.observe(every)
            self.end(director)
            self.load.stop()
            if self.watch.is_alive():
                self.compare()
        finally:
            self.end(director)
            self.load.ended.set()
            is_alive, status = self.watch.is_alive(), self.watch.stop()
        if not is_alive or status != 0:
            self.ending.append(f"the watcher ended with status {status}: {self.watch.last_words()}")
        done = self.watch.run("check", "--read-data")
        self.checked = (done.stdout.splitlines() or ["nothing"])[-1]
        if done.returncode != 0:
            self.ending.append(f"check --read-data ended with status {done.returncode}: {done.stdout.strip()[-600:]} {words(done)}")

    def end(self, director):
        """Nobody starts a watcher any more."""
        self.ended.set()
        if director.ident:
            director.join()

    def observe(self, every):
        """Writes a row each time, but for moments without a watcher."""
        meter, start, written = Meter(self.watch, self.load), time.monotonic(), 0
        pause = max(0.2, every / SAMPLES)
        while (left := self.seconds - (time.monotonic() - start)) > 0 and not self.troubles.is_over:
            time.sleep(min(left, pause - (time.monotonic() - start) % pause))
            if not self.lock.acquire(blocking=False):
                continue
            try:
                meter.sample(self.troubles.life)
                elapsed = time.monotonic() - start
                if int(elapsed / every) > written:
                    written = int(elapsed / every)
                    self.write(meter.row(elapsed / 60, self.troubles.life))
            except (RuntimeError, OSError) as error:
                self.troubles.wrong.append(str(error))
                self.troubles.is_over = not self.watch.is_alive()
            finally:
                self.lock.release()

    def write(self, row):
        if not self.rows:
            print("  ".join(row), flush=True)
        self.rows.append(row)
        print("  ".join(soak_report.cell(value).rjust(len(key)) for key, value in row.items()), flush=True)

    def compare(self):
        done = self.watch.run("sync", self.watch.root, "--timeout", "120s")
        if done.returncode != 0:
            self.ending.append(f"sync ended with status {done.returncode}: {done.stderr.strip()}")
        self.ending += differences(self.watch, "latest", self.watch.root, self.work / "latest")
        self.samples.compare_all()

    def faults(self):
        """What must not be: {goal: what was found}."""
        return {
            "commands and writers that failed without an excuse": self.load.errors,
            "watchers that ended, did not start, or did not catch up": self.troubles.wrong,
            f"differences in {self.samples.compared} restores of {self.samples.taken} former moments": self.samples.wrong,
            "at the end: differences from the live files, damage by `check --read-data`": self.ending,
        }

    def record(self):
        faults, troubles, options = self.faults(), self.troubles, self.options
        counts = {}
        for _, what, _ in troubles.events:
            what = what.partition(" ")[0] if what.startswith("clock") else what
            counts[what] = counts.get(what, 0) + 1
        told = "; ".join(f"{what} {count}" for what, count in sorted(counts.items())) or "none"
        goals = list(soak_report.judged(self.rows, {goal: len(found) for goal, found in faults.items()}))
        left_out = [] if troubles.disk.is_small else ["full disks: only root can mount a small one"]
        left_out += [] if troubles.clock.environment else ["clocks that are set: no C compiler"]
        return {
            "scenario": "soak",
            "title": f"mixed load and troubles for {options.hours:g} h",
            "commit": equipment.commit(),
            "machine": equipment.machine(self.work),
            "versions": {"holdfast": equipment.first_line([self.watch.holdfast, "--version"])},
            "short": options.hours < 2,
            "round_count": 1,
            "left_out": left_out,
            "hours": options.hours,
            "seed": options.seed,
            "what": (
                f"Seed {options.seed}. {self.load.commits():,} commits; troubles: {told}. In {troubles.announced} of "
                f"{troubles.fillings} fillings `status` said that the repository cannot be written. {self.load.excused()} commands failed "
                f"in a trouble, as they may. At the end `check --read-data`: {self.checked}"
            ),
            "goals": goals,
            "wrong": [problem for found in faults.values() for problem in found][:SHOWN],
            "events": troubles.events,
            "rows": [{key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()} for row in self.rows],
        }


def main(words):
    options = parse(words)
    print(f"seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-soak-", dir=options.work)).resolve()
    with Disk(work / "disk", options.disk << 20) as disk:
        (work / "disk").mkdir(exist_ok=True)
        soak = Soak(options, work, disk)
        soak.run()
        record = soak.record()
        is_kept = options.keep or bool(record["wrong"])
        if is_kept:
            shutil.copytree(soak.watch.repository, work / "repository")
    soak_report.write(options.results, record)
    report.write_summary(options.results)
    print("\n".join(["", record["what"], "", *report.goal_lines(record["goals"])]))
    for problem in record["wrong"]:
        print(f"WRONG {problem}")
    if is_kept:
        print(f"kept: {work}")
    else:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if any(goal["met"] is False for goal in record["goals"]) else 0
