"""Waiting for what a program says."""

import os
import select
import threading
import time


def await_line(stream, start, timeout):
    """Reads a pipe until a line begins so, then goes on reading, so that the program never waits for us."""
    text, end = b"", time.monotonic() + timeout
    while not any(line.startswith(start) for line in text.splitlines()):
        left = end - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            raise TimeoutError
        piece = os.read(stream.fileno(), 65536)
        if not piece:
            raise RuntimeError(f"it ended before it was ready: {text.decode(errors='replace')}")
        text += piece
    threading.Thread(target=_drain, args=[stream], daemon=True).start()


def _drain(stream):
    while stream.read(65536):
        pass
