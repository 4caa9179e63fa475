"""What happens to a watcher in the course of months, within hours: restarts, full disks, a clock that is set. One after the other."""

import contextlib
import os
import pathlib
import random
import shutil
import struct
import subprocess
import time

from holdfastbench.scenarios.recovery import disk
from holdfastbench.soak.samples import words

# For a command of the load that just has the root.
STARTS = 60
# The exit status of a command that found damage.
DAMAGE = 4


class Clock:
    """The wall clock of Holdfast's programs. `environment` is empty, and it cannot be set, where there is no C compiler."""

    def __init__(self, folder):
        self.offset, library = folder / "clock-offset", folder / "clock.so"
        self.set(0)
        compiler = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
        self.environment = {}
        if compiler:
            source = pathlib.Path(__file__).with_name("clock.c")
            subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
            self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self.offset)}

    def set(self, seconds):
        """From now on it shows so many seconds more than the right clock."""
        descriptor = os.open(self.offset, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(descriptor, struct.pack("q", seconds), 0)
        os.close(descriptor)


class Disk:
    """A file system of the repository's own, which a filler fills. Without root it is not small, and cannot be filled."""

    def __init__(self, folder, size):
        self.is_small = os.geteuid() == 0
        self.folder, self.filler = folder, folder / "filler"
        self.mounted = disk(folder, size if self.is_small else 0)

    def __enter__(self):
        self.mounted.__enter__()
        return self

    def __exit__(self, *_):
        self.mounted.__exit__()

    def fill(self):
        with open(self.filler, "ab", buffering=0) as filler, contextlib.suppress(OSError):
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while filler.write(bytes(size)) == size:
                        pass

    def free(self):
        self.filler.unlink(missing_ok=True)


class Bag:
    """Everything once in random order, and again."""

    def __init__(self, things, random):
        self.things, self.random, self.left = things, random, []

    def draw(self):
        self.left = self.left or self.random.sample(self.things, len(self.things))
        return self.left.pop()


class Troubles:
    """`run` makes them until an event is set. `events` has [seconds since the start, what, seconds until all was well again]."""

    def __init__(self, watch, disk, clock, lock, seconds, seed):
        """`lock` is held while no watcher runs; `seconds`: how long all of it lasts, by which the pauses are chosen."""
        self.watch, self.disk, self.clock, self.lock, self.seconds = watch, disk, clock, lock, seconds
        self.random = random.Random(f"{seed} troubles")
        self.life, self.is_active, self.last_end, self.is_over = 0, False, 0.0, False
        self.events, self.wrong, self.fillings, self.announced = [], [], 0, 0
        # Those that end a watcher are apart, so that some lives are long.
        endings, others = [self.stopped, self.killed], []
        if disk.is_small:
            endings, others = [*endings, self.killed_while_full], [*others, self.full]
        if clock.environment:
            endings, others = [*endings, self.clock_set_unseen], [*others, self.clock_set]
        self.endings, self.others = Bag(endings, self.random), Bag(others, self.random)

    def run(self, ended, samples):
        """In a thread of its own. Sets `is_over` when it cannot go on, such as without a watcher."""
        self.ended, self.samples, self.begin = ended, samples, time.monotonic()
        pauses = {self.end_life: self.life_seconds, self.trouble: self.pause_seconds, self.sample: self.pause_seconds}
        due = {what: time.monotonic() + pause() for what, pause in pauses.items()}
        try:
            while True:
                what = min(due, key=due.get)
                if ended.wait(max(0, due[what] - time.monotonic())):
                    return
                what()
                due[what] = time.monotonic() + pauses[what]()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.wrong.append(f"in trouble: {error}")
            self.is_over = True

    def life_seconds(self):
        """Every fourth life is long enough to see growth, the others end early."""
        if self.life % 4:
            return self.random.uniform(1, min(120, self.seconds / 15))
        return self.random.uniform(self.seconds / 5, self.seconds / 3)

    def pause_seconds(self):
        return self.random.uniform(0.5, 1.5) * min(150, self.seconds / 10)

    def hold_seconds(self):
        return self.random.uniform(1, min(15, self.seconds / 15))

    def sample(self):
        self.samples.take()
        self.samples.compare_some()

    def end_life(self):
        self.endings.draw()()

    def trouble(self):
        if self.others.things:
            self.others.draw()()

    def excuses(self, begin, done):
        """Whether a command that began then may fail. Damage and crashes are never excused."""
        return done.returncode > 0 and done.returncode != DAMAGE and (self.is_active or self.last_end >= begin)

    @contextlib.contextmanager
    def excused(self, what):
        """Commands may fail meanwhile, and until everything is durable again, which has to come."""
        begin, self.is_active = time.monotonic(), True
        try:
            yield
            done = self.watch.run("sync", self.watch.root, "--timeout", "120s")
            if done.returncode != 0:
                self.wrong.append(f"after {what}: sync ended with status {done.returncode}: {words(done)}")
        finally:
            self.last_end, self.is_active = time.monotonic(), False
        self.events.append([round(begin - self.begin, 1), what, round(self.last_end - begin, 1)])

    def stopped(self):
        self.restart("SIGTERM")

    def killed(self):
        self.restart("SIGKILL")

    def restart(self, how):
        with self.excused(how), self.lock:
            self.end(how)
            self.ended.wait(self.random.uniform(0, 3))
            self.start()

    def end(self, how):
        if not self.watch.is_alive():
            raise RuntimeError(f"the watcher ended by itself: {self.watch.last_words()}")
        if how == "SIGKILL":
            self.watch.process.kill()
            self.watch.process.wait()
        elif (status := self.watch.stop()) != 0:
            self.wrong.append(f"told to stop, the watcher ended with status {status}: {self.watch.last_words()}")

    def start(self):
        for _ in range(STARTS):
            try:
                self.watch.start(300)
                break
            except RuntimeError:
                # A command of the load may have the root, since no watcher did its work.
                if self.watch.process.poll() != 11:
                    raise
                time.sleep(0.5)
        else:
            raise RuntimeError(f"the watcher does not get the root: {self.watch.last_words()}")
        self.life += 1

    def full(self):
        with self.excused("full disk"):
            self.keep_full()
            self.disk.free()

    def killed_while_full(self):
        with self.excused("full disk and SIGKILL"):
            self.keep_full()
            with self.lock:
                self.end("SIGKILL")
                self.disk.free()
                self.start()

    def keep_full(self):
        """Compaction frees some of it, which is filled again."""
        end, is_announced = time.monotonic() + self.hold_seconds(), False
        while time.monotonic() < end and not self.ended.is_set():
            self.disk.fill()
            done = self.watch.run("status", self.watch.root, "--json")
            is_announced = is_announced or '"state":"degraded"' in done.stdout
            self.ended.wait(0.5)
        self.fillings += 1
        self.announced += is_announced

    def clock_set(self):
        self.jump(lambda: None)

    def clock_set_unseen(self):
        """One of the steps happens while no watcher runs."""
        self.jump(self.killed)

    def jump(self, meanwhile):
        """Nothing is excused: no command may fail for it. A moment of the wrong clock is sampled too."""
        begin = time.monotonic()
        seconds = self.random.choice((-1, 1)) * self.random.choice((2, 60, 3600, 86400))
        self.clock.set(seconds)
        try:
            meanwhile()
            self.samples.take()
            self.ended.wait(self.hold_seconds())
        finally:
            self.clock.set(0)
        self.events.append([round(begin - self.begin, 1), f"clock {seconds:+} s", round(time.monotonic() - begin, 1)])
