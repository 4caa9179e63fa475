"""The kinds of load of a soak: each is a function that is called again and again, in a thread of its own.

A step gets a `Place`, makes some commits or moves some files, and returns how many seconds to rest. Databases of a kind are its own,
so nothing but the watcher could be in its way: no trouble of the watcher excuses a writer that fails. A step that needs what another one
left keeps it in `place.kept`.
"""

import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import time

INSERT = "INSERT INTO t(a, b) VALUES(?, ?)"
CREATE = "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE INDEX IF NOT EXISTS t_a ON t(a);"
# Files come and go under so many names, which come back: of each name that ever was the watcher keeps some hundred bytes, and
# that would hide smaller growth.
NAMES = 60
PAGE_SIZES = (512, 1024, 4096, 16384, 65536)
MODES = ("delete", "wal", "truncate", "persist", "wal", "memory", "delete")


class Place:
    """Where a kind of load works: below the root, with numbers of its own, and the watcher for those that type commands."""

    def __init__(self, name, watch, outside, seed, excuses):
        """`excuses(begin, done)`: whether a command that began then (monotonic) and failed may have."""
        self.root, self.outside, self.watch, self.excuses = watch.root / name, outside / name, watch, excuses
        self.random = random.Random(f"{seed} {name}")
        self.kept, self.step, self.commits, self.excused = {}, 0, 0, 0
        for directory in (self.root, self.outside):
            directory.mkdir(parents=True, exist_ok=True)

    def open(self, name, mode=None):
        """A connection that waits for locks, for a restore in place may have one."""
        connection = sqlite3.connect(self.root / name, isolation_level=None, timeout=30, check_same_thread=False)
        if mode:
            connection.execute(f"PRAGMA journal_mode={mode}").fetchall()
        connection.executescript(CREATE)
        return connection

    def stay(self, name, mode):
        """The same, kept open."""
        if name not in self.kept:
            self.kept[name] = self.open(name, mode)
        return self.kept[name]

    def insert(self, connection, rows=1):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, ((f"row {self.random.random()}", self.random.randbytes(200)) for _ in range(rows)))
        connection.execute("COMMIT")
        self.commits += 1

    def trim(self, connection, most=2000):
        """Keeps a database from growing."""
        connection.execute("DELETE FROM t WHERE id <= (SELECT max(id) FROM t) - ?", (most,))
        self.commits += 1

    def type(self, name, *arguments, accepted=(0,)):
        """Whether it was done. RuntimeError if it failed and nothing excuses that."""
        begin = time.monotonic()
        done = self.watch.run(name, *arguments)
        if done.returncode in accepted:
            return True
        if not self.excuses(begin, done):
            raise RuntimeError(f"holdfast {name} ended with status {done.returncode}: {done.stderr.strip()[-600:]}")
        self.excused += 1
        return False


def wal(place):
    connection = place.stay("wal.db", "wal")
    place.insert(connection)
    if place.step % 500 == 0:
        place.trim(connection)
    return 0.05


def rollback(place):
    connection = place.stay("rollback.db", "delete")
    place.insert(connection)
    if place.step % 500 == 0:
        place.trim(connection)
    return 0.1


def processes(place):
    """As DevTeam writes: a process for each commit."""
    sql = f"PRAGMA journal_mode={'wal' if place.step % 200 < 100 else 'delete'};{CREATE} INSERT INTO t(a) VALUES('p');"
    subprocess.run(["sqlite3", "-cmd", ".timeout 30000", place.root / "processes.db", sql], check=True, stdout=subprocess.DEVNULL)
    place.commits += 1
    return 0.2


