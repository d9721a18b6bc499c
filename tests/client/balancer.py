"""
A small load balancer before a running registry that fails where a test says so: the faults clients meet in the field.

It forwards over real connections; nothing is imitated but the fault.
"""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Balancer:
    """
    Where clients connect.

    `refusals` are statuses answered to the next requests instead of forwarding them, `lost_answers` those answered
    after forwarding them; `cut_after_bytes` breaks the next answer of a download off after that many bytes of its body,
    once; `spoil` makes other bytes of each body of a download.
    """

    url: str
    refusals: list[int] = field(default_factory=list)
    lost_answers: list[int] = field(default_factory=list)
    cut_after_bytes: int | None = None
    spoil: Callable[[bytes], bytes] | None = None
    seen: list[Seen] = field(default_factory=list)

    def downloads(self) -> list[Seen]:
        """The requests for bytes of files."""
        return [request for request in self.seen if not request.path.startswith("/api/")]


@contextlib.contextmanager
def balancing(upstream_url: str) -> Iterator[Balancer]:
    """A balancer before the registry at `upstream_url`."""
    upstream = urlsplit(upstream_url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            balancer.seen.append(Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            if balancer.refusals:
                self.refuse(balancer.refusals.pop(0))
                return
            connection = http.client.HTTPConnection(upstream, timeout=30)
            connection.request(self.command, self.path, body or None, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if balancer.spoil is not None and not self.path.startswith("/api/"):
                content = balancer.spoil(content)
            if balancer.lost_answers:
                self.refuse(balancer.lost_answers.pop(0))
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if balancer.cut_after_bytes is not None and not self.path.startswith("/api/"):
                content = content[: balancer.cut_after_bytes]
                balancer.cut_after_bytes = None
                self.close_connection = True
            self.wfile.write(content)

        def refuse(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: a test's output is its own."""

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward  # noqa: N815 - the names http.server looks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    balancer = Balancer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield balancer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
