"""What protectors do to writers that have no busy timeout, in rollback-journal mode.

Two kinds of writers, one after the other, each on a database of its own, so that nobody but the protector can be in their
way: a new sqlite3 process for every transaction, and one connection without a pause.
"""

import subprocess
import time

from holdfastbench import load, protectors
from holdfastbench.scenario import Column, Goal, Scenario, number
from holdfastbench.scenarios.common import protected
from holdfastbench.writer import Writer

INSERT = """INSERT INTO events(session_id, timestamp, event_type, data)
    VALUES('session-202600000001', strftime('%Y-%m-%d %H:%M:%f'), 'message', hex(randomblob(150)))"""


def sqlite(database, sql):
    """One sqlite3 process, without the user's settings."""
    command = ["sqlite3", "-batch", "-init", "/dev/null", database, sql]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Interference(Scenario):
    name = "interference"
    title = "writers without a busy timeout, rollback journal"
    columns = (
        Column("attempts", "attempts"),
        Column("found locked", "locked"),
        Column("commits/s, processes", "processes_per_second", number(), versus="nothing"),
        Column("commits/s, one connection", "connection_per_second", number(), versus="nothing"),
        Column("CPU s", "cpu_seconds", number(2)),
        Column("journal mode", "mode"),
        Column("tables added", "tables_added"),
        Column("files left beside", "files_added"),
    )
    goals = (
        Goal("writes that found the database locked", "locked", 0, is_for_each_turn=True),
        Goal("changes to mode, schema and files beside", "changes", 0, is_for_each_turn=True),
    )
    bars = ("locked", "connection_per_second")

    def subjects(self):
        every = protectors
        return every.Nothing, every.Holdfast, every.Backup, every.VacuumInto, every.Litestream

    def turn(self, protector_class, equipment, folder):
        databases = [folder / "data" / name for name in ("processes.db", "connection.db")]
        (folder / "data").mkdir()
        for database in databases:
            load.create(database, mode="delete")
        before = state(databases)
        seconds = self.sized(5, 1)
        with protected(protector_class, equipment, folder, databases) as protector:
            processes = write_by_processes(databases[0], seconds)
            # An empty mode leaves the journal as it is, also as a protector made it.
            writer = Writer(databases[1], mode="", seconds=seconds)
            connection = writer.result()
            writer.finish()
            cpu = protector.stop()
        after = state(databases)
        added = {key: sorted(after[key] - before[key]) for key in before}
        return {
            "attempts": processes["attempts"] + len(connection["times"]) + connection["locked"],
            "locked": processes["locked"] + connection["locked"],
            "processes_per_second": (processes["attempts"] - processes["locked"]) / seconds,
            "connection_per_second": len(connection["times"]) / connection["seconds"],
            "cpu_seconds": cpu,
            "mode": "+".join(sorted(after["modes"])),
            "tables_added": "+".join(added["tables"]) or "none",
            "files_added": "+".join(added["files"]) or "none",
            "changes": sum(len(found) for found in added.values()),
        }


def write_by_processes(database, seconds):
    """Attempts, and how many found the database locked. Nobody tries again."""
    attempts = locked = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        attempts += 1
        locked += "locked" in sqlite(database, INSERT).stderr
    return {"attempts": attempts, "locked": locked}


def state(databases):
    """What a protector might leave: journal modes, the schema, files."""
    return {
        "modes": {sqlite(path, "PRAGMA journal_mode").stdout.strip() for path in databases},
        "tables": set(sqlite(databases[0], "SELECT name FROM sqlite_master").stdout.split()),
        "files": {path.name for path in databases[0].parent.iterdir()},
    }
