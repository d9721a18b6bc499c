"""A disk that fills up while files arrive: told, nothing half there, reads go on, writes as soon as there is room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import BlockingPortal

from tests.support.clients import Api
from tests.support.footprint import stored_files
from tests.support.make import Make
from tests.support.registries import Registries

MIB = 2**20


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """As on a disk with so much room: the kernel refuses what a file would have beyond this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_nothing_is_lost(
    registries: Registries, tmp_path: Path, portal: BlockingPortal
) -> None:
    """503 with a time to come back; the version and the store hold what they held; with room again it works at once."""
    with registries.template("sqlite").copied(tmp_path / "full") as registry:
        make, api = Make(registry), Api(registry, portal)
        version = make.version()
        client = api.as_(make.owner_of(version))
        make.file(version, path="small.safetensors")
        at = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts"
        url = client.post(f"{at}/small.safetensors/links").json()["url"]
        content = make.safetensors(20 * MIB)
        before = stored_files(registry)

        with no_file_beyond(8 * MIB):
            full = client.put(f"{at}/large.safetensors?type=WEIGHTS", content=content)
            listed = [row["path"] for row in client.get(at).json()["items"]]
            read = api.anonymous.get(url).content
            left = stored_files(registry)
        sent = client.put(f"{at}/large.safetensors?type=WEIGHTS", content=content)

    assert (full.status_code, full.json()["code"], full.headers["retry-after"]) == (503, "unavailable", "60")
    assert "full" in full.json()["detail"]
    assert (listed, read, left) == (["small.safetensors"], make.safetensors(), before)
    assert sent.status_code == 201
