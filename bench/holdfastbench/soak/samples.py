"""Moments of the whole root, each kept as a copy when it was made, and later compared with what a restore of it gives."""

import shutil
import subprocess

from holdfastbench.soak.kinds import protected

# Each has a tag, which keeps it whatever `forget` removes.
MOST = 8


class Samples:
    def __init__(self, watch, load, folder, random):
        self.watch, self.load, self.folder, self.random = watch, load, folder, random
        self.tags, self.taken, self.compared = [], 0, 0
        self.wrong = []
        folder.mkdir()

    def take(self):
        """While the load pauses, so that the copy is one moment of all files."""
        tag = f"sample-{self.taken}"
        with self.load.quiet():
            done = self.watch.run("snapshot", self.watch.root, "--tag", tag, "--timeout", "60s")
            if done.returncode != 0:
                self.wrong.append(f"snapshot ended with status {done.returncode}: {words(done)}")
                return
            # SQLite makes a WAL's index anew.
            shutil.copytree(self.watch.root, self.folder / tag, ignore=shutil.ignore_patterns("*-shm"))
        self.taken += 1
        self.tags.append(tag)

    def compare_some(self):
        """Any of those that are kept, and so many that no more than `MOST` are left."""
        for _ in range(max(1, len(self.tags) - MOST)):
            if self.tags:
                self._compare(self.tags.pop(self.random.randrange(len(self.tags))), len(self.tags) < MOST)

    def compare_all(self):
        while self.tags:
            self._compare(self.tags.pop(0), False)

    def _compare(self, tag, stays):
        self.compared += 1
        if wrong := differences(self.watch, tag, self.folder / tag, self.folder / "restored"):
            self.wrong += wrong  # its copy and its tag remain, to be looked at
        elif stays:
            self.tags.append(tag)
        else:
            shutil.rmtree(self.folder / tag)
            done = self.watch.run("tag", tag, self.watch.root, "--delete")
            if done.returncode != 0:
                self.wrong.append(f"tag --delete ended with status {done.returncode}: {words(done)}")


def differences(watch, when, expected, output):
    """Restores the root as it was then, and names each file that is not as in the directory `expected`."""
    shutil.rmtree(output, ignore_errors=True)
    done = watch.run("restore", watch.root, "--at", when, "--output", output, "--quick")
    wrong = [f"restore --at {when} ended with status {done.returncode}: {words(done)}"] if done.returncode else []
    # 3: done in part. The rest may be right.
    if done.returncode not in (0, 3):
        return wrong
    for name in sorted({path.relative_to(base) for base in (expected, output) for path in protected(base)}):
        if not (expected / name).exists():
            wrong.append(f"{when}: {name} was restored, and did not exist")
        elif not (output / name).exists():
            wrong.append(f"{when}: {name} was not restored")
        elif content(expected / name) != content(output / name):
            wrong.append(f"{when}: {name} differs")
    return wrong


def words(done):
    """What a command that failed said, as far as it fits."""
    return done.stderr.strip()[-600:]


def content(path):
    """The rows of a database, the bytes of any other file."""
    with open(path, "rb") as file:
        if file.read(16) == b"SQLite format 3\0":
            return subprocess.run(["sqlite3", path, ".dump"], capture_output=True, check=True).stdout
    return path.read_bytes()
