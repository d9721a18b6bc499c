"""Where blobs can live: one row a backend, picked by the scheme of the storage URL."""

import importlib
from collections.abc import Callable

from modelkeep_server.adapters.blobs.folder import FolderBlobs
from modelkeep_server.ports import BlobStore


def _open_s3(url: str) -> BlobStore:
    # Loaded where it is asked for: what speaks S3 costs others no time at the start.
    opened: BlobStore = importlib.import_module("modelkeep_server.adapters.blobs.s3").S3Blobs.from_url(url)
    return opened


BACKENDS: dict[str, Callable[[str], BlobStore]] = {
    "file": FolderBlobs.from_url,
    "s3": _open_s3,
}


def open_blobs(url: str) -> BlobStore:
    """
    The blob store that a storage URL names: `file:///var/lib/modelkeep/blobs` or `s3://bucket/prefix?region=eu-west-1`.

    Raises:
        ValueError: The scheme is not a row of BACKENDS, or the rest is not what that backend needs.
        StorageDown: The place cannot be used.
    """
    scheme, separator, _ = url.partition(":")
    backend = BACKENDS.get(scheme.lower()) if separator else None
    if backend is None:
        known = ", ".join(f"{name}:" for name in sorted(BACKENDS))
        raise ValueError(f"MODELKEEP_STORAGE_URL {url!r} does not begin with a known scheme ({known}).")
    return backend(url)
