"""Programs that copy the whole file: once, or in a loop beside the writers."""

import subprocess

from holdfastbench.protectors.base import Protector

SHELL = "sqlite3 -batch -init /dev/null"


class Copy(Protector):
    """A shell command that copies a database, durable when it ends, and one that brings it back."""

    tool = ""
    making = ""
    restoring = "cp '{copy}' '{output}' && sync '{output}'"

    @classmethod
    def missing(cls, equipment):
        return None if equipment.has(cls.tool) else f"{cls.tool} is not installed"

    def copy(self, database):
        return self.folder / f"copy-of-{database.name}"

    def shell(self, script, database, output=None):
        text = script.format(database=database, copy=self.copy(database), output=output, folder=self.folder)
        return ["bash", "-ec", text]

    def backup(self, database):
        return self.shell(self.making, database)

    def restore(self, database, output, moment=None):
        return self.shell(self.restoring, database, output)


class Looping(Copy):
    """The copy again and again, without a pause, beside the writers."""

    def start(self, timeout=60):
        loops = [
            f"while :; do rm -f '{self.copy(database)}'; {self.making.format(database=database, copy=self.copy(database))}; done"
            for database in self.databases
        ]
        script = "trap 'kill $(jobs -p); wait; exit' TERM\n" + " & ".join(loops) + " & wait"
        self.spawn(["bash", "-c", script], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Backup(Looping):
    name = ".backup"
    tool = "sqlite3"
    making = f"{SHELL} '{{database}}' \".backup '{{copy}}'\""


class VacuumInto(Looping):
    name = "VACUUM INTO"
    tool = "sqlite3"
    # `.backup` synchronises what it wrote; that this does not hang on the version, it is asked for.
    making = f"{SHELL} '{{database}}' \"VACUUM INTO '{{copy}}'\"; sync '{{copy}}'"


class Cp(Copy):
    name = "cp"
    tool = "cp"
    making = "cp '{database}' '{copy}' && sync '{copy}'"


class Zstd(Copy):
    name = "zstd -1 -T2"
    tool = "zstd"
    making = "zstd -q -1 -T2 '{database}' -o '{copy}' && sync '{copy}'"
    restoring = "zstd -q -d '{copy}' -o '{output}' && sync '{output}'"


class Restic(Copy):
    name = "restic"
    tool = "restic"
    making = "restic -q init && restic -q backup '{database}'"
    restoring = "restic -q dump latest '{database}' > '{output}' && sync '{output}'"

    def shell(self, script, database, output=None):
        place = f"RESTIC_REPOSITORY='{self.folder}/repository' RESTIC_CACHE_DIR='{self.folder}/cache'"
        return super().shell(f"export {place} RESTIC_PASSWORD=bench\n{script}", database, output)
