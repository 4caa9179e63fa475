"""What a program costs: processor time, peak memory and bytes written, of a process and all that it started."""

import dataclasses
import os
import pathlib
import subprocess
import threading
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.02


@dataclasses.dataclass
class Usage:
    """`cpu_seconds` and `written_bytes` count children that ended; `peak_bytes` is the sum over those alive of their VmHWM.

    `written_bytes` is what was made to be written to storage (`write_bytes` in proc(5)), not what was passed to write().
    """

    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    resident_bytes: int = 0
    written_bytes: int = 0

    def since(self, before):
        """The same, with what is counted from `before` on."""
        return dataclasses.replace(
            self,
            cpu_seconds=self.cpu_seconds - before.cpu_seconds,
            written_bytes=self.written_bytes - before.written_bytes,
        )

    def figures(self):
        return dataclasses.asdict(self)


def tree(pid):
    """The process and its descendants that are alive."""
    found = [pid]
    for one in found:
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def usage(pid):
    """Of a tree of processes until now."""
    return usage_of(tree(pid))


def usage_of(pids):
    """Of these processes until now."""
    total = Usage()
    for one in pids:
        try:
            stat = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines())
            io = dict(line.split(": ") for line in pathlib.Path(f"/proc/{one}/io").read_text().splitlines())
        except OSError:
            continue  # it ended just now: its parent counts it
        # utime, stime, and those of children that were waited for: fields 14 to 17 of proc(5).
        total.cpu_seconds += sum(int(field) for field in stat[11:15]) / TICKS_PER_SECOND
        total.peak_bytes += int(status.get("VmHWM", "0 kB").split()[0]) * 1024
        total.resident_bytes += int(status.get("VmRSS", "0 kB").split()[0]) * 1024
        total.written_bytes += int(io["write_bytes"])
    return total


def run(command, **options):
    """Runs a program to its end: its figures, with `seconds`. RuntimeError if it fails.

    Memory is sampled, for what wait4(2) tells of it includes this program's own, from before exec(2).
    """
    peak = 0
    ended = threading.Event()

    def sample(pid):
        nonlocal peak
        while not ended.is_set():
            peak = max(peak, usage(pid).peak_bytes)
            ended.wait(SAMPLE_SECONDS)

    start = time.monotonic()
    with subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options
    ) as process:
        sampler = threading.Thread(target=sample, args=[process.pid])
        sampler.start()
        said = process.stderr.read()
        _, status, resources = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        sampler.join()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with status {process.returncode}: {said.strip()}")
    return {
        "seconds": seconds,
        "cpu_seconds": resources.ru_utime + resources.ru_stime,
        "peak_bytes": peak,
        "written_bytes": resources.ru_oublock * 512,
    }


def run_all(commands, **options):
    """Runs programs one after the other: the sum of what they cost, and the greatest memory of any."""
    every = [run(command, **options) for command in commands]
    return {key: (max if key == "peak_bytes" else sum)(one[key] for one in every) for key in every[0]}


def cool():
    """Empties the page cache, if we may: whether it is cold now."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def settle(path):
    """Writes out what waits to be written, and reads a file, so that what follows is warm."""
    os.sync()
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def size(path):
    """Bytes in a file or in all files below a folder; 0 if there is none. Lengths, not blocks."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # a compaction removed it
    return total


def percentile(values, share):
    """The smallest value that so many are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def percentiles(name, values):
    """p50, p90, p99 and the greatest of some durations, as figures."""
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1}
    return {f"{name}_{key}": percentile(values, share) for key, share in shares.items()} if values else {}
