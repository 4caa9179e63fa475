"""Holdfast: the static release build with its defaults."""

import json
import subprocess

from holdfastbench import measure
from holdfastbench.protectors.base import Protector
from holdfastbench.reading import await_line
from holdfastbench.watching import IN_MODIFY


class Holdfast(Protector):
    name = "holdfast"

    @property
    def root(self):
        """All databases of a scenario are in one folder."""
        return self.databases[0].parent

    def command(self, name, *arguments):
        return [self.equipment.holdfast, name, "--repo", self.folder, *arguments]

    def ask(self, name, *arguments):
        """The JSON objects that a command prints."""
        words = [str(word) for word in self.command(name, "--json", *arguments)]
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=self.environment)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, timeout=60):
        self.spawn(self.command("watch", self.root), stderr=subprocess.PIPE)
        await_line(self.process.stderr, b"ready", timeout)

    def catch_up(self):
        self.ask("sync", self.root)

    def announcements(self):
        # The durable mark is written behind the segment's fdatasync, and readers list what it covers.
        (root,) = (self.folder / "roots").iterdir()
        return root, IN_MODIFY, lambda name: name == "durable"

    def snapshots(self):
        return [line for line in self.ask("log", self.databases[0]) if "sequence" in line]

    def points(self):
        return len(self.snapshots())

    def moments(self):
        return [line["sequence"] for line in self.snapshots()]

    def backup(self, database):
        return self.command("watch", "--once", database)

    def restore(self, database, output, moment=None):
        return self.command("restore", database, "--at", "latest" if moment is None else moment, "--output", output)

    def quick_restore(self, database, output):
        return [*self.restore(database, output), "--quick"]

    def mirror_bytes(self):
        return sum(measure.size(root / "mirror") for root in (self.folder / "roots").iterdir())

    def stored_bytes(self):
        return super().stored_bytes() - self.mirror_bytes()

    def knows(self, command):
        """Whether this version has a command."""
        listed = subprocess.run([self.equipment.holdfast, "--help"], capture_output=True, text=True, check=True).stdout
        return any(line.split()[:1] == [command] for line in listed.splitlines())

    def forget(self, *policy):
        """Thins the history out by a policy, which also seals it."""
        subprocess.run([str(word) for word in self.command("forget", *policy, self.root)], check=True, capture_output=True)

    def tag(self, name):
        """Sets a tag on what is committed now."""
        self.ask("snapshot", "--tag", name, self.root)
