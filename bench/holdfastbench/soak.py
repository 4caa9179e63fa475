"""Loads a watcher for long, and tells whether it grows: WAL and rollback writers, some killed amid a transaction, databases made and
removed, page sizes, journal modes, VACUUM, plain files, directories moved, forget, restore, sync.

At intervals it writes a row about the watcher. At the end it fits lines through the last two thirds of RssAnon and of the open descriptors.
It fails when the watcher ended, when `latest` differs from a live file, when `check --read-data` finds damage, or, in runs of
10 minutes or more, when a line rises by more than its bound beyond twice its standard error. Holdfast is $HOLDFAST_BIN, or
the release build.
Exit status: 0 all holds, 1 something does not.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from holdfastbench import measure, watched
from holdfastbench.soaking import KINDS, Place, protected

# In a shorter run caches still fill: growth is shown, and not judged.
JUDGED_MINUTES = 10
# After a step that failed.
ERROR_SECONDS = 5
# The most that is told of what is wrong.
SHOWN = 40
HEADINGS = ("minute", "RSS MB", "RssAnon MB", "threads", "descriptors", "committed", "commits", "gaps", "repository MB")


def parse():
    parser = argparse.ArgumentParser(prog="bench/soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="how long (60); 2 to try it")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="between rows: a minute, or a 12th of the time if that is less")
    parser.add_argument("--only", help="comma-separated kinds of load instead of all: " + " ".join(KINDS))
    parser.add_argument("--bound", type=float, default=1, metavar="MB", help="what RssAnon may grow in an hour, beside the noise (1)")
    parser.add_argument("--descriptors", type=float, default=2, metavar="N", help="what the descriptors may grow in an hour (2)")
    parser.add_argument("--work", type=pathlib.Path, help="where databases and repository lie; a new temporary directory")
    parser.add_argument("--keep", action="store_true", help="do not remove them")
    options = parser.parse_args()
    unknown = set((options.only or "").split(",")) - {"", *KINDS}
    if unknown:
        parser.error(f"no such kind of load: {', '.join(sorted(unknown))}")
    return options


class Load:
    """The threads of the kinds of load."""

    def __init__(self, names, root, outside, watch):
        self.ended, self.errors = threading.Event(), []
        self.places = {name: Place(name, root, outside, watch) for name in names}
        self.threads = [threading.Thread(target=self._repeat, args=[name], daemon=True) for name in names]

    def start(self):
        for thread in self.threads:
            thread.start()

    def _repeat(self, name):
        place = self.places[name]
        while not self.ended.is_set():
            try:
                rest = KINDS[name](place)
            except Exception as error:  # noqa: BLE001  a step that fails is told; the load goes on
                self.errors.append(f"{name}, step {place.step}: {type(error).__name__}: {error}")
                rest = ERROR_SECONDS
            place.step += 1
            self.ended.wait(rest)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(60)
        for place in self.places.values():
            for kept in place.kept.values():
                if hasattr(kept, "close"):
                    kept.close()

    def commits(self):
        return sum(place.commits for place in self.places.values())


def sample(watch, load, minutes):
    """A row about the watcher, as numbers."""
    process = pathlib.Path("/proc") / str(watch.process.pid)
    text = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    if "VmRSS" not in text:
        raise RuntimeError("the watcher has ended")
    done = watch.run("status", "--json", watch.root)
    if done.returncode != 0 or not done.stdout:
        raise RuntimeError(f"status ended with status {done.returncode}: {done.stderr.strip()}")
    said = json.loads(done.stdout.splitlines()[0])
    return {
        "minute": minutes,
        "RSS MB": int(text["VmRSS"].split()[0]) / 1024,
        "RssAnon MB": int(text["RssAnon"].split()[0]) / 1024,
        "threads": int(text["Threads"]),
        "descriptors": len(os.listdir(process / "fd")),
        "committed": load.commits(),
        "commits": said["commits"],
        "gaps": said["gaps"],
        "repository MB": measure.size(watch.repository) / 1_000_000,
    }


def shown(row):
    cells = ((key, f"{value:.2f}" if isinstance(value, float) else str(value)) for key, value in row.items())
    return "  ".join(cell.rjust(len(key)) for key, cell in cells)


def slope(rows, key):
    """Of the last two thirds, in units an hour, and its standard error, by least squares."""
    last = rows[len(rows) // 3 :]
    xs, ys = [row["minute"] / 60 for row in last], [row[key] for row in last]
    count = len(xs)
    if count < 3:
        return 0.0, float("inf")
    mean_x, mean_y = sum(xs) / count, sum(ys) / count
    spread = sum((x - mean_x) ** 2 for x in xs)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / spread
    left = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in zip(xs, ys))
    return rise, (left / (count - 2) / spread) ** 0.5


def differences(watch, work):
    """Restores the root at `latest`, and names each file that is not as it is now."""
    output = work / "latest"
    done = watch.run("restore", watch.root, "--at", "latest", "--output", output, "--quick")
    if done.returncode != 0:
        return [f"restore ended with status {done.returncode}: {done.stderr.strip()[-300:]}"]
    wrong = []
    names = {path.relative_to(base) for base in (watch.root, output) for path in protected(base)}
    for name in sorted(names):
        live, restored = watch.root / name, output / name
        if not live.exists() or not restored.exists():
            wrong.append(f"{name} is only {'live' if live.exists() else 'in the restored directory'}")
        elif content(live) != content(restored):
            wrong.append(f"{name} differs from the live file")
    return wrong


def content(path):
    """The rows of a database, the bytes of any other file."""
    data = path.read_bytes()
    if not data.startswith(b"SQLite format 3\0"):
        return data
    return subprocess.run(["sqlite3", path, ".dump"], capture_output=True, check=True).stdout


def main():
    options = parse()
    every = options.every or min(60, options.minutes * 5)
    work = (options.work or pathlib.Path(tempfile.mkdtemp(prefix="holdfast-soak-"))).resolve()
    root = work / "root"
    root.mkdir(parents=True)
    watch = watched.Watch(watched.program(), root, work / "repository", work / "watch.log")
    watch.start()
    load = Load(options.only.split(",") if options.only else list(KINDS), root, work / "outside", watch)
    rows, wrong = [], []
    start = time.monotonic()
    print("  ".join(HEADINGS), flush=True)
    try:
        load.start()
        while watch.is_alive() and (left := options.minutes * 60 - (time.monotonic() - start)) > 0:
            time.sleep(min(left, every - (time.monotonic() - start) % every))
            try:
                rows.append(sample(watch, load, (time.monotonic() - start) / 60))
                print(shown(rows[-1]), flush=True)
            except (RuntimeError, OSError) as error:
                wrong.append(str(error))  # if the watcher has ended, that is said below as well
        load.stop()
        wrong += load.errors
        if watch.is_alive():
            done = watch.run("sync", root, "--timeout", "120s")
            if done.returncode != 0:
                wrong.append(f"sync ended with status {done.returncode}: {done.stderr.strip()}")
            wrong += differences(watch, work)
    finally:
        load.ended.set()
        alive, ended = watch.is_alive(), watch.stop()
    if not alive or ended != 0:
        wrong.append(f"the watcher ended with status {ended}: {watch.last_words()}")
    for key, unit, bound in (("RssAnon MB", "MB", options.bound), ("descriptors", "", options.descriptors)):
        rise, error = slope(rows, key)
        print(f"{key}: {rise:+.2f} {unit} an hour, standard error {error:.2f}, over the last two thirds")
        if options.minutes >= JUDGED_MINUTES and rise - 2 * error > bound:
            wrong.append(f"{key} grows by {rise:.2f} {unit} an hour; {bound} are allowed")
    checked = watch.run("check", "--read-data")
    print(f"check --read-data: {(checked.stdout + checked.stderr).strip()[-300:]}")
    if checked.returncode != 0:
        wrong.append(f"check --read-data ended with status {checked.returncode}")
    for problem in wrong[:SHOWN]:
        print(f"WRONG {problem}")
    if len(wrong) > SHOWN:
        print(f"… and {len(wrong) - SHOWN} more")
    print("all holds" if not wrong else f"{len(wrong)} things do not hold")
    if options.keep:
        print(f"kept: {work}")
    else:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
