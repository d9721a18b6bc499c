"""A real server of S3 for tests, SeaweedFS, started once a worker, with a relay before it that can be cut off."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEED = Path(sys.executable).with_name("weed")
START_SECONDS = 60
ACCESS = {"AWS_ACCESS_KEY_ID": "modelkeep-tests", "AWS_SECRET_ACCESS_KEY": "not-a-secret-of-anybody"}


class Relay:
    """
    A port of this machine that leads to another until it is cut: then connections break off and new ones are refused.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._left: int | None = None
        self.port = 0
        self.mend()

    def cut(self, after_bytes: int = 0) -> None:
        """Cut it now, or once so many bytes more went towards the server."""
        if after_bytes:
            self._left = after_bytes
            return
        with self._lock:
            listener, self._listener = self._listener, None
            ends, self._open = self._open, set()
        for end in (listener, *ends):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def mend(self) -> None:
        """Lead on again, on the same port."""
        self._left = None
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port, self._listener = listener.getsockname()[1], listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._open |= {near, far}
                for source, sink, counts in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass_on, args=(source, sink, counts), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while run := source.recv(65536):
                if counts and self._left is not None:
                    self._left -= len(run)
                    if self._left <= 0:
                        self.cut()
                        return
                sink.sendall(run)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with self._lock:
            self._open -= {source, sink}


@dataclass(frozen=True)
class S3Server:
    """A server that takes what `ACCESS` signs. `filer` shows what lies in it, also what S3 hides."""

    port: int
    filer: str
    relay: Relay

    def url(self, place: str, port: int | None = None) -> str:
        """The storage URL of a bucket with a prefix, through the relay unless a port is given."""
        return f"s3://{place}?region=us-east-1&endpoint=http://127.0.0.1:{port or self.relay.port}"

    def half_done(self, bucket: str) -> list[str]:
        """The uploads in parts that were neither completed nor aborted."""
        return self._names(f"/buckets/{bucket}/.uploads/")

    def _names(self, folder: str) -> list[str]:
        asked = urllib.request.Request(f"{self.filer}{folder}", headers={"accept": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                told: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise
        return [row["FullPath"] for row in told["Entries"] or ()]


@contextlib.contextmanager
def running_s3(volume_mib: int = 64) -> Iterator[S3Server]:
    """
    Serve until the block ends, with room for 40 volumes of so many MiB.

    The credentials stand in this process's environment meanwhile.
    """
    folder = Path(tempfile.mkdtemp(prefix="modelkeep-s3-"))
    process = None
    ports = _free_ports(8)
    before = {name: os.environ.get(name) for name in ACCESS}
    os.environ.update(ACCESS)
    try:
        with (folder / "output").open("w") as output:
            process = subprocess.Popen(
                _command(folder, ports, volume_mib),
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        _await(ports[6], process, folder / "output")
        relay = Relay(ports[6])
        yield S3Server(ports[6], f"http://127.0.0.1:{ports[4]}", relay)
        relay.cut()
    finally:
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        # The server puts its Unix sockets there, whatever it is told, and a killed one leaves them.
        for port in ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _command(folder: Path, ports: list[int], volume_mib: int) -> list[str]:
    identity = {
        "name": "tests", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        "credentials": [
            {"accessKey": ACCESS["AWS_ACCESS_KEY_ID"], "secretKey": ACCESS["AWS_SECRET_ACCESS_KEY"]}
        ],
    }  # fmt: skip
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
             "s3.port", "s3.port.grpc")  # fmt: skip
    return [
        str(WEED), "-logtostderr=true", "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.config={folder}/s3.json", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        f"-master.volumeSizeLimitMB={volume_mib}", "-volume.max=40",
        *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
    ]  # fmt: skip


def _free_ports(many: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(many)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


def _await(port: int, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The server of S3 did not start: {output.read_text()[-2000:]}")
