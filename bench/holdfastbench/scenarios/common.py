"""What several scenarios do: a database of their own in a folder, a protector beside a writer."""

import contextlib

from holdfastbench import load
from holdfastbench.scenario import Column, megabytes, number

COST = (
    Column("CPU s", "cpu_seconds", number(2)),
    Column("peak memory", "peak_bytes", megabytes),
    Column("written", "written_bytes", megabytes),
)


def new_database(folder, **options):
    """A database like the load's in a folder where only databases are."""
    (folder / "data").mkdir(exist_ok=True)
    database = folder / "data" / "main.db"
    load.create(database, **options)
    return database


@contextlib.contextmanager
def protected(protector_class, equipment, folder, databases, timeout=60):
    """A protector that is ready, and is ended whatever happens."""
    protector = protector_class(equipment, folder / "kept", databases)
    try:
        protector.start(timeout)
        yield protector
    finally:
        protector.stop()
