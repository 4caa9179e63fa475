"""When a protector made something durable, seen from outside: the moments at which its announcing file changed.

Each protector has such a file: it is changed or gets its name only after the data has been synchronised. Which one it
is, the protector says (`Protector.announcements`); how it is seen, by inotify(7), is the same for all.
"""

import bisect
import ctypes
import os
import select
import struct
import threading
import time

IN_MODIFY, IN_MOVED_TO = 0x2, 0x80
HEADER = struct.Struct("iIII")


class Watching:
    """Notes the moment of each event in a folder (monotonic nanoseconds) whose file the protector says announces."""

    def __init__(self, folder, mask, announces):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, os.fsencode(folder), mask) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
        self.announces = announces
        self.moments = []
        self.wake, self.stopping = os.pipe()
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self):
        while True:
            ready, _, _ = select.select([self.descriptor, self.wake], [], [])
            now = time.monotonic_ns()
            if self.descriptor in ready and self._is_announced(os.read(self.descriptor, 65536)):
                self.moments.append(now)
            if self.wake in ready:
                return

    def _is_announced(self, events):
        found, at = False, 0
        while at < len(events):
            *_, length = HEADER.unpack_from(events, at)
            name = events[at + HEADER.size : at + HEADER.size + length].rstrip(b"\0").decode()
            found = found or self.announces(name)
            at += HEADER.size + length
        return found

    def stop(self):
        os.close(self.stopping)
        self.thread.join()
        os.close(self.wake)
        os.close(self.descriptor)

    def await_after(self, moment, timeout=10):
        """Waits until something was announced after a moment: whether it was."""
        end = time.monotonic() + timeout
        while not self.moments or self.moments[-1] <= moment:
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def delays(self, commits):
        """Milliseconds from each commit's return to its announcement; commits that none followed are left out.

        A protector may be done before COMMIT returns, which waits for the disk itself: that is 0. So the first announcement
        since the transaction began counts; those before it were of earlier commits, if these are far enough apart.
        """
        found = []
        for begin, end in commits:
            at = bisect.bisect_left(self.moments, begin)
            if at < len(self.moments):
                found.append(max(0, self.moments[at] - end) / 1e6)
        return found
