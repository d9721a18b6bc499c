"""What people upload stands nowhere in the data folder as it was sent, at no time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.features.artifacts.sealing import PART_BYTES
from tests.support.endurance import Figures, sizes
from tests.support.knocking import Knock, knock
from tests.support.make import Make
from tests.support.registries import Registry

MARKER = b"a-secret-of-ours-in-a-weight|"
MIB = 1024 * 1024
WRONG = ("repr-digest", "sha-256=:" + "A" * 43 + "=:")


def find_marker(folder: Path) -> list[str]:
    """Files of a folder that hold the marker, temporary ones and the write-ahead log too."""
    return [path.name for path in folder.rglob("*") if path.is_file() and MARKER in path.read_bytes()]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mib", sizes(small=19, full=64))
def test_no_text_of_an_uploaded_file_is_in_the_data_folder(
    registry: Registry, make: Make, portal: BlockingPortal, mib: int, figures: Figures
) -> None:
    """Neither while it arrives, with a part stored already, nor when that was refused, nor once it is published."""
    version = make.version()
    folder = registry.settings.data_dir
    size = mib * MIB
    plain = make.safetensors(size)
    weights = plain[: len(plain) - size] + (MARKER * (size // len(MARKER) + 1))[:size]
    config = b'{"note": "' + MARKER * 100 + b'"}'
    found: list[list[str]] = []
    stored: list[int] = []

    def arriving(content: bytes) -> Iterator[bytes]:
        for at in range(0, len(content), MIB):
            if at > PART_BYTES:
                stored.append(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
                found.append(find_marker(folder))
            yield content[at : at + MIB]

    def send(path: str, kind: str, content: bytes, *more: tuple[str, str]) -> Knock:
        address = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/{path}"
        headers = [("authorization", f"Bearer {make.owner_of(version).token}"), *more]
        chunks = arriving(content)
        query = f"type={kind}".encode()
        return portal.call(lambda: knock(registry.app, "PUT", address, headers, chunks, query=query))

    before = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    statuses = [
        send("refused.safetensors", "WEIGHTS", weights, WRONG).status,
        send("model.safetensors", "WEIGHTS", weights).status,
        send("config.json", "CONFIG", config).status,
    ]

    looked = sum(1 for path in folder.rglob("*") if path.is_file())
    figures.tell("looks at the data folder while files with a marker came in", len(found) + 1, at_least=10)
    figures.tell("files in it at the last", looked)
    figures.tell("files that held the marker", len(find_marker(folder)) + sum(map(len, found)), at_most=0)
    assert statuses == [422, 201, 201]
    assert max(stored) - before > MIB
    assert [names for names in found if names] == []
    assert find_marker(folder) == []
