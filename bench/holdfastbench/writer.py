"""The one process that writes: `python -m holdfastbench.writer DATABASE …`.

One connection of Python's sqlite3, apart from the measuring program, so that the pauses of neither are the other's.
"""

import argparse
import json
import random
import select
import sqlite3
import subprocess
import sys
import time

from holdfastbench.load import INSERT, UPDATE, event


def connect(database, mode="wal"):
    """As a careful writer: full synchronisation, its own transactions, no waiting for locks that others hold.

    An empty mode leaves the journal mode as it is.
    """
    connection = sqlite3.connect(database, isolation_level=None, timeout=0)
    if mode:
        connection.execute(f"PRAGMA journal_mode={mode}")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def write(database, mode, seconds, commits, rate):
    """Commits until the time is over or all are made: at so many a second, or as fast as it goes when `rate` is 0.

    Each wait of a slow writer is a little longer or shorter than the next, so that no interval of a protector's falls in step.
    """
    connection = connect(database, mode)
    rng = random.Random(2)
    times, locked, number = [], 0, 0
    due = begin = time.monotonic_ns()
    end = begin + int(seconds * 1e9)
    while number < commits and time.monotonic_ns() < end:
        if rate:
            due += int(1e9 / rate * rng.uniform(0.5, 1.5))
            time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
        row = event(rng, 100_000_000 + number)
        start = time.monotonic_ns()
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(INSERT, row)
            if number % 10 == 0:
                connection.execute(UPDATE, (row[-2], row[0]))
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            locked += 1
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        else:
            times.append((start, time.monotonic_ns()))
        number += 1
    return connection, {"seconds": (time.monotonic_ns() - begin) / 1e9, "locked": locked, "times": times}


class Writer:
    """The writer's process. It holds its connection until `finish`, so that no log is folded in behind one's back."""

    def __init__(self, database, mode="wal", seconds=1e6, commits=1e9, rate=0):
        options = ["--mode", mode, "--seconds", str(seconds), "--commits", str(int(commits)), "--rate", str(rate)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfastbench.writer", database, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def result(self):
        """Waits for the last commit; `seconds`, `locked`, and `times`: of each commit begin and end, monotonic nanoseconds."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the writer failed")
        return json.loads(line)

    def has_result(self):
        """Whether `result` would not wait."""
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def finish(self):
        """Closes the connection."""
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError("the writer failed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--mode")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--commits", type=int)
    parser.add_argument("--rate", type=float)
    options = parser.parse_args()
    connection, result = write(options.database, options.mode, options.seconds, options.commits, options.rate)
    print(json.dumps(result), flush=True)
    sys.stdin.read()
    connection.close()


if __name__ == "__main__":
    main()
