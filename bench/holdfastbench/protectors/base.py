"""What every protector can be asked."""

import os
import signal
import subprocess
import threading

from holdfastbench import measure

STOP_SECONDS = 60


class Protector:
    """A program beside the writers, with all that it keeps in `folder`; `databases` lie elsewhere.

    What a program cannot do, it answers with None. Names are those of the tables.
    """

    name = "nothing"
    # What its programs see; None for what this one sees.
    environment = None

    def __init__(self, equipment, folder, databases):
        self.equipment = equipment
        self.folder = folder
        self.databases = databases
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def missing(cls, equipment):
        """Why it cannot run here, or None."""
        return None

    # Beside a writer

    def start(self, timeout=60):
        """Begins; returns when all databases are protected. TimeoutError if that takes longer."""

    def spawn(self, command, **options):
        """Starts the program in a process group of its own, so that all it starts can be ended with it."""
        words = [str(word) for word in command]
        self.process = subprocess.Popen(words, start_new_session=True, env=self.environment, **options)

    def usage(self):
        """Of the program and all that it started, until now."""
        return measure.usage(self.process.pid) if self.process else measure.Usage()

    def stop(self):
        """Ends it, by force if it takes too long: its processor time from beginning to end, in seconds."""
        if not self.process:
            return 0.0
        self._signal(signal.SIGTERM)
        late = threading.Timer(STOP_SECONDS, self._signal, [signal.SIGKILL])
        late.start()
        _, status, resources = os.wait4(self.process.pid, 0)
        late.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.process = None
        return resources.ru_utime + resources.ru_stime

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass  # it ended by itself

    def catch_up(self):
        """Returns when all that was committed is durable, as far as it can be told to hurry."""

    def settle(self):
        """Returns when what it does once after it has begun is done as well."""

    def announcements(self):
        """(folder, inotify mask, which names): what changes once a commit of the first database is durable."""
        return None

    def points(self):
        """Moments to which the first database can be restored."""
        return None

    # Once

    def backup(self, database):
        """The command that makes the first complete backup, durable when it ends."""
        return None

    def quick_restore(self, database, output):
        """The command that restores the newest moment with as few checks as the program offers."""
        return self.restore(database, output)

    def restore(self, database, output, moment=None):
        """The command that restores to a file: the newest moment, or one of `moments()`."""
        return None

    def moments(self):
        """What `restore` takes, oldest first."""
        return []

    # What is kept

    def stored_bytes(self):
        """All that it keeps, but for what `mirror_bytes` counts."""
        return measure.size(self.folder)

    def mirror_bytes(self):
        """An uncompressed copy of the database that restoring does not need."""
        return 0
