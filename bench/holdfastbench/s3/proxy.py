"""A proxy of HTTP/1.1 that counts: `python -m holdfastbench.s3.proxy PORT RECORDS` prints its own port.

Every byte is passed on as it is, so signatures stay right and nothing is kept but a piece of a body. Each request makes
one line of RECORDS before the last piece of its answer is passed on: whoever has an answer finds its request there.
A process of its own, so that the measuring program does not wait for it.
"""

import json
import os
import queue
import socket
import sys
import threading
import time

PIECE = 1 << 18
HOST = "127.0.0.1"


class Direction:
    """One direction of a connection: messages are read from one socket, and their pieces sent to the other."""

    def __init__(self, source, target):
        self.source = source.makefile("rb", buffering=PIECE)
        self.target = target

    def head(self):
        """Its bytes, the words of the first line, and the fields by lower-case name. None at the end."""
        lines = list(self._lines())
        if not lines or lines[-1] != b"\r\n":
            return None
        named = (line.partition(b":") for line in lines[1:-1])
        fields = {name.strip().lower(): value.strip().lower() for name, _, value in named}
        return b"".join(lines), lines[0].decode("latin-1").split(), fields

    def body(self, fields, until_end=False):
        """The pieces of a body as they are sent. `until_end`: one without a length ends with the connection."""
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            yield from self._chunks()
        elif b"content-length" in fields:
            yield from self._bytes(int(fields[b"content-length"]))
        elif until_end:
            while piece := self.source.read1(PIECE):
                yield piece

    def _lines(self):
        """Up to an empty one."""
        while line := self.source.readline(PIECE):
            yield line
            if line == b"\r\n":
                return

    def _chunks(self):
        size = -1
        while size != 0:
            line = self.source.readline(PIECE)
            size = int(line.partition(b";")[0], 16)
            yield line
            yield from self._bytes(size + 2) if size else self._lines()

    def _bytes(self, left):
        while left:
            piece = self.source.read1(min(left, PIECE))
            if not piece:
                raise ConnectionError("cut off")
            left -= len(piece)
            yield piece


class Connection:
    """Of one client, with one of its own to the server: requests and answers are passed on by a thread each."""

    def __init__(self, client, port, records):
        self.client, self.records = client, records
        self.server = socket.create_connection((HOST, port))
        for one in (self.client, self.server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Requests whose answers have not come, in their order.
        self.waiting = queue.SimpleQueue()

    def run(self):
        answers = threading.Thread(target=self._pass_on, args=[self._answers, self.server, self.client], daemon=True)
        answers.start()
        self._pass_on(self._requests, self.client, self.server)
        answers.join()
        self.client.close()
        self.server.close()

    def _pass_on(self, messages, source, target):
        try:
            messages(Direction(source, target))
        except (OSError, ValueError):
            pass  # either side went away
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it is gone

    def _requests(self, direction):
        while head := direction.head():
            raw, words, fields = head
            request = {"method": words[0], "target": words[1], "begin": time.monotonic_ns(), "sent": len(raw)}
            self.waiting.put(request)
            direction.target.sendall(raw)
            for piece in direction.body(fields):
                request["sent"] += len(piece)
                direction.target.sendall(piece)

    def _answers(self, direction):
        while head := direction.head():
            held, words, fields = head
            status = int(words[1])
            if status < 200:
                direction.target.sendall(held)
                continue
            request = self.waiting.get()
            received = len(held)
            has_body = request["method"] != "HEAD" and status not in (204, 304)
            for piece in direction.body(fields, until_end=True) if has_body else ():
                direction.target.sendall(held)
                held = piece
                received += len(piece)
            record = {**request, "status": status, "received": received, "end": time.monotonic_ns()}
            os.write(self.records, json.dumps(record).encode() + b"\n")
            direction.target.sendall(held)


def main():
    port, path = int(sys.argv[1]), sys.argv[2]
    records = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with socket.create_server((HOST, 0), backlog=1024) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            client, _ = listening.accept()
            threading.Thread(target=Connection(client, port, records).run, daemon=True).start()


if __name__ == "__main__":
    main()
