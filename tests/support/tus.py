"""Resumable uploads as a program speaks them: tus 1.0.0 by hand, with any client that has httpx's methods."""

import base64
import hashlib
from typing import Any

UPLOADS = "/api/v1/uploads"
RESUMABLE = {"tus-resumable": "1.0.0"}
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
