"""Uploads that come in several requests, as tus 1.0.0 says: whole at the end, or not there at all."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from modelkeep_server.features.artifacts import intake, sealing
from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api, Client
from tests.support.make import Make
from tests.support.registries import Registry

UPLOADS = "/api/v1/uploads"
RESUMABLE = {"tus-resumable": "1.0.0"}
BODY = {**RESUMABLE, "content-type": "application/offset+octet-stream"}


def metadata(**told: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def begin(client: Client, version: Version, size: int, *, content: bytes | None = None, **told: Any) -> Any:
    """The answer to the creation of an upload."""
    known = {"model": version.model, "version": version.version, "type": "WEIGHTS", "path": "model.safetensors"}
    headers = {"upload-length": str(size), "upload-metadata": metadata(**{**known, **told})}
    return client.post(UPLOADS, headers={**(RESUMABLE if content is None else BODY), **headers}, content=content)


def send(client: Client, url: str, offset: int, content: bytes, **headers: str) -> Any:
    """The answer to more bytes of an upload."""
    return client.patch(url, headers={**BODY, "upload-offset": str(offset), **headers}, content=content)


def offset_of(client: Client, url: str) -> int:
    return int(client.head(url, headers=RESUMABLE).headers["upload-offset"])


def files_of(client: Client, version: Version) -> list[Mapping[str, Any]]:
    return list(client.get(f"/api/v1/models/{version.model}/versions/{version.version}/artifacts").json()["items"])


def stored_for(registry: Registry, url: str) -> list[str]:
    """The names of what is stored of an upload."""
    rows = registry.look("SELECT blob_id FROM uploads WHERE public_id = :id", id=url.rsplit("/", 1)[-1])
    return [key for row in rows for key in registry.house.parts.blobs.list_keys(f"{row.blob_id}/")]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Parts of 64 KiB, and small stretches below 4 KiB, so that a small file has many."""
    monkeypatch.setattr(sealing, "PART_BYTES", 65_536)
    monkeypatch.setattr(intake, "PART_BYTES", 65_536)
    return 65_536


def test_a_file_comes_in_pieces_and_is_published_with_its_last_byte(api: Api, make: Make) -> None:
    """Created, asked for, sent in three runs, listed meanwhile, and complete only once the file is there."""
    version = make.version()
    client = api.as_(make.owner_of(version))
    content = make.safetensors(300_000)
    digest = hashlib.sha256(content).hexdigest()

    made = begin(client, version, len(content), sha256=digest)
    url = made.headers["location"]
    first = send(client, url, 0, content[:100_000])
    mine = client.get(UPLOADS, params={"model": version.model, "version": "1.0.0"}).json()["items"]
    second = send(client, url, 100_000, content[100_000:150_000])
    detail = client.get(url).json()
    last = send(client, url, 150_000, content[150_000:])

    assert (made.status_code, first.status_code, second.status_code, last.status_code) == (201, 204, 204, 204)
    assert (first.headers["upload-offset"], last.headers["upload-offset"]) == ("100000", str(len(content)))
    assert [(row["path"], row["sizeBytes"], row["offsetBytes"]) for row in mine] == [
        ("model.safetensors", len(content), 100_000)
    ]
    assert [(part["start"], part["sizeBytes"]) for part in detail["parts"]] == [(0, 100_000), (100_000, 50_000)]
    assert detail["parts"][0]["sha256"] == hashlib.sha256(content[:100_000]).hexdigest()
    assert offset_of(client, url) == len(content)
    assert client.get(url).json()["artifact"]["sha256"] == digest
    assert [row["sha256"] for row in files_of(client, version)] == [digest]
    assert client.get(UPLOADS, params={"model": version.model}).json()["items"] == []
