"""A watcher beside programs that are tried or loaded, and the commands that are typed meanwhile."""

import os
import pathlib
import signal
import subprocess
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def program():
    """Holdfast: $HOLDFAST_BIN, else the release build, which is made first if need be."""
    given = os.environ.get("HOLDFAST_BIN")
    if given:
        return pathlib.Path(given).resolve()
    subprocess.run([PROJECT / "scripts" / "run", "--version"], check=True, stdout=subprocess.DEVNULL)
    return PROJECT / ".build" / "release" / "holdfast"


class Watch:
    """`holdfast watch ROOT`, with a repository and a log of its messages that lie elsewhere."""

    def __init__(self, holdfast, root, repository, log, *options, environment=None):
        self.holdfast, self.root, self.repository, self.log = holdfast, root, repository, log
        self.options = options
        self.environment = {**os.environ, **(environment or {})}
        self.process = None

    def start(self, timeout=120):
        """Returns when it is ready. RuntimeError with its last words if it ends before or takes too long."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command("watch", *self.options, self.root), stderr=log, stdout=log, env=self.environment)
        end = time.monotonic() + timeout
        while b"ready: " not in self.log.read_bytes()[begin:]:
            if not self.is_alive() or time.monotonic() > end:
                raise RuntimeError(f"the watcher is not ready: {self.last_words()}")
            time.sleep(0.02)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def last_words(self):
        """The end of its messages, in one line."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        fatal = [line for line in lines if "Fatal error" in line or "Crash" in line or "crashed" in line]
        return (fatal or lines or ["nothing"])[-1].strip()

    def stop(self):
        """Ends it as a user does: its exit status; negative if a signal ended it before."""
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def command(self, name, *arguments):
        return [str(word) for word in (self.holdfast, name, "--repo", self.repository, *arguments)]

    def run(self, name, *arguments, **options):
        """A command to its end, whatever its exit status."""
        options = {"capture_output": True, "text": True, "errors": "replace", "env": self.environment, **options}
        return subprocess.run(self.command(name, *arguments), check=False, **options)
