"""The process that looks through files: it answers in time, holds against what it reads, and leaves nothing behind."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelkeep_server.adapters.inspector import sandboxed
from modelkeep_server.adapters.inspector.sandboxed import SandboxedInspector
from modelkeep_server.inspection.report import Report, Verdict
from modelkeep_server.ports import InspectionTooLong
from tests.inspection.corpus import HOSTILE
from tests.support.model_files import tarred

PLAIN = pickle.dumps({"a": 1})
#: What a child tries within its walls; each line that works is printed.
TRIES = """
import os, socket, sys, ctypes, subprocess
from modelkeep_server.adapters.inspector import walls
keep = os.dup(1)
walls.shut_in(5)
def attempt(name, act):
    try:
        act()
    except BaseException:
        return
    os.write(keep, name.encode() + b"\\n")
attempt("open", lambda: open("/etc/hostname").read())
attempt("create", lambda: open(sys.argv[1], "w").write("x"))
attempt("socket", lambda: socket.socket())
attempt("pair", lambda: socket.socketpair())
attempt("program", lambda: os.execv("/bin/true", ["true"]))
attempt("process", lambda: os._exit(0) if os.fork() == 0 else None)
attempt("run", lambda: subprocess.run(["/bin/true"]))
attempt("thread", lambda: __import__("_thread").start_new_thread(lambda: None, ()))
attempt("kill", lambda: os.kill(os.getppid(), 0))
attempt("memory", lambda: bytearray(400 * 1024 * 1024))
attempt("list", lambda: os.listdir("/"))
os.write(keep, b"still here\\n")
"""


@pytest.fixture
def inspector() -> Iterator[SandboxedInspector]:
    """An inspector of its own."""
    made = SandboxedInspector()
    yield made
    made.close()


def look(inspector: SandboxedInspector, content: bytes, seconds: float = 20) -> Report:
    """What is found in some bytes."""
    return inspector.inspect(lambda offset, length: content[offset : offset + length], len(content), seconds=seconds)


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of calls is of Linux")
def test_a_walled_in_process_can_do_nothing_but_compute(tmp_path: Path) -> None:
    """Within the walls no file, socket, process, program or much memory is to be had."""
    done = subprocess.run(
        [sys.executable, "-c", TRIES, str(tmp_path / "made")], capture_output=True, text=True, check=False
    )

    assert done.stdout.split("\n") == ["still here", ""], (done.stdout, done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_files_are_looked_through_at_once_and_nothing_is_left(inspector: SandboxedInspector) -> None:
    """Many threads ask at a time; each gets its own answer, and no process or open file stays behind."""
    found: list[Verdict] = []
    look(inspector, PLAIN)
    before = open_files()

    def ask() -> None:
        found.extend(look(inspector, content).verdict for content in (PLAIN, HOSTILE["INST"][1]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [Verdict.BLOCKED] * 8 + [Verdict.CODE_ALLOWLISTED] * 8
    assert open_files() == before
    helper = inspector.helper_pid
    inspector.close()
    assert helper is not None
    with pytest.raises(ProcessLookupError):
        os.kill(helper, 0)


@pytest.mark.parametrize(
    "header",
    [
        {"framework": {"a": 1}}, {"license": "x" * 100_000}, {"image_digest": "sha256:<script>"}, {"parameters": "1"},
        {"dtypes": {"F32": "1"}}, {"dtypes": ["F32"]}, {"input_schema": [1]}, {"hyperparameters": {"a": float("nan")}},
        {"model_type": "\ud800"}, {"tensors": [{"name": {}, "dtype": "F32", "shape": []}]},
    ],
)  # fmt: skip
def test_what_a_child_says_is_taken_for_what_anybody_could_have_written(
    inspector: SandboxedInspector, header: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that holds what no reader finds is not kept: the file is refused, and nothing fails for it later."""
    told = Report(None, Verdict.CLEAN_DATA).to_json()
    told["header"] |= header
    monkeypatch.setattr(sandboxed, "_serve", lambda *_: json.dumps(told).encode())

    report = look(inspector, PLAIN)

    assert (report.verdict, report.header) == (Verdict.BLOCKED, Report(None, Verdict.BLOCKED).header)


def test_a_helper_that_died_is_started_again(inspector: SandboxedInspector) -> None:
    """When the helper is killed, the next file is looked through all the same."""
    look(inspector, PLAIN)
    assert inspector.helper_pid is not None
    os.kill(inspector.helper_pid, signal.SIGKILL)

    assert look(inspector, PLAIN).verdict is Verdict.CODE_ALLOWLISTED


def test_a_look_that_takes_too_long_is_ended(inspector: SandboxedInspector) -> None:
    """Time runs out for the one file only, and what reading raises is raised on."""

    def slowly(offset: int, length: int) -> bytes:
        time.sleep(0.4)
        return PLAIN[offset : offset + length]

    def badly(offset: int, length: int) -> bytes:
        raise LookupError

    with pytest.raises(InspectionTooLong):
        inspector.inspect(slowly, len(PLAIN), seconds=0.3)
    with pytest.raises(LookupError):
        inspector.inspect(badly, len(PLAIN), seconds=5)
    assert look(inspector, PLAIN).verdict is Verdict.CODE_ALLOWLISTED


BOMBS: dict[str, Any] = {
    "a pickle of deep tuples": lambda: b"\x80\x04)" + b"\x85" * 20_000 + b".",
    "a memo without end": lambda: (
        b"\x80\x04N" + b"".join(b"r" + n.to_bytes(4, "little") for n in range(10**8, 10**8 + 9))
    ),
    "a doubled text": lambda: b"\x80\x04\x8c\x01a" + b"2\x86" * 20_000 + b".",
    "deep JSON": lambda: b"{" + b'"a":[' * 50_000 + b"]" * 50_000 + b"}",
    "an archive of zeros": lambda: HOSTILE["zip bomb"][1],
    "a tar of many": lambda: tarred({f"{n}.txt": b"" for n in range(10_002)}, "w:gz"),
}


def test_bombs_are_answered_within_time_and_memory(inspector: SandboxedInspector) -> None:
    """No bomb takes ten seconds, or more memory than its process is given; what unpacks without end never passes."""
    answers = {}
    for name, make in BOMBS.items():
        content = make()
        begun = time.monotonic()
        answers[name] = look(inspector, content).verdict
        assert time.monotonic() - begun < 10, name

    harmless = {"a pickle of deep tuples", "a doubled text", "deep JSON"}
    passed = {name for name, verdict in answers.items() if verdict in (Verdict.CLEAN_DATA, Verdict.CODE_ALLOWLISTED)}
    assert passed <= harmless, answers


def test_the_server_loads_nothing_that_reads_files() -> None:
    """Readers and scanner are loaded by the process that forks the children, not by the one that holds the keys."""
    program = "import sys, modelkeep_server.app; print('modelkeep_server.inspection.inspecting' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "False"
