"""Looking through files in processes that can do nothing else: zygote.py is their parent, walls.py what holds them."""

import atexit
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from modelkeep_server.adapters.inspector.wire import (
    ANSWER,
    ASK,
    DONE,
    FORK,
    KILL,
    ORDER,
    READ,
    READ_MAX,
    SIZE,
)
from modelkeep_server.inspection.report import (
    FACTS_MAX,
    FINDINGS_MAX,
    RULE_VERSION,
    TENSORS_SHOWN,
    TEXT_CHARS,
    Finding,
    Report,
    Verdict,
)
from modelkeep_server.kit import canonical
from modelkeep_server.ports import InspectionTooLong, InspectorDown

REPORT_BYTES_MAX = 4 * 1024 * 1024
_IMAGE_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_START_SECONDS = 20.0
_TRIES = 2
_BOOT = (
    "import sys; sys.path[:] = {path!r}; from modelkeep_server.adapters.inspector.zygote import main; main({number})"
)


class _ChildGone(Exception):
    """A child ended without a report."""


class _Misbehaved(Exception):
    """A child said what no child says."""


@dataclass(frozen=True)
class _Zygote:
    process: subprocess.Popen[bytes]
    control: socket.socket

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        self.control.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class SandboxedInspector:
    """An Inspector whose files are read by children of a helper process, started when the first one is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zygote: _Zygote | None = None
        self._owner = os.getpid()
        atexit.register(self.close)

    def inspect(self, read: Callable[[int, int], bytes], size_bytes: int, *, seconds: float) -> Report:
        """See Inspector.inspect."""
        deadline = time.monotonic() + seconds
        for _ in range(_TRIES):
            zygote, here, pid = self._fork(seconds)
            try:
                with here:
                    told = _serve(here, read, size_bytes, deadline)
                return _read_report(told)
            except _ChildGone:
                # Where the helper went, its children went with it, whatever the file is.
                if zygote.is_alive:
                    return _refused("It ended the process that looked through it, or went beyond its limits.")
            except _Misbehaved:
                self._kill(zygote, pid)
                return _refused("The process that looked through it did not keep to its part.")
            except BaseException:
                self._kill(zygote, pid)
                raise
        raise InspectorDown("The helper that looks through files ends each time it is started.")

    @property
    def helper_pid(self) -> int | None:
        """The process beside this one, where it runs."""
        zygote = self._zygote
        return None if zygote is None else zygote.process.pid

    def close(self) -> None:
        """End the helper, with whatever it is at. It starts again when it is asked for."""
        with self._lock:
            if self._zygote is not None and self._owner == os.getpid():
                self._zygote.end()
            self._zygote = None

    def _fork(self, seconds: float) -> tuple[_Zygote, socket.socket, int]:
        """A child, as the socket to it and its number. Raises InspectorDown."""
        with self._lock:
            for _ in range(_TRIES):
                zygote = self._ready()
                here, there = socket.socketpair()
                try:
                    with there:
                        socket.send_fds(zygote.control, [ORDER.pack(FORK, int(seconds) + 5)], [there.fileno()])
                    (pid,) = ANSWER.unpack(_receive(zygote.control, ANSWER.size))
                except (OSError, _ChildGone):
                    here.close()
                    zygote.end()
                    self._zygote = None
                    continue
                return zygote, here, pid
        raise InspectorDown("The helper that looks through files does not start.")

    def _ready(self) -> _Zygote:
        if self._owner != os.getpid():
            # Forked: the helper belongs to the process that started it.
            self._zygote, self._owner = None, os.getpid()
        if self._zygote is not None and not self._zygote.is_alive:
            self._zygote.end()
            self._zygote = None
        if self._zygote is None:
            self._zygote = _start()
        return self._zygote

    def _kill(self, zygote: _Zygote, pid: int) -> None:
        with self._lock, contextlib.suppress(OSError):
            zygote.control.sendall(ORDER.pack(KILL, pid))


def _start() -> _Zygote:
    here, there = socket.socketpair()
    here.settimeout(_START_SECONDS)
    try:
        with there:
            boot = _BOOT.format(path=[entry for entry in sys.path if entry], number=there.fileno())
            process = subprocess.Popen(  # noqa: S603 - this very interpreter, with words of our own
                [sys.executable, "-I", "-c", boot],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(there.fileno(),),
                cwd="/",
                env={"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
                start_new_session=True,
            )
    except OSError as error:
        here.close()
        raise InspectorDown("The helper that looks through files cannot be started.") from error
    return _Zygote(process, here)


def _serve(here: socket.socket, read: Callable[[int, int], bytes], size_bytes: int, deadline: float) -> bytes:
    """Answer a child until it reports. Raises InspectionTooLong, _ChildGone, _Misbehaved, and what `read` raises."""
    _send(here, SIZE.pack(size_bytes), deadline)
    while True:
        what, offset, length = ASK.unpack(_receive(here, ASK.size, deadline))
        if what == READ and length <= READ_MAX:
            found = read(min(offset, size_bytes), length)
            _send(here, ANSWER.pack(len(found)) + found, deadline)
        elif what == DONE and length <= REPORT_BYTES_MAX:
            return _receive(here, length, deadline)
        else:
            raise _Misbehaved


def _send(here: socket.socket, data: bytes, deadline: float) -> None:
    try:
        here.settimeout(_left(deadline))
        here.sendall(data)
    except TimeoutError as error:
        raise InspectionTooLong from error
    except OSError as error:
        raise _ChildGone from error


def _receive(here: socket.socket, length: int, deadline: float | None = None) -> bytes:
    found = bytearray()
    try:
        while len(found) < length:
            if deadline is not None:
                here.settimeout(_left(deadline))
            got = here.recv(min(length - len(found), READ_MAX))
            if not got:
                raise _ChildGone
            found += got
    except TimeoutError as error:
        if deadline is None:
            raise _ChildGone from error
        raise InspectionTooLong from error
    except OSError as error:
        raise _ChildGone from error
    return bytes(found)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise InspectionTooLong
    return left


def _read_report(told: bytes) -> Report:
    """What a child reports, taken for what anybody could have written. Raises _Misbehaved."""
    try:
        values: dict[str, Any] = json.loads(told)
        report = Report.from_json(values)
        # What could not be stored is told now: numbers that are none, halves of characters.
        canonical.dumps(report.to_json()).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Misbehaved from error
    header = report.header
    texts = [text for finding in report.findings for text in (finding.rule, finding.detail)]
    texts += [text for fact in header.facts for text in fact]
    texts += [text for tensor in header.tensors for text in (tensor.name, tensor.dtype)]
    told_by = (header.framework, header.framework_version, header.model_type, header.license, header.image_digest)
    texts += [text for text in told_by if text is not None]
    counts = [count for count in (header.tensor_count, header.parameters) if count is not None]
    schemas = (header.input_schema, header.output_schema, header.hyperparameters)
    objects = [header.dtypes, *(each for each in schemas if each is not None)]
    fits = (
        report.verdict is not Verdict.PENDING
        and len(report.findings) <= FINDINGS_MAX
        and len(header.tensors) <= TENSORS_SHOWN
        and len(header.facts) <= FACTS_MAX
        and all(isinstance(text, str) and len(text) <= 4 * TEXT_CHARS for text in texts)
        and all(isinstance(each, dict) for each in objects)
        and all(type(count) is int for count in (*counts, *header.dtypes.values()))
        and (header.image_digest is None or _IMAGE_DIGEST.fullmatch(header.image_digest) is not None)
    )
    if not fits:
        raise _Misbehaved
    return replace(report, rule_version=RULE_VERSION)


def _refused(detail: str) -> Report:
    return Report(None, Verdict.BLOCKED, (Finding("scan.failed", detail),))
