"""The threads of the kinds of load, and the gate that stops them for a moment."""

import contextlib
import threading

from holdfastbench.soak.kinds import KINDS, Place

# After a step that failed.
ERROR_SECONDS = 5
# Longer than any command of a step may take.
QUIET_SECONDS = 180


class Load:
    def __init__(self, names, watch, outside, seed, excuses):
        self.ended, self.errors = threading.Event(), []
        self.gate, self.inside, self.is_closed = threading.Condition(), 0, False
        self.places = {name: Place(name, watch, outside, seed, excuses) for name in names}
        self.threads = [threading.Thread(target=self._repeat, args=[name], daemon=True) for name in names]

    def start(self):
        for thread in self.threads:
            thread.start()

    def _repeat(self, name):
        place = self.places[name]
        while not self.ended.is_set():
            with self._step():
                try:
                    rest = KINDS[name](place)
                except Exception as error:  # noqa: BLE001  a step that fails is told; the load goes on
                    self.errors.append(f"{name}, step {place.step}: {type(error).__name__}: {error}")
                    rest = ERROR_SECONDS
            place.step += 1
            self.ended.wait(rest)

    @contextlib.contextmanager
    def _step(self):
        with self.gate:
            self.gate.wait_for(lambda: not self.is_closed)
            self.inside += 1
        try:
            yield
        finally:
            with self.gate:
                self.inside -= 1
                self.gate.notify_all()

    @contextlib.contextmanager
    def quiet(self):
        """Nobody is within a step meanwhile. TimeoutError if a step does not end."""
        with self.gate:
            self.is_closed = True
            is_quiet = self.gate.wait_for(lambda: self.inside == 0, QUIET_SECONDS)
        try:
            if not is_quiet:
                raise TimeoutError(f"a step of the load took more than {QUIET_SECONDS} s")
            yield
        finally:
            with self.gate:
                self.is_closed = False
                self.gate.notify_all()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(QUIET_SECONDS)
        for place in self.places.values():
            for kept in place.kept.values():
                if hasattr(kept, "close"):
                    kept.close()

    def commits(self):
        return sum(place.commits for place in self.places.values())

    def excused(self):
        return sum(place.excused for place in self.places.values())
