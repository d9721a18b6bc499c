"""
Blobs as objects in one bucket of S3, or of a server that speaks like it.

Credentials come from the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a web identity, or the machine's
own role), never from the storage URL.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from modelkeep_server.adapters.blobs.keys import demand_key, is_key
from modelkeep_server.ports import BlobMissing, BytesLike, StorageDown, StorageError, StorageFull

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

#: S3 takes no part below 5 MiB but the last; what fits into one is sent as one.
PART_BYTES = 5 * 1024 * 1024
_PARTS_AT_ONCE = 1
_PROBE = "_probe"
_DEFAULT_REGION = "us-east-1"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PARAMETERS = frozenset({"region", "endpoint", "allow_http"})
_SECRETS = re.compile(r"key|secret|token|password|credential", re.IGNORECASE)
_FORM = "s3://bucket/prefix?region=eu-west-1, with &endpoint=https://host for a server other than AWS"

_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>")
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"})
#: A missing bucket answers 404 as a missing object does, and must never pass for files that were lost.
_NO_BUCKET = "NoSuchBucket"

# A request that hangs is given up, and none is tried again once ten seconds have passed.
_CLIENT: "ClientConfig" = {
    "timeout": timedelta(seconds=20),
    "connect_timeout": timedelta(seconds=3),
    "user_agent": "modelkeep",
}
_RETRY: "RetryConfig" = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
}


@dataclass(frozen=True)
class S3Place:
    """Where objects go. `prefix` has no slash at its ends; `endpoint` is None for AWS itself."""

    bucket: str
    prefix: str = ""
    region: str | None = None
    endpoint: str | None = None
    allow_http: bool = False


def read_place(url: str) -> S3Place:
    """
    The place that `s3://bucket/prefix?region=...&endpoint=...` names.

    Raises ValueError where it is malformed, holds credentials, or would send bytes over a network without TLS.
    """
    parts = urlsplit(url)
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "@" in parts.netloc or any(_SECRETS.search(name) for name in told):
        raise ValueError(
            "MODELKEEP_STORAGE_URL holds credentials. Take them out, and set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY instead."
        )
    unknown = sorted(set(told) - _PARAMETERS)
    if unknown:
        raise ValueError(
            f"MODELKEEP_STORAGE_URL: {unknown[0]!r} is not a parameter; there are {', '.join(sorted(_PARAMETERS))}."
        )
    prefix = parts.path.strip("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,62}", parts.netloc) or parts.fragment:
        raise ValueError(f"MODELKEEP_STORAGE_URL names no bucket. Its form is {_FORM}.")
    if not re.fullmatch(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/|$))*", prefix):
        raise ValueError(
            "MODELKEEP_STORAGE_URL: a prefix is names of letters, digits, dot, dash and _ between slashes."
        )
    allow_http = told.get("allow_http", "false")
    if allow_http not in ("true", "false"):
        raise ValueError("MODELKEEP_STORAGE_URL: allow_http is true or false.")
    endpoint = told.get("endpoint") or None
    plain = endpoint is not None and _is_plain(endpoint)
    if plain and allow_http != "true" and urlsplit(endpoint or "").hostname not in _LOOPBACK:
        raise ValueError(
            "MODELKEEP_STORAGE_URL: the endpoint begins with http://, and its requests could be changed on their way. "
            "Use https://, or add &allow_http=true where the network is yours."
        )
    return S3Place(parts.netloc, prefix, told.get("region") or None, endpoint, plain)


def _is_plain(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError("MODELKEEP_STORAGE_URL: the endpoint is https://host or https://host:port, and nothing else.")
    return parts.scheme == "http"


class S3Blobs:
    """
    A BlobStore in a bucket: the object `<prefix>/<key>` a blob.

    An object is there only once all of it is: S3 shows none before its last part was taken. Nothing is asked of the
    server before the first blob, so that a registry whose store is down still starts, and says so on its status page.
    """

    def __init__(self, place: S3Place) -> None:
        """Raises ValueError where the environment's AWS_* variables cannot be used."""
        self._place = place
        config: S3Config = {"disable_bulk_delete": True, "default_region": _DEFAULT_REGION}
        if place.region:
            config["region"] = place.region
        if place.endpoint:
            config["endpoint"] = place.endpoint
        try:
            self._store = S3Store(
                place.bucket,
                prefix=place.prefix or None,
                config=config,
                client_options={**_CLIENT, "allow_http": place.allow_http},
                retry_config=_RETRY,
            )
        except (BaseError, OSError) as error:
            raise ValueError(f"The storage URL and the AWS_* variables do not fit: {_say(error)}.") from error

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open `s3://bucket/prefix?...`. Raises ValueError as `read_place`."""
        return cls(read_place(url))

    @property
    def place(self) -> str:
        """See BlobStore.place."""
        at = urlsplit(self._place.endpoint).netloc if self._place.endpoint else "AWS"
        return f"S3 bucket {self._place.bucket}{f'/{self._place.prefix}' if self._place.prefix else ''} at {at}"

    def put(self, key: str, data: Iterable[BytesLike]) -> int:
        """See BlobStore.put. Holds about 15 MiB at most."""
        demand_key(key)
        source = _Source(data)
        head, ended = source.gather(PART_BYTES)
        with self._translated(key, missing=StorageDown):
            try:
                if ended:
                    obstore.put(self._store, key, bytes(head), use_multipart=False)
                else:
                    runs = chain([head], source)
                    # What raises in here aborts the parts that were sent.
                    obstore.put(
                        self._store, key, runs, use_multipart=True, chunk_size=PART_BYTES,
                        max_concurrency=_PARTS_AT_ONCE,
                    )  # fmt: skip
            except BaseException:
                if source.fault is not None:
                    raise _Broke(source.fault) from None
                raise
        return source.size_bytes

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See BlobStore.read."""
        return bytes(self.borrow(key, offset, length))

    def borrow(self, key: str, offset: int, length: int, *, fresh: bool = False) -> BytesLike:
        """See BlobStore.borrow. Every read is fresh."""
        del fresh
        demand_key(key)
        if offset < 0 or length < 0:
            raise ValueError("Offset and length are not negative.")
        if not length:
            self.size(key)
            return b""
        with self._translated(key):
            try:
                return memoryview(obstore.get_range(self._store, key, start=offset, length=length))
            except BaseError as error:
                if _status_of(error) == "416":
                    return b""
                raise

    def size(self, key: str) -> int:
        """See BlobStore.size."""
        demand_key(key)
        with self._translated(key):
            try:
                return int(obstore.head(self._store, key)["size"])
            except FileNotFoundError:
                # An answer to HEAD does not say whether the object is missing or its bucket; one to GET does.
                return int(obstore.get(self._store, key).meta["size"])

    def delete(self, key: str) -> None:
        """See BlobStore.delete."""
        demand_key(key)
        try:
            with self._translated(key):
                obstore.delete(self._store, key)
        except BlobMissing:
            return

    def list_keys(self, prefix: str = "") -> Iterator[str]:
        """See BlobStore.list_keys."""
        # S3 lists by whole names here; what is left of the prefix is compared with each.
        folder, _, _ = prefix.rpartition("/")
        with self._translated(prefix or "the list of files", missing=StorageDown):
            for page in obstore.list(self._store, folder or None):
                yield from (str(row["path"]) for row in page if _is_listed(str(row["path"]), prefix))

    def health(self) -> None:
        """See BlobStore.health."""
        with self._translated("the health probe", missing=StorageDown):
            obstore.put(self._store, _PROBE, b"ok", use_multipart=False)
            obstore.delete(self._store, _PROBE)

    @contextmanager
    def _translated(self, what: str, *, missing: type[StorageError] = BlobMissing) -> Iterator[None]:
        bucket = self._place.bucket
        try:
            yield
        except _Broke as broke:
            raise broke.fault from broke.fault.__cause__
        except FileNotFoundError as error:
            if _code_of(error) == _NO_BUCKET:
                raise StorageDown(f"There is no bucket {bucket}.") from error
            raise missing(f"There is nothing at the place of {what} in {bucket}.") from error
        except (BaseError, OSError) as error:
            if _code_of(error) in _FULL or _status_of(error) == "507":
                raise StorageFull(f"There is no room for {what} in {bucket}: {_say(error)}.") from error
            raise StorageDown(f"The bucket {bucket} fails on {what}: {_say(error)}.") from error


