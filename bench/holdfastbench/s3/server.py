"""SeaweedFS with an empty bucket on this machine, behind the proxy that counts."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from holdfastbench.s3.traffic import Traffic

HOST = "127.0.0.1"
READY_SECONDS = 60


class Server:
    """It keeps everything in a folder, and is ended with the block. Clients use `endpoint`, which is the proxy's."""

    bucket = "bench"
    region = "us-east-1"
    access_key = "HOLDFASTBENCHKEY"
    secret_key = "holdfast-bench-secret"

    def __init__(self, equipment, folder):
        self.folder = folder
        self.processes = []
        folder.mkdir()
        self.traffic = Traffic(folder / "requests.jsonl")
        self.weed = equipment.weed

    def __enter__(self):
        try:
            port, filer = self._start_weed()
            proxy = [sys.executable, "-m", "holdfastbench.s3.proxy", str(port), self.traffic.path]
            process = self._spawn(proxy, stdout=subprocess.PIPE, text=True)
            self.endpoint = f"http://{HOST}:{int(process.stdout.readline())}"
            _await_answer("POST", f"http://{HOST}:{filer}/buckets/{self.bucket}/")
            _await_answer("GET", f"http://{HOST}:{port}/{self.bucket}")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for process in self.processes:
            # It takes its time to end when it is asked to, and nothing of it is needed any more.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout:
                process.stdout.close()
        self.processes = []

    def environment(self, home):
        """Of a client: what this machine has set is not seen by it, but for the path."""
        home.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
        }

    def _spawn(self, command, **options):
        process = subprocess.Popen(command, start_new_session=True, **options)
        self.processes.append(process)
        return process

    def _start_weed(self):
        """Its ports for S3 and for the file system below."""
        s3, s3_grpc, filer, filer_grpc, master, master_grpc, volume, volume_grpc = _free_ports(8)
        identities = self.folder / "identities.json"
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "Write", "List"]
        identities.write_text(json.dumps({"identities": [{"name": "bench", "credentials": credentials, "actions": actions}]}))
        command = [
            self.weed, "server", f"-dir={self.folder}", f"-ip={HOST}", "-s3", f"-s3.config={identities}",
            f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}", "-s3.port.iceberg=0", "-s3.port.lance=0",
            f"-s3.localSocket={self.folder / 's3'}", f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}",
            f"-filer.localSocket={self.folder / 'filer'}", f"-master.port={master}", f"-master.port.grpc={master_grpc}",
            "-master.telemetry=false", "-master.volumeSizeLimitMB=64", f"-volume.port={volume}",
            f"-volume.port.grpc={volume_grpc}", "-volume.max=100", "-volume.minFreeSpace=1MiB",
        ]
        with open(self.folder / "log", "wb") as log:
            self._spawn(command, stdout=log, stderr=log)
        return s3, filer


def _free_ports(count):
    """Ports that nobody has now."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _await_answer(method, url):
    """Asks without a signature until anybody answers, whatever the answer."""
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=READY_SECONDS).close()
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise RuntimeError(f"the object store does not answer: {method} {url}")
        time.sleep(0.05)
