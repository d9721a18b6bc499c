"""
All files of a version that may leave, as one ZIP that is made while it is sent.

A link to it is minted and judged as one to a file (downloads.py). It holds `SHA256SUMS` for `sha256sum -c` and, where
files are withheld, `WITHHELD.txt` with the reasons. The same version gives the same bytes while its files stand.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelkeep_server.db import recording
from modelkeep_server.db.tables import artifacts, bundle_links
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import queries
from modelkeep_server.features.artifacts.downloading import downloads, handles, rights, transfers
from modelkeep_server.features.artifacts.file_keys import open_file_key, read_parts
from modelkeep_server.features.artifacts.opening import read_plain
from modelkeep_server.features.artifacts.queries import StoredFile
from modelkeep_server.features.artifacts.views import Artifact
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit.zips import Entry, ZipFrame, measure
from modelkeep_server.ports import BlobStore, WrappedKey
from modelkeep_server.rules.errors import IntegrityBroken, StateForbids
from modelkeep_server.rules.paths import path_key

SUMS, WITHHELD = "SHA256SUMS", "WITHHELD.txt"
#: A value of an event holds 4 KiB and its body 32: these many files in each value, and so many values.
_FILES_A_VALUE, _VALUES = 35, 7
_RUN_BYTES = 1024 * 1024


@dataclass(frozen=True)
class NewBundle:
    """A link to all files of a version, just made. `path` is the URL's path with the handle, shown once."""

    path: str = field(repr=False)
    expires_at: datetime
    files: int
    size_bytes: int


@dataclass(frozen=True)
class Member:
    """A file in a bundle, with what opens it."""

    stored: StoredFile
    dek: bytes = field(repr=False)


@dataclass(frozen=True)
class Bundle:
    """
    What goes into the ZIP, in order: texts by name that the registry adds, then files of the version.
    """

    texts: Mapping[str, bytes]
    files: tuple[Member, ...]
    made_at: datetime

    @property
    def size_bytes(self) -> int:
        """How long the ZIP is."""
        texts = [Entry(name, len(text), self.made_at) for name, text in self.texts.items()]
        return measure([*texts, *(_entry_of(member.stored.artifact) for member in self.files)])


@dataclass(frozen=True)
class BundleOpening:
    """A download of a bundle that was allowed and noted."""

    link_id: str
    version: Version
    bundle: Bundle

    @property
    def file_name(self) -> str:
        """What the ZIP is called."""
        return _name_of(self.version)


def mint_link(work: Work, actor: Actor, group: str, name: str, version: str, *, purpose: str | None) -> NewBundle:
    """
    Make a link that opens all files of a version, as one ZIP, for some minutes.

    Raises:
        NotFound, NotPermitted; StateForbids where no file may leave; Invalid where a purpose is asked and missing.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    terms = rights.require(work, actor, model, found)
    # The event has a name of its own, and the same role behind it.
    work.granted["bundle.link"] = work.granted["artifact.link"]
    bundle = _gather(work, found)
    link = handles.mint(
        work, actor, bundle_links, {"version_id": found.key}, terms, purpose=purpose, file_name=_name_of(found)
    )
    access.record(
        work,
        actor,
        "bundle.link",
        object_id=found.id,
        object_label=found.address,
        after={"link": link.id, "seconds": terms.ttl_seconds, **_say(bundle)},
        reason=link.purpose,
    )
    return NewBundle(link.path, link.expires_at, len(bundle.files), bundle.size_bytes)


def open_link(work: Work, visitor: Actor, handle: str, *, begins: bool = True) -> BundleOpening | None:
    """
    Judge a link to a bundle at the moment of use, and note the download before a byte leaves. None: it is no such link.

    Args:
        begins: Bytes will leave. Without, nothing is written: for HEAD.
    Raises:
        NotFound, LinkExpired, LinkRefused, StateForbids: It no longer opens, with the reason.
    """
    row = handles.find(work, bundle_links, handle)
    if row is None:
        return None
    minter = handles.get_minter(work, row)
    version = version_queries.get_version_by_key(work, minter, row.version_id)
    handles.demand_allowed(work, visitor, minter, row, version)
    bundle = _gather(work, version)
    if begins:
        transfers.begin(work, row.public_id)
        recording.record(
            work, "bundle.download", actor=minter.pseudonym, actor_kind=minter.kind, auth="link",
            object_id=version.id, object_label=version.address, after={"link": row.public_id, **_say(bundle)},
        )  # fmt: skip
    return BundleOpening(row.public_id, version, bundle)


def note_end(work: Work, opening: BundleOpening, *, sent_bytes: int) -> None:
    """Note how the download of a bundle ended. `sent_bytes`: what left, also where it was cut."""
    is_whole = sent_bytes == opening.bundle.size_bytes
    transfers.end_bundle(work, opening.link_id, sent_bytes=sent_bytes, is_whole=is_whole)


class Outflow:
    """The bytes of a bundle's ZIP, once. `current` is the file that is being read: where it breaks, that one is it."""

    def __init__(self, store: BlobStore, bundle: Bundle) -> None:
        self._store = store
        self._bundle = bundle
        self.current: StoredFile | None = None

    def read(self) -> Iterator[memoryview]:
        """
        The ZIP in runs of about a megabyte. What is small is brought together first.

        Raises:
            SealBroken: The bytes of `current` are not those that were sealed. StorageDown: The store does not answer.
        """
        waiting = bytearray()
        for piece in self._pieces():
            if len(piece) < _RUN_BYTES:
                waiting += piece
                if len(waiting) < _RUN_BYTES:
                    continue
                yield memoryview(bytes(waiting))
                waiting.clear()
                continue
            if waiting:
                yield memoryview(bytes(waiting))
                waiting.clear()
            yield memoryview(piece)
        yield memoryview(bytes(waiting))

    def _pieces(self) -> Iterator[bytes | memoryview]:
        frame = ZipFrame()
        for name, text in self._bundle.texts.items():
            yield frame.begin(Entry(name, len(text), self._bundle.made_at))
            yield text
            yield frame.end(zlib.crc32(text))
        for member in self._bundle.files:
            stored = self.current = member.stored
            size_bytes = stored.artifact.size_bytes
            yield frame.begin(_entry_of(stored.artifact))
            crc = 0
            for run in read_plain(self._store, member.dek, stored.blob_id, stored.parts, 0, size_bytes):
                crc = zlib.crc32(run, crc)
                yield run
            yield frame.end(crc)
        self.current = None
        yield frame.close()