class _Broke(Exception):
    """The data that should be stored broke off; whatever that raised is no fault of the store."""

    def __init__(self, fault: BaseException) -> None:
        super().__init__("The data broke off.")
        self.fault = fault


class _Source:
    """The runs of a blob, counted. `fault` is what the data itself raised."""

    def __init__(self, data: Iterable[BytesLike]) -> None:
        self._data = iter(data)
        self.size_bytes = 0
        self.fault: BaseException | None = None

    def __iter__(self) -> Iterator[BytesLike]:
        return self

    def __next__(self) -> BytesLike:
        try:
            run = next(self._data)
        except StopIteration:
            raise
        except BaseException as fault:
            self.fault = fault
            raise
        self.size_bytes += len(memoryview(run))
        return run

    def gather(self, most: int) -> tuple[bytearray, bool]:
        """The first bytes up to `most`, or a little more, and whether they are all."""
        head = bytearray()
        for run in self:
            head += run
            if len(head) > most:
                return head, False
        return head, True


def _is_listed(path: str, prefix: str) -> bool:
    return is_key(path) and path.startswith(prefix)


def _code_of(error: BaseException) -> str | None:
    found = _CODE.search(str(error))
    return found and found.group(1)


def _status_of(error: BaseException) -> str | None:
    found = _STATUS.search(str(error))
    return found and found.group(1)


def _say(error: BaseException) -> str:
    """What a log may know of it: an answer of the server may repeat how the request was signed."""
    return _code_of(error) or (f"status {_status_of(error)}" if _status_of(error) else "it does not answer")
