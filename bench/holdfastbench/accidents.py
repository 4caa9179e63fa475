"""The accidents of a team and the commands that undo them, each as a subject of the scenario `recovery`."""

import os
import pathlib

from holdfastbench.protectors.holdfast import Holdfast

DATABASE = ".devteam/devteam.db"


class Accident(Holdfast):
    """What happens, in sh, in the project's directory; and what is typed then. `holdfast` is in the PATH."""

    strike = ""
    remedy = ()
    # Typed before it happens.
    before = "holdfast snapshot --tag good"
    # The file is exchanged, rather than replaced in a transaction: whoever writes meanwhile may find it locked.
    is_exchange = False


class SessionDeleted(Accident):
    name = "session deleted"
    strike = f"sqlite3 {DATABASE} \"PRAGMA foreign_keys = ON; DELETE FROM sessions WHERE id = 'session-03'\""
    remedy = ("holdfast rows restore sessions session-03 --with-children --at good",)


class MigrationFailed(Accident):
    name = "migration failed half way"
    before = ""
    strike = (
        "holdfast guard --tag pre-migration -- "
        f"sqlite3 -bail {DATABASE} 'ALTER TABLE tasks ADD COLUMN risk; DROP TABLE gate_results; SELECT broken'"
    )
    remedy = (f"holdfast restore {DATABASE} --at pre-migration --in-place",)


class CleanupWentTooFar(Accident):
    name = "cleanup deleted too much"
    strike = f"sqlite3 {DATABASE} \"PRAGMA foreign_keys = ON; DELETE FROM sessions WHERE id > 'session-02'\""
    remedy = (f"holdfast restore {DATABASE} --at good --in-place",)


class PageDamaged(Accident):
    name = "page damaged"
    strike = f"head -c 4096 /dev/urandom | dd of={DATABASE} bs=4096 seek=1 conv=notrunc status=none"
    remedy = ("holdfast doctor --apply best",)
    is_exchange = True


class FileDeleted(Accident):
    name = "file deleted"
    strike = f"rm {DATABASE}"
    remedy = ("holdfast doctor --apply best",)
    is_exchange = True


class Garbage(Accident):
    name = "overwritten with garbage"
    strike = f"head -c 200000 /dev/urandom > {DATABASE}"
    remedy = ("holdfast doctor --apply best",)
    is_exchange = True


class EverythingRemoved(Accident):
    name = "all of .devteam removed"
    strike = "rm -r .devteam"
    remedy = ("holdfast restore --at good --in-place",)
    is_exchange = True


class DiskFull(Accident):
    """The repository's disk; the database's own would stop its writers by itself."""

    name = "disk full"
    strike = (
        "head -c 10000000000 /dev/zero > ../kept/filler 2>/dev/null; "
        f"sqlite3 {DATABASE} \"DELETE FROM tasks; INSERT INTO error_log(error_type, error_message) VALUES('bug', hex(randomblob(150000)))\""
    )
    remedy = ("rm ../kept/filler", f"holdfast restore {DATABASE} --at good --in-place")
    disk_bytes = 256 << 20

    @classmethod
    def missing(cls, equipment):
        return None if os.geteuid() == 0 else "only root can mount a small disk"


class MovedBehindLink(Accident):
    name = "moved behind a symlink"
    strike = f"mv .devteam ../larger && ln -s ../larger .devteam; sqlite3 {DATABASE} 'DELETE FROM plans'"
    remedy = (f"holdfast restore {DATABASE} --at good --in-place",)


class FromDump(Accident):
    name = "dump restored"
    before = "holdfast snapshot --tag good; holdfast export --format sql --output dump.sql"
    strike = f"sqlite3 {DATABASE} 'DELETE FROM tasks; DELETE FROM bugs'"
    remedy = ("holdfast restore --from-sql dump.sql",)


class OneTable(Accident):
    name = "one table, in part"
    strike = f"sqlite3 {DATABASE} 'DELETE FROM gate_results; DELETE FROM plans'"
    remedy = (
        "holdfast rows restore gate_results --where 1 --at good",
        "holdfast rows restore plans plan-1 plan-2 --at good",
    )


ALL = (
    SessionDeleted,
    MigrationFailed,
    CleanupWentTooFar,
    PageDamaged,
    FileDeleted,
    Garbage,
    EverythingRemoved,
    DiskFull,
    MovedBehindLink,
    FromDump,
    OneTable,
)
FIXTURES = pathlib.Path(__file__).parents[2] / "Tests" / "Fixtures"