def _gather(work: Work, version: Version) -> Bundle:
    """The files of a version that may leave now, and what is said of the others. Raises StateForbids where none may."""
    rows = work.all(queries.select_artifacts(work).where(artifacts.c.version_id == version.key))
    members, withheld = [], []
    for row in sorted(rows, key=lambda row: str(row.path)):
        artifact = queries.to_artifact(work, row)
        reason = _why_withheld(artifact)
        if reason is not None:
            withheld.append((artifact, reason))
            continue
        stored = StoredFile(
            artifact, row.blob_id, row.blob_public_id, WrappedKey(row.key_id, row.wrapped_key),
            read_parts(row.parts, row.size_bytes),
        )  # fmt: skip
        members.append(Member(stored, open_file_key(work, stored.wrapped, stored.blob_id)))
    if not members:
        raise StateForbids(
            f"{version.address} has no file that may be downloaded now.",
            remedy="Its Artifacts tab says of each file why it is withheld." if withheld else "Upload files first.",
        )
    taken = {path_key(row.path) for row in rows}
    texts = {_free_name(SUMS, taken): _say_sums(members)}
    if withheld:
        texts[_free_name(WITHHELD, taken)] = "".join(f"{one.path}: {why}\n" for one, why in withheld).encode()
    return Bundle(texts, tuple(members), version.created_at)


def _why_withheld(artifact: Artifact) -> str | None:
    try:
        downloads.demand_available(artifact)
    except (IntegrityBroken, StateForbids) as error:
        return str(error.detail)
    return None


def _say_sums(members: list[Member]) -> bytes:
    """The digests of files as `sha256sum -c` reads them. No path of ours needs its escapes (rules/paths.py)."""
    files = [member.stored.artifact for member in members]
    return "".join(f"{file.sha256}  {file.path}\n" for file in files).encode()


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or one behind it that no file of the version has, also where its letters differ in case alone."""
    tried, number = name, 1
    while any(key == path_key(tried) or key.startswith(f"{path_key(tried)}/") for key in taken):
        number += 1
        tried = f"{number}-{name}"
    return tried


def _say(bundle: Bundle) -> dict[str, Any]:
    """What is in a bundle, for events: `sums` binds all its digests, and the first files are named one by one."""
    files = [f"{member.stored.artifact.id} {member.stored.artifact.sha256}" for member in bundle.files]
    groups = [files[start : start + _FILES_A_VALUE] for start in range(0, len(files), _FILES_A_VALUE)]
    sums = hashlib.sha256(_say_sums(list(bundle.files))).hexdigest()
    named = {f"files{number}": group for number, group in enumerate(groups[:_VALUES], 1)}
    return {"files": len(files), "sums": f"sha256:{sums}", "sizeBytes": bundle.size_bytes, **named}


def _entry_of(artifact: Artifact) -> Entry:
    return Entry(artifact.path, artifact.size_bytes, artifact.uploaded_at)


def _name_of(version: Version) -> str:
    return f"{version.model.partition('/')[2]}-{version.version}.zip"
