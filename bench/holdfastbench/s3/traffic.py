"""The requests that the proxy recorded, and their numbers."""

import collections
import dataclasses
import json
import urllib.parse

DAY = 86_400


@dataclasses.dataclass
class Request:
    """`begin`, `end`: monotonic nanoseconds. `sent`, `received`: bytes with the heads."""

    method: str
    target: str
    status: int
    begin: int
    end: int
    sent: int
    received: int

    @property
    def kind(self):
        """The method, but LIST for a GET of a bucket: another price in most stores."""
        path, _, query = self.target.partition("?")
        is_bucket = path.strip("/").count("/") == 0
        return "LIST" if self.method == "GET" and is_bucket and "location" not in query else self.method

    @property
    def name(self):
        """Of the object, with the bucket before it."""
        return urllib.parse.unquote(self.target.partition("?")[0]).lstrip("/")


class Traffic:
    """All that went through the proxy so far."""

    def __init__(self, path):
        self.path = path

    def between(self, begin, end):
        """The requests that began within a time, in the order of their answers."""
        if not self.path.exists():
            return []
        every = (Request(**json.loads(line)) for line in self.path.read_text().splitlines())
        return [request for request in every if begin <= request.begin < end]


def daily(name, requests, seconds):
    """As figures: how many there were, and how many a day at that rate, of all kinds and by kind."""
    kinds = collections.Counter(request.kind for request in requests)
    day = DAY / seconds
    return {
        f"{name}_seconds": seconds,
        f"{name}_requests": len(requests),
        f"{name}_per_day": len(requests) * day,
        f"{name}_put_per_day": (kinds["PUT"] + kinds["POST"]) * day,
        f"{name}_list_per_day": kinds["LIST"] * day,
        f"{name}_get_per_day": (kinds["GET"] + kinds["HEAD"]) * day,
        f"{name}_delete_per_day": kinds["DELETE"] * day,
    }


def sent(requests):
    return sum(request.sent for request in requests)


def received(requests):
    return sum(request.received for request in requests)
