"""What else moves the same files on the same machine: `cp` to the same disk, and nginx where it is installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import pump
from bench.files import Effort, Speed, Step, Turn, measure_steps, run_at_once
from bench.pump import Transfer
from bench.ranges import RangeTimes, measure_ranges
from bench.server import free_port, serving

NGINX = "nginx"
#: On Debian /usr/sbin, which is not on everybody's PATH.
_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


@dataclass(frozen=True)
class PeerFigures:
    """What was measured of the peers. `notes` say what could not be."""

    speeds: Sequence[Speed]
    ranges: RangeTimes | None
    notes: Sequence[str]


def measure_peers(folder: Path, files: Sequence[Path], effort: Effort) -> PeerFigures:
    """cp always; nginx up, down and in ranges as far as it is there."""
    copies = folder / "copies"
    copies.mkdir()
    steps = [Step("cp", "copy", lambda turn: _copy(turn, copies))]
    program = shutil.which(NGINX, path=_PLACES)
    if program is None:
        return PeerFigures(measure_steps(steps, files, effort.rounds), None, ["nginx: not installed"])
    built = subprocess.run([program, "-V"], check=True, capture_output=True, text=True).stderr
    takes_files = "http_dav_module" in built
    with _nginx(program, folder, takes_files=takes_files) as port:
        if takes_files:
            steps.append(Step(NGINX, "upload", lambda turn: _put(turn, port, folder / "in")))
        steps.append(Step(NGINX, "download", lambda turn: _get(turn, port)))
        speeds = measure_steps(steps, files, effort.rounds)
        ranges = measure_ranges(NGINX, port, f"/{files[0].name}", files[0].stat().st_size, effort)
    return PeerFigures(speeds, ranges, [] if takes_files else ["nginx: built without its dav module, so no upload"])


def _copy(turn: Turn, copies: Path) -> float:
    """A plain copy that counts as done when it lies on the disk."""
    script = 'cp --reflink=never "$1" "$2" && sync "$2"'
    seconds, _ = run_at_once([["sh", "-c", script, "sh", path, copies / path.name] for path in turn.files])
    _empty(copies)
    return seconds


def _put(turn: Turn, port: int, target: Path) -> float:
    head = "PUT /in/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n"
    done = pump.run(
        [Transfer(port, head.format(path.name, path.stat().st_size), body=str(path)) for path in turn.files]
    )
    _empty(target)
    return done.seconds


def _get(turn: Turn, port: int) -> float:
    return pump.run([pump.fetch(port, f"/{path.name}", digest=False) for path in turn.files]).seconds


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@contextmanager
def _nginx(program: str, folder: Path, *, takes_files: bool) -> Iterator[int]:
    """Serve the folder until the block ends, and take files into `in/` of it; gives the port."""
    port = free_port()
    for name in ("in", "nginx"):
        (folder / name).mkdir()
    own = folder / "nginx"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "\n".join(f"    {kind}_temp_path {own}/{kind};" for kind in kinds)
    put = "location /in/ { dav_methods PUT; }" if takes_files else ""
    # Started as root it would read files as another account, which may not enter a private folder.
    account = "user root;" if os.geteuid() == 0 else ""
    (own / "nginx.conf").write_text(f"""
daemon off;
worker_processes auto;
pid {own}/pid;
{account}
events {{}}
http {{
    access_log off;
    sendfile on;
    client_max_body_size 0;
    keepalive_requests 1000000;
{places}
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location = /healthz {{ return 200; }}
        {put}
    }}
}}
""")
    command = [program, "-c", str(own / "nginx.conf"), "-p", str(own), "-e", str(own / "errors")]
    with serving(command, {}, port):
        yield port
