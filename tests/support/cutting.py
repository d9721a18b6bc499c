"""A line between a client and a server that breaks after so many bytes, as lines in the field do."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_RUN_BYTES = 65_536


@contextlib.contextmanager
def cutting(url: str, *after_bytes: int) -> Iterator[str]:
    """
    An address that leads to `url`. The line breaks each time that so many more bytes went up it, once for each number;
    then it holds.
    """
    address = urlsplit(url)
    upstream = (address.hostname or "", address.port or 80)
    left = list(after_bytes)

    def forward(near: socket.socket) -> None:
        with near, socket.create_connection(upstream) as far:
            back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
            back.start()
            passed = 0
            with contextlib.suppress(OSError):
                while run := near.recv(_RUN_BYTES):
                    if left and passed + len(run) > left[0]:
                        far.sendall(run[: left.pop(0) - passed])
                        break
                    passed += len(run)
                    far.sendall(run)
            for end in (far, near):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            back.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=forward, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while run := source.recv(_RUN_BYTES):
            sink.sendall(run)
        sink.shutdown(socket.SHUT_WR)
