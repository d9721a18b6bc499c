"""
All files of a version through one link, as a ZIP with their SHA256SUMS. Links to it are made, judged and recorded as
those to a file.

What may not leave is left out and named with the reason in WITHHELD.txt. A file that turns out to be damaged on the way
ends the transfer where it is.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.tables import bundle_links
from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts import downloads, flows, queries, rights, withholding
from modelkeep_server.features.artifacts.flows import Flow
from modelkeep_server.features.artifacts.outflow import read_plain
from modelkeep_server.features.artifacts.queries import StoredFile
from modelkeep_server.features.artifacts.sealing import wrap_context
from modelkeep_server.features.artifacts.zipping import Entry, size_of_zip, write_zip
from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.ports import BlobStore
from modelkeep_server.rules.errors import Conflict, FieldError, Invalid, NotFound, StateForbids
from modelkeep_server.rules.paths import path_key

SUMS, WITHHELD = "SHA256SUMS", "WITHHELD.txt"
PATHS_MAX = 1000
#: As many ids stand in one value of an event without being shortened to a digest, and as many such values in it.
IDS_A_VALUE, VALUES = 100, 6


@dataclass(frozen=True)
class Chosen:
    """The files of a ZIP, and those that stay behind with the reason why."""

    files: tuple[StoredFile, ...]
    withheld: tuple[tuple[str, Conflict], ...]

    @property
    def sums(self) -> str:
        """What `sha256sum -c` takes."""
        return "".join(f"{file.artifact.sha256}  {file.artifact.path}\n" for file in self.files)

    @property
    def reasons(self) -> str:
        """What stayed behind, a line a file."""
        return "".join(f"{path}: {reason.detail} {reason.remedy}\n" for path, reason in self.withheld)


@dataclass(frozen=True)
class NewBundle:
    """A link to a ZIP just made. `path` is the URL's path with the handle, shown once; `size_bytes` is the ZIP's."""

    path: str = field(repr=False)
    expires_at: datetime
    size_bytes: int
    files: int
    withheld: tuple[str, ...]


class Bundle:
    """A ZIP that was allowed and noted. `at` is the file that is being read, while one is."""

    def __init__(self, flow: Flow, version: Version, chosen: Chosen, deks: Sequence[bytes]) -> None:
        self.flow = flow
        self.file_name = _file_name(version)
        self.at: StoredFile | None = None
        self._chosen, self._deks, self._made_at = chosen, deks, version.created_at

    def runs(self, store: BlobStore) -> Iterator[bytes | memoryview]:
        """The bytes of the ZIP. Raises SealBroken, StorageError: then `at` is the file at fault."""
        reads = [partial(self._read, store, *pair) for pair in zip(self._chosen.files, self._deks, strict=True)]
        return write_zip(_entries(self._chosen, self._made_at, reads))

    def _read(self, store: BlobStore, file: StoredFile, dek: bytes) -> Iterator[memoryview]:
        self.at = file
        yield from read_plain(store, dek, file.blob_id, file.parts, 0, file.artifact.size_bytes)
        self.at = None


def mint_bundle(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    version: str,
    *,
    purpose: str | None,
    paths: Sequence[str] | None = None,
) -> NewBundle:
    """
    Make a link that opens all files of a version, or those at some paths, as one ZIP for some minutes.

    Raises:
        NotFound, NotPermitted; Invalid where a purpose is asked and missing, or no file has a path that is named.
        StateForbids: The version is on hold, has no file, or none that may leave; says why each may not.
    """
    model = model_queries.get_model(work, actor, group, name)
    found = version_queries.get_version(work, actor, group, name, version)
    terms = rights.require(work, actor, model, found)
    chosen = _choose(work, found, paths)
    _demand_known(chosen, paths)
    _demand_some(found, chosen)
    purpose = downloads.read_purpose(terms, purpose)
    handle = secrets.new_secret()
    row = downloads.new_link_row(work, actor, terms, handle, purpose)
    work.insert(bundle_links, {**row, "version_id": found.key, "paths": None if paths is None else sorted(set(paths))})
    recording.record(
        work, "bundle.link", actor=actor.pseudonym, actor_kind=actor.kind, auth=actor.method,
        role=work.granted.get("artifact.link"), object_id=found.id, object_label=found.address,
        after={"link": row["public_id"], **downloads.say_terms(terms), **_say(chosen)}, reason=purpose,
    )  # fmt: skip
    withheld = tuple(path for path, _ in chosen.withheld)
    size_bytes = size_of_zip(_entries(chosen, found.created_at))
    path = f"{downloads.PATH_PREFIX}/{handle}/{quote(_file_name(found))}"
    return NewBundle(path, row["expires_at"], size_bytes, len(chosen.files), withheld)


def open_bundle(work: Work, visitor: Actor, handle: str, *, begins: bool = True) -> Bundle:
    """
    Judge a link to a ZIP at the moment of use, and note the download before a byte leaves.

    Raises:
        NotFound: Not a link of this registry. LinkExpired, LinkRefused: It no longer opens, with the reason.
        StateForbids: The version is on hold, or none of its files may leave.
    """
    row = work.first(select(bundle_links).where(bundle_links.c.handle_hash == secrets.hash_secret(handle)))
    if row is None:
        raise NotFound("There is no such link.")
    minter = downloads.find_minter(work, row)
    version = downloads.demand_open(work, minter, visitor, row, row.version_id)
    chosen = _choose(work, version, row.paths)
    _demand_some(version, chosen)
    size_bytes = size_of_zip(_entries(chosen, version.created_at))
    flow = Flow.by(
        minter, row.public_id, flows.BUNDLE, version.id, version.address, size_bytes, **_say(chosen),
        sizeBytes=size_bytes,
    )  # fmt: skip
    if begins:
        flows.begin(work, flow)
    deks = [work.parts.keys.unwrap(file.wrapped, wrap_context(file.blob_id)) for file in chosen.files] if begins else []
    return Bundle(flow, version, chosen, deks)


def _file_name(version: Version) -> str:
    return f"{version.model.rsplit('/', 1)[-1]}-{version.version}.zip"


def _choose(work: Work, version: Version, paths: Sequence[str] | None) -> Chosen:
    files = queries.list_stored_files(work, version, paths)
    reasons = withholding.find_reasons(work, [file.artifact for file in files])
    return Chosen(
        tuple(file for file in files if file.artifact.key not in reasons),
        tuple((f.artifact.path, reasons[f.artifact.key]) for f in files if f.artifact.key in reasons),
    )


def _demand_known(chosen: Chosen, paths: Sequence[str] | None) -> None:
    if paths is None:
        return
    known = {path_key(file.artifact.path) for file in chosen.files} | {path_key(path) for path, _ in chosen.withheld}
    unknown = [path for path in paths if path_key(path) not in known]
    if not paths or len(paths) > PATHS_MAX:
        raise Invalid.of([FieldError("paths", f"Name 1 to {PATHS_MAX} files, or leave it out for all.")])
    if unknown:
        raise Invalid.of([FieldError("paths", f"There is no file {path[:200]!r} here.") for path in unknown[:20]])


def _demand_some(version: Version, chosen: Chosen) -> None:
    if chosen.files:
        return
    if not chosen.withheld:
        raise StateForbids(f"{version.address} has no file.", remedy="Upload files first.")
    (_, first), more = chosen.withheld[0], len(chosen.withheld) - 1
    told = f"{first.detail} {f'Neither may the {more} others leave.' if more else ''}".strip()
    raise StateForbids(f"No file of {version.address} may leave: {told}", remedy=first.remedy)


def _entries(chosen: Chosen, made_at: datetime, reads: Iterable[Any] | None = None) -> list[Entry]:
    """What the ZIP holds. What is told of the files gets a name that none of them has."""
    reads = reads or [partial(iter, ()) for _ in chosen.files]
    entries = [
        Entry(file.artifact.path, file.artifact.size_bytes, file.artifact.uploaded_at, read)
        for file, read in zip(chosen.files, reads, strict=True)
    ]
    taken = {path_key(part) for entry in entries for part in (entry.path, entry.path.partition("/")[0])}
    for name, text in ((SUMS, chosen.sums), (WITHHELD, chosen.reasons)):
        if text:
            told = text.encode()
            entries.append(Entry(_free(name, taken), len(told), made_at, partial(iter, (told,))))
    return entries


def _free(name: str, taken: set[str]) -> str:
    stem, dot, ending = name.partition(".")
    names = (f"{stem}{f'-{number}' if number else ''}{dot}{ending}" for number in range(len(taken) + 1))
    return next(each for each in names if path_key(each) not in taken)


def _say(chosen: Chosen) -> dict[str, Any]:
    """The files as an event tells them: by id as far as they fit, and by the digest of their SHA256SUMS."""
    ids = [file.artifact.id for file in chosen.files]
    runs = [ids[start : start + IDS_A_VALUE] for start in range(0, len(ids), IDS_A_VALUE)][:VALUES]
    named = {f"artifacts{number or ''}": run for number, run in enumerate(runs)}
    sums = hashlib.sha256(chosen.sums.encode()).hexdigest()
    return {"files": len(ids), "withheld": len(chosen.withheld), "sums": sums, **named}