def killed(place):
    """A writer is killed amid a transaction that has spilled into the file or its log; the next one recovers."""
    database = place.root / ("killed-wal.db" if place.step % 2 else "killed-rollback.db")
    connection = place.open(database.name, "wal" if place.step % 2 else "delete")
    place.insert(connection)
    place.trim(connection, 300)
    connection.close()
    process = subprocess.Popen(
        ["sqlite3", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    process.stdin.write(
        "PRAGMA cache_size=5; BEGIN; INSERT INTO t(a, b) SELECT 'lost', randomblob(500) FROM t AS x, t AS y LIMIT 300; SELECT 'now';\n"
    )
    process.stdin.flush()
    while process.stdout.readline().strip() not in ("now", ""):
        pass
    process.kill()
    process.communicate()
    return 1


def created(place):
    """Databases come and go under names that come back sooner or later."""
    name = f"new-{place.step % NAMES}.db" if place.step % 3 else f"again-{place.step % 9}.db"
    connection = place.open(name, "wal" if place.step % 2 else "delete")
    for _ in range(3):
        place.insert(connection)
    connection.close()
    alive = place.kept.setdefault("alive", [])
    alive.append(name)
    if len(alive) > 20:
        for suffix in ("", "-wal", "-shm", "-journal"):
            (place.root / f"{alive[0]}{suffix}").unlink(missing_ok=True)
        alive.pop(0)
    return 0.5


def sizes(place):
    """The page size changes with each VACUUM."""
    connection = place.open("sizes.db", "delete")
    place.insert(connection, 20)
    place.trim(connection, 400)
    connection.execute(f"PRAGMA page_size={PAGE_SIZES[place.step % len(PAGE_SIZES)]}")
    connection.execute("VACUUM")
    connection.close()
    return 2


def modes(place):
    connection = place.open("modes.db")
    connection.execute(f"PRAGMA journal_mode={MODES[place.step % len(MODES)]}").fetchall()
    for _ in range(5):
        place.insert(connection)
    place.trim(connection, 400)
    connection.close()
    return 0.5


def vacuum(place):
    """Grows and shrinks: VACUUM, incremental VACUUM, a truncated log."""
    connection = place.open("vacuum.db", "wal")
    place.insert(connection, 1000)
    connection.execute("DELETE FROM t WHERE id % 3")
    connection.execute(("VACUUM", "PRAGMA incremental_vacuum", "PRAGMA wal_checkpoint(TRUNCATE)")[place.step % 3]).fetchall()
    connection.execute("DELETE FROM t")
    connection.close()
    return 3


def files(place):
    """As editors save, and as logs come and go."""
    content = place.random.randbytes(place.random.randrange(1, 20_000))
    (place.root / "edited.txt.new").write_bytes(content)
    os.replace(place.root / "edited.txt.new", place.root / "edited.txt")
    with open(place.root / "log.txt", "ab") as log:
        log.write(content[:100])
    if place.step % 500 == 0:
        os.truncate(place.root / "log.txt", 0)
    fresh = place.root / f"note-{place.step % NAMES}.md"
    fresh.write_bytes(content[:2000])
    os.rename(fresh, place.root / f"renamed-{place.step % NAMES}.md")
    (place.root / f"renamed-{(place.step - 10) % NAMES}.md").unlink(missing_ok=True)
    return 0.3


def rotated(place):
    """Logs as logrotate turns them: `create` moves one away and begins another, `copytruncate` copies and empties it."""
    for name in ("moved.log", "copied.log"):
        with open(place.root / name, "a") as log:
            log.writelines(f"line {place.step} {place.random.random()}\n" for _ in range(20))
    if place.step % 10 != 9:
        return 0.2
    for name in ("moved.log", "copied.log"):
        for number in (3, 2, 1):
            if (place.root / f"{name}.{number}").exists():
                os.replace(place.root / f"{name}.{number}", place.root / f"{name}.{number + 1}")
    os.rename(place.root / "moved.log", place.root / "moved.log.1")
    (place.root / "moved.log").touch()
    shutil.copyfile(place.root / "copied.log", place.root / "copied.log.1")
    os.truncate(place.root / "copied.log", 0)
    return 0.2


def directories(place):
    """A directory with a database gets another name, leaves the root, comes back, and is removed in the end."""
    number = place.step % NAMES
    names = [place.root / f"here-{number}", place.root / f"there-{number}", place.outside / "away"]
    shutil.rmtree(names[2], ignore_errors=True)
    (names[0] / "deep" / "deeper").mkdir(parents=True)
    (names[0] / "deep" / "deeper" / "note.txt").write_text(str(place.step))
    connection = place.open(f"here-{number}/moved.db", "wal" if place.step % 2 else "delete")
    place.insert(connection)
    connection.close()
    os.rename(names[0], names[1])
    connection = place.open(f"there-{number}/moved.db")
    place.insert(connection)
    connection.close()
    os.rename(names[1], names[2])
    os.rename(names[2], names[1])
    shutil.rmtree(place.root / f"there-{(place.step - 5) % NAMES}", ignore_errors=True)
    return 1


def forget(place):
    place.type("forget", "--keep-within", "2m", "--keep-last", "100", "--keep-auto-tags", "2m", place.watch.root)
    return 20


def restore(place):
    """One file that lives for long, to elsewhere."""
    database = place.random.choice(("wal/wal.db", "rollback/rollback.db", "vacuum/vacuum.db"))
    if (place.watch.root / database).exists():
        words = ("--at", "latest", "--output", place.outside / "copy", "--force")
        # 10: nothing of it was captured yet.
        place.type("restore", place.watch.root / database, *words, accepted=(0, 10))
    return 3


def in_place(place):
    connection = place.open("in-place.db", "wal" if place.step % 20 < 10 else "delete")
    # Its first image would take in what follows.
    is_captured = place.type("sync", place.watch.root, "--timeout", "60s")
    for _ in range(5):
        place.insert(connection)
    place.trim(connection, 200)
    connection.close()
    if is_captured and place.type("sync", place.watch.root, "--timeout", "60s"):
        place.type("restore", place.root / "in-place.db", "--at", "latest~2", "--in-place")
    return 10


def sync(place):
    place.type("sync", place.watch.root, "--timeout", "60s")
    return 1


def status(place):
    # 1: something is not well, such as damage that SQLite found in a database of another kind.
    place.type("status", place.watch.root, accepted=(0, 1))
    return 5


KINDS = {
    kind.__name__: kind
    for kind in (
        wal, rollback, processes, killed, created, sizes, modes, vacuum, files, rotated, directories, forget, restore,
        in_place, sync, status,
    )
}  # fmt: skip


# What the watcher leaves out: sidecars, temporary files, and what a restore in place put aside.
LEFT_OUT = re.compile(r"(-wal|-shm|-journal|~|\.tmp)$|\.(corrupted|replaced)-\d{8}-\d{6}")


def protected(root):
    """All files below the root that the watcher captures."""
    for path in sorted(pathlib.Path(root).rglob("*")):
        if path.is_file() and not path.is_symlink() and not LEFT_OUT.search(path.name):
            yield path
