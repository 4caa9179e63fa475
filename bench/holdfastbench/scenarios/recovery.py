"""What is typed after each accident of the recovery guide, how long it takes, and what it costs those who go on writing.

A project with a database of 29 tables, while a sqlite3 process without a busy timeout logs an event every 50 ms. All rows but these events
are compared with what they were before the accident. With DEVTEAM=DIR, a checkout of DevTeam, its own script makes the tables.
"""

import os
import pathlib
import subprocess
import threading
import time

from holdfastbench import accidents
from holdfastbench.scenario import Column, Scenario, number
from holdfastbench.scenarios.common import protected
from holdfastbench.scenarios.interference import sqlite

EVENT = "PRAGMA foreign_keys = ON; INSERT INTO events(session_id, event_type, message) VALUES('session-01', 'log', 'w')"


class Recovery(Scenario):
    name = "recovery"
    title = "accidents, in rollback-journal mode beside writers without a busy timeout"
    journal_mode = "delete"
    rounds = 3
    columns = (
        Column("typed", "typed"),
        Column("seconds", "seconds", number(2)),
        Column("rows lost or changed", "rows_lost"),
        Column("writes meanwhile", "writes"),
        Column("found it locked", "locked"),
        Column("failed afterwards", "failed_afterwards"),
    )

    def subjects(self):
        return accidents.ALL

    def turn(self, protector_class, equipment, folder):
        project = folder / "project"
        (project / ".devteam" / "memory").mkdir(parents=True)
        database = project / accidents.DATABASE
        self.make(database, project)
        (project / ".devteam" / "config.yaml").write_text("model: large\n")
        (project / ".devteam" / "memory" / "notes.md").write_text("remember\n")
        wanted = rows(database)
        (folder / "bin").mkdir()
        (folder / "bin" / "holdfast").symlink_to(equipment.holdfast)
        environment = {**os.environ, "HOLDFAST_REPO": str(folder / "kept"), "PATH": f"{folder}/bin:{os.environ['PATH']}"}

        def type_in(command):
            subprocess.run(["sh", "-c", command], cwd=project, env=environment, capture_output=True, check=False)

        with disk(folder / "kept", getattr(protector_class, "disk_bytes", 0)):
            with protected(protector_class, equipment, folder, [database]):
                type_in(protector_class.before)
                writers = Writers(database)
                time.sleep(0.5)
                type_in(protector_class.strike)
                start = time.monotonic()
                for command in protector_class.remedy:
                    type_in(command)
                end = time.monotonic()
                time.sleep(0.5)
                writers.stop()
        return {
            "typed": "; ".join(f"`{command}`" for command in protector_class.remedy),
            "seconds": end - start,
            "rows_lost": len(wanted ^ rows(database)),
            "writes": sum(start - 0.1 <= at <= end for at, _ in writers.attempts),
            "locked": sum(start <= at <= end and "locked" in error for at, error in writers.attempts),
            "failed_afterwards": sum(at > end and bool(error) for at, error in writers.attempts),
        }


    def make(self, database, project):
        def fill(name):
            subprocess.run(["sqlite3", database], input=(accidents.FIXTURES / name).read_bytes(), check=True)

        if devteam := os.environ.get("DEVTEAM"):
            script = pathlib.Path(devteam) / "scripts" / "db-init.sh"
            subprocess.run(["bash", script], cwd=project, stdout=subprocess.DEVNULL, check=True)
        else:
            fill("devteam.sql")
        fill("devteam-content.sql")
        sqlite(database, f"PRAGMA journal_mode = {self.journal_mode}")


class RecoveryWAL(Recovery):
    name = "recovery-wal"
    title = "accidents, in WAL mode beside writers without a busy timeout"
    journal_mode = "wal"


class disk:
    """A file system of its own for the repository, if it must be small."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size

    def __enter__(self):
        if self.size:
            self.folder.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size},mode=0700", "tmpfs", self.folder], check=True)

    def __exit__(self, *_):
        if self.size:
            subprocess.run(["umount", "--lazy", self.folder], check=True)


class Writers:
    """One sqlite3 process after the other. `attempts`: when each ended, and what it was told."""

    def __init__(self, database):
        self.database, self.attempts, self.is_over = database, [], False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over:
            # A program of the team makes no database: it fails where there is none.
            if self.database.exists():
                done = sqlite(self.database, EVENT)
                self.attempts.append((time.monotonic(), done.stderr))
            time.sleep(0.05)

    def stop(self):
        self.is_over = True
        self.thread.join()


def rows(database):
    """All of all tables, but for the events of the writers."""
    names = sqlite(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").stdout.split()
    command = ["sqlite3", "-batch", "-init", "/dev/null", "-quote", database]
    found = set()
    for name in names:
        where = "WHERE event_type <> 'log'" if name == "events" else ""
        listed = subprocess.run([*command, f"SELECT * FROM {name} {where}"], capture_output=True, check=False)
        found |= {(name, line) for line in listed.stdout.splitlines()}
    return found
