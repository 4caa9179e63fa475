"""The first complete backup of a large database, warm and cold, and bringing it back."""

import shutil

from holdfastbench import load, measure, protectors
from holdfastbench.scenario import Column, Goal, Scenario, megabytes, number


class FirstBackup(Scenario):
    name = "first-backup"
    title = "first backup of a 796 MB database, and its restore"
    rounds = 3
    columns = (
        Column("backup, warm, s", "backup_seconds", number(2), versus="zstd -1 -T2"),
        Column("CPU s", "backup_cpu_seconds", number(2)),
        Column("peak memory", "backup_peak_bytes", megabytes),
        Column("written", "backup_written_bytes", megabytes),
        Column("stored", "stored_bytes", megabytes),
        Column("mirror", "mirror_bytes", megabytes),
        Column("backup, cold, s", "cold_backup_seconds", number(2)),
        Column("restore, warm, s", "restore_seconds", number(2), versus="cp"),
        Column("CPU s", "restore_cpu_seconds", number(2)),
        Column("peak memory", "restore_peak_bytes", megabytes),
        Column("restore, cold, s", "cold_restore_seconds", number(2), versus="cp"),
        Column("restore with integrity_check, s", "checked_restore_seconds", number(2), versus="cp"),
    )
    goals = (
        Goal("first backup, s", "backup_seconds", 2.5, number(2), limit="reading it, and zstd"),
        Goal("stored, mirror apart", "stored_bytes", 175e6, megabytes),
        Goal("memory of the first backup", "backup_peak_bytes", 45e6, megabytes),
        Goal("its restore, against cp", "restore_seconds", 1.3, number(2), versus="cp", limit="writing it"),
    )
    bars = ("backup_seconds", "restore_seconds", "stored_bytes", "backup_peak_bytes")

    def subjects(self):
        every = protectors
        return every.Holdfast, every.Litestream, every.Backup, every.VacuumInto, every.Cp, every.Zstd, every.Restic

    def prepare(self, folder):
        self.original = folder / "large.db"
        # In rollback mode, where one file is all there is; whoever needs WAL mode switches to it.
        load.create(self.original, mode="delete", megabytes=self.sized(796, 8))

    def turn(self, protector_class, equipment, folder):
        (folder / "data").mkdir()
        database = folder / "data" / "large.db"
        shutil.copyfile(self.original, database)
        figures = {}
        if measure.cool():
            protector = protector_class(equipment, folder / "cold", [database])
            figures["cold_backup_seconds"] = measure.run(protector.backup(database))["seconds"]
            shutil.rmtree(protector.folder)
            shutil.rmtree(folder / "data")
            (folder / "data").mkdir()
            shutil.copyfile(self.original, database)

        measure.settle(database)
        protector = protector_class(equipment, folder / "kept", [database])
        figures |= {f"backup_{key}": value for key, value in measure.run(protector.backup(database)).items()}
        figures |= {"stored_bytes": protector.stored_bytes(), "mirror_bytes": protector.mirror_bytes()}

        output = folder / "restored.db"
        restore = protector.quick_restore(database, output)
        figures |= {f"restore_{key}": value for key, value in measure.run(restore).items()}
        if load.last_event(output) != load.last_event(database):
            raise RuntimeError(f"{protector.name} did not restore all events")
        output.unlink()
        if measure.cool():
            figures["cold_restore_seconds"] = measure.run(restore)["seconds"]
            output.unlink()
        if restore != protector.restore(database, output):
            figures["checked_restore_seconds"] = measure.run(protector.restore(database, output))["seconds"]
        return figures
