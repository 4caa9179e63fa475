"""The load: databases like an agent's log of its sessions.

A commit is one event of about 300 bytes, with JSON, in a table with five indexes; every tenth also updates the session.
That touches about eight pages. `writer` makes them.
"""

import json
import os
import random
import shutil
import sqlite3

SCHEMA = """
CREATE TABLE sessions(id TEXT PRIMARY KEY, started_at TIMESTAMP, command TEXT, status TEXT, current_phase TEXT,
    current_iteration INTEGER, total_tokens_input INTEGER, total_tokens_output INTEGER);
CREATE INDEX sessions_status ON sessions(status);
CREATE INDEX sessions_started ON sessions(started_at);
CREATE TABLE events(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT REFERENCES sessions(id) ON DELETE CASCADE,
    timestamp TIMESTAMP, event_type TEXT, event_category TEXT, agent TEXT, model TEXT, iteration INTEGER, phase TEXT,
    data JSON, message TEXT, tokens_input INTEGER, tokens_output INTEGER);
CREATE INDEX events_session ON events(session_id);
CREATE INDEX events_type ON events(event_type);
CREATE INDEX events_timestamp ON events(timestamp);
CREATE INDEX events_agent ON events(agent);
CREATE INDEX events_category ON events(event_category, event_type);
CREATE TABLE agent_runs(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, agent TEXT, model TEXT,
    started_at TIMESTAMP, status TEXT, tokens_input INTEGER, tokens_output INTEGER, output_summary TEXT);
CREATE INDEX agent_runs_session ON agent_runs(session_id);
CREATE INDEX agent_runs_agent ON agent_runs(agent);
CREATE INDEX agent_runs_status ON agent_runs(status);
CREATE TABLE gate_results(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, gate TEXT, iteration INTEGER,
    passed BOOLEAN, details JSON, timestamp TIMESTAMP);
CREATE INDEX gate_results_session ON gate_results(session_id);
CREATE INDEX gate_results_gate ON gate_results(gate, passed);
CREATE TABLE tasks(id TEXT PRIMARY KEY, name TEXT, description TEXT, status TEXT, session_id TEXT, priority TEXT,
    scope_json JSON, created_at TIMESTAMP);
CREATE INDEX tasks_status ON tasks(status);
CREATE INDEX tasks_session ON tasks(session_id);
"""
INSERT = """INSERT INTO events(session_id, timestamp, event_type, event_category, agent, model, iteration, phase, data,
    message, tokens_input, tokens_output) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"""
UPDATE = """UPDATE sessions SET current_iteration = current_iteration + 1, total_tokens_input = total_tokens_input + ?
    WHERE id = ?"""
AGENTS = ("planner", "implementer", "reviewer", "tester", "architect", "debugger", "writer", "researcher")
TYPES = ("tool_call", "tool_result", "file_changed", "gate_passed", "gate_failed", "message", "task_started")
CATEGORIES = ("tool", "file", "gate", "conversation", "task")
PHASES = ("plan", "implement", "verify", "review")
SESSIONS = 40


def session_id(number):
    return f"session-2026{number:08d}"


def event(rng, number):
    """The values of one row of `events`, about 300 bytes."""
    agent = rng.choice(AGENTS)
    data = {
        "tool": rng.choice(("bash", "edit", "read", "grep", "write")),
        "path": f"src/{rng.choice(PHASES)}/{agent}_{rng.randrange(500)}.py",
        "call": f"{rng.getrandbits(64):016x}",
        "ok": rng.random() < 0.9,
        "ms": rng.randrange(9000),
    }
    second, hundredth = divmod(number, 100)
    minute, hour, day = second // 60 % 60, second // 3600 % 24, 1 + second // 86400 % 28
    stamp = f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:{second % 60:02d}.{hundredth:02d}Z"
    return (
        session_id(rng.randrange(SESSIONS)),
        stamp,
        rng.choice(TYPES),
        rng.choice(CATEGORIES),
        agent,
        "large-4.1",
        number // 50,
        rng.choice(PHASES),
        json.dumps(data),
        f"{agent} finished step {number} of the plan",
        rng.randrange(4000),
        rng.randrange(900),
    )


def create(database, mode="wal", events=2_000, megabytes=0):
    """A database with so many events, or with as many as make about so many megabytes."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript(f"PRAGMA journal_mode={mode}; PRAGMA synchronous=OFF; BEGIN;{SCHEMA}")
    rng = random.Random(1)
    start = "2026-11-01T00:00:00Z"
    connection.executemany(
        "INSERT INTO sessions VALUES(?,?,'run','active','plan',1,0,0)",
        ((session_id(number), start) for number in range(SESSIONS)),
    )
    connection.executemany(
        "INSERT INTO tasks VALUES(?,?,?,'open',?,'high','{}',?)",
        ((f"task-{n}", f"Task {n}", "What is to be done. " * 8, session_id(n % SESSIONS), start) for n in range(200)),
    )
    number = 0
    pages = megabytes * 1_000_000 // 4096
    while number < events or connection.execute("PRAGMA page_count").fetchone()[0] < pages:
        connection.executemany(INSERT, (event(rng, number + i) for i in range(2_000)))
        number += 2_000
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def enlarge(database, megabytes):
    """Puts content in, which is nothing but zeros, until the file has so many megabytes."""
    connection = sqlite3.connect(database, isolation_level=None)
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE ballast(content BLOB)")
    left = megabytes * 1_000_000 - connection.execute("PRAGMA page_count").fetchone()[0] * 4096
    while left > 0:
        piece = min(left, 500_000_000)
        connection.execute("INSERT INTO ballast VALUES(zeroblob(?))", (piece,))
        left -= piece
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.close()


def copies(original, folder, count):
    """As many databases, a hundred in a folder, as they would lie in projects."""
    databases = []
    for number in range(count):
        # Holdfast takes the folder of the first as its root, so that one is on top.
        place = folder / f"group-{number // 100}" if number else folder
        place.mkdir(parents=True, exist_ok=True)
        databases.append(place / f"{number}.db")
        shutil.copyfile(original, databases[-1])
    os.sync()
    return databases


def last_event(database):
    """The number of the newest event: what a restored database is recognised by."""
    connection = sqlite3.connect(database)
    (number,) = connection.execute("SELECT max(id) FROM events").fetchone()
    connection.close()
    return number
