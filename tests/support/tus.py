"""Resumable uploads as a program speaks them: tus 1.0.0 by hand, with any client that has httpx's methods."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from modelkeep_server.features.artifacts.uploading import intake, uploads
from modelkeep_server.features.artifacts.uploading.sweeping import sweep_orphans
from modelkeep_server.features.versions.views import Version
from tests.support import addresses
from tests.support.registries import Registry

UPLOADS = "/api/v1/uploads"
RESUMABLE = {"tus-resumable": "1.0.0"}
#: The size of parts where `use_small_parts` was called, bytes.
PART = 65_536
BODY = {**RESUMABLE, "content-type": "application/offset+octet-stream"}


def metadata(**told: str) -> str:
    """The header Upload-Metadata."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())


def begin(client: Any, address: str, size: int, *, content: bytes | None = None, **told: str) -> Any:
    """The answer to the creation of an upload to a version, `GROUP/NAME:VERSION`. `told` goes over what is usual."""
    model, _, version = address.rpartition(":")
    known = {"model": model, "version": version, "type": "WEIGHTS", "path": "model.safetensors", **told}
    headers = {"upload-length": str(size), "upload-metadata": metadata(**known)}
    return client.post(UPLOADS, headers={**(RESUMABLE if content is None else BODY), **headers}, content=content)


def send(client: Any, url: str, offset: int, content: bytes, **headers: str) -> Any:
    """The answer to more bytes of an upload."""
    return client.patch(url, headers={**BODY, "upload-offset": str(offset), **headers}, content=content)


def offset_of(client: Any, url: str) -> int:
    """How far an upload is."""
    return int(client.head(url, headers=RESUMABLE).headers["upload-offset"])


def checksum(name: str, content: bytes) -> str:
    """The header Upload-Checksum."""
    return f"{name} {base64.b64encode(hashlib.new(name, content).digest()).decode()}"


def use_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 64 KiB, and small stretches below 4 KiB, so that a small file has many."""
    for module in (intake, uploads):
        monkeypatch.setattr(module, "PART_BYTES", PART)
    monkeypatch.setattr(intake, "SMALL_BYTES", 4096)


def address(version: Version) -> str:
    """`GROUP/NAME:VERSION`."""
    return f"{version.model}:{version.version}"


def files_of(client: Any, version: Version) -> list[Mapping[str, Any]]:
    """What a version lists."""
    return list(client.get(addresses.files_of(version)).json()["items"])


def fetch(client: Any, version: Version, path: str = "model.safetensors") -> bytes:
    """The file, by a link."""
    link = client.post(addresses.links_of(version, path), json={})
    return client.get(link.json()["url"]).content


def stored_for(registry: Registry, url: str) -> list[str]:
    """The names of what is stored of an upload."""
    rows = registry.look("SELECT blob_id FROM uploads WHERE public_id = :id", id=url.rsplit("/", 1)[-1])
    return [key for row in rows for key in registry.house.parts.blobs.list_keys(f"{row.blob_id}/")]


def loose_of(registry: Registry) -> int:
    """How much is stored that nothing names; it is removed."""
    with registry.reading() as work:
        return sweep_orphans(work)
