"""
All files of a version as one ZIP: fetched beside its name, checked file by file, and only then under its name.

A ZIP is made while it is sent and cannot be asked for in parts: after a cut it is fetched from its beginning.
"""

import hashlib
import os
import re
import stat
import struct
import uuid
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelkeep.downloads import locate
from modelkeep.errors import BadFile, DigestMismatch, UnexpectedAnswer
from modelkeep.local_files import CHUNK_BYTES
from modelkeep.progress import OnProgress, Progress, Step
from modelkeep.stored import Artifact, BundleLink, is_held_back
from modelkeep.transport import Transport, repeat

TRIES = 3
#: What the registry lays beside the files; with a number before it where a file of the version has that name.
_SUMS, _WITHHELD = re.compile(r"(\d+-)?SHA256SUMS"), re.compile(r"(\d+-)?WITHHELD\.txt")
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")
#: A list of digests has one line a file, a few hundred bytes each.
_MOST_TEXT_BYTES = 64 * 1024 * 1024
#: What reading an archive raises where its bytes are none, or of a kind that is not ours.
_UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError, struct.error,
)  # fmt: skip
#: What stands before a member, but for its name and more; the sizes behind one whose checksum follows it.
_LOCAL, _TOLD, _TOLD_BIG = struct.Struct("<26x2H"), 16, 24
_SIZES = re.compile(rb"\x01\x00(\x08\x00.{8}|\x10\x00.{16}|\x18\x00.{24})", re.DOTALL)
_BIG_BYTES, _CHECKSUM_FOLLOWS = 0xFFFFFFFF, 0x8


@dataclass(frozen=True)
class FetchedZip:
    """
    A verified ZIP. `file` is where it is, `sha256` of the ZIP itself, `artifacts` are the files in it; `held_back` are
    those of the version that cannot be downloaded now.
    """

    file: Path
    size_bytes: int
    sha256: str
    artifacts: tuple[Artifact, ...]
    held_back: tuple[Artifact, ...]


def fetch_zip(
    transport: Transport,
    mint: Callable[[], BundleLink],
    list_files: Callable[[], Sequence[Artifact]],
    target: Path,
    *,
    overwrite: bool,
    on_progress: OnProgress,
) -> FetchedZip:
    """
    Fetch the ZIP to `target`.

    Args:
        mint: Asks for a fresh link; called once for each connection.
        list_files: The files of the version; called once the ZIP has arrived, so that what changed meanwhile shows.
        overwrite: Whether a file of that name may be replaced.
    Raises:
        BadFile: The target cannot be written, or is there already.
        DigestMismatch: What arrived is not what the registry vouches for; nothing is kept.
        ApiError, Unreachable, UnexpectedAnswer: Refused, or cut again and again; nothing is kept.
    """
    if target.is_dir() or (target.exists() and not overwrite):
        raise BadFile(f"{target} is there already.", remedy="Name another file, or allow it to be replaced.")
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as opened:
                sha256 = _receive(transport, mint, opened, target.name, on_progress)
                opened.flush()
                os.fsync(opened.fileno())
            listed = list_files()
            inside = _check(part, listed, target.name, on_progress)
            size_bytes = part.stat().st_size
            part.replace(target)
        finally:
            # Gone where all went well: it bears its name by then.
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise BadFile(
            f"{target} cannot be written: {error.strerror}.", remedy="Check the folder's rights and its free space."
        ) from error
    return FetchedZip(target, size_bytes, sha256, inside, tuple(one for one in listed if is_held_back(one)))


def _receive(
    transport: Transport, mint: Callable[[], BundleLink], part: BinaryIO, name: str, on_progress: OnProgress
) -> str:
    """All bytes of the ZIP, from the beginning at each try. Gives their SHA-256 in hex."""

    def receive() -> str:
        part.truncate(0)
        part.seek(0)
        return _receive_once(transport, mint(), part, name, on_progress)

    return repeat(receive, tries=TRIES)


def _receive_once(transport: Transport, link: BundleLink, part: BinaryIO, name: str, on_progress: OnProgress) -> str:
    digest = hashlib.sha256()
    on_progress(Progress(name, Step.RECEIVING, 0, link.size_bytes))
    with transport.stream(link.url, {}) as answer:
        for chunk in answer.iter_raw():
            # A disk is not filled by an answer without an end.
            if part.tell() + len(chunk) > link.size_bytes:
                raise UnexpectedAnswer(f"{name}: the answer is longer than the {link.size_bytes:,} bytes announced.")
            part.write(chunk)
            digest.update(chunk)
            on_progress(Progress(name, Step.RECEIVING, part.tell(), link.size_bytes))
    if part.tell() < link.size_bytes:
        raise UnexpectedAnswer(
            f"{name}: {part.tell():,} bytes came of the {link.size_bytes:,} announced.",
            remedy="Run it again. If it happens again, fetch the files one by one, without --zip.",
        )
    return digest.hexdigest()


def _check(part: Path, listed: Sequence[Artifact], name: str, on_progress: OnProgress) -> tuple[Artifact, ...]:
    """The files in the ZIP, each as the list of the version and the digests inside say. Raises DigestMismatch."""
    try:
        with zipfile.ZipFile(part) as archive:
            return _check_archive(archive, {one.path: one for one in listed}, name, on_progress)
    except _UNREADABLE as error:
        raise DigestMismatch(f"{name}: what arrived is no ZIP of the registry's kind: {error}.") from error


def _check_archive(
    archive: zipfile.ZipFile, listed: Mapping[str, Artifact], name: str, on_progress: OnProgress
) -> tuple[Artifact, ...]:
    members = _list_members(archive)
    sums = _read_sums(archive, [member for path, member in members.items() if path not in listed])
    inside = tuple(one for path, one in listed.items() if path in members)
    missing = [path for path, one in listed.items() if path not in members and not is_held_back(one)]
    if missing:
        raise DigestMismatch(
            f"{name} is without {missing[0]}, which the version has.",
            remedy="Perhaps it was added meanwhile: run it again. If it happens again, tell the registry's Admin.",
        )
    if sums.keys() != {one.path for one in inside}:
        raise DigestMismatch(f"{name}: SHA256SUMS and the files beside it are not the same files.")
    total, done = sum(one.size_bytes for one in inside), 0
    for one in inside:
        digest = hashlib.sha256()
        with archive.open(members[one.path]) as opened:
            while chunk := opened.read(CHUNK_BYTES):
                digest.update(chunk)
                done += len(chunk)
                on_progress(Progress(name, Step.CHECKING, done, total))
        found = {digest.hexdigest(), sums[one.path]}
        if found != {one.sha256}:
            (other, *_) = found - {one.sha256}
            raise DigestMismatch(
                f"{one.path} in {name} has the SHA-256 {other}, the registry vouches for {one.sha256}."
            )
    _demand_nothing_between(archive)
    return inside


def _list_members(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """
    What is in the archive, by name. Raises DigestMismatch for a name that would lead out of a folder it is unpacked
    into, comes twice, or is no plain file, stored as it is.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        path, mode = member.orig_filename, member.external_attr >> 16
        try:
            locate(Path(), path)
        except UnexpectedAnswer as error:
            raise DigestMismatch(f"The ZIP names a file {path!r}, which is no harmless path.") from error
        # Beside sizes beyond 4 GiB a field may bear another name, which some programs prefer.
        if path in members or (member.extra and not _SIZES.fullmatch(member.extra)):
            raise DigestMismatch(f"The ZIP names {path!r} twice.")
        if member.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)):
            raise DigestMismatch(f"{path!r} in the ZIP is no plain file.")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise DigestMismatch(f"{path!r} in the ZIP is compressed, which the registry never does.")
        members[path] = member
    return members


def _demand_nothing_between(archive: zipfile.ZipFile) -> None:
    """
    Raises DigestMismatch for bytes before, between or behind the members and their list: programs that read an archive
    from its beginning, and not by its list, would unpack others from there.
    """
    at = 0
    for member in sorted(archive.infolist(), key=lambda one: one.header_offset):
        assert archive.fp is not None
        archive.fp.seek(at)
        name, more = _LOCAL.unpack(archive.fp.read(_LOCAL.size))
        is_big = member.file_size >= _BIG_BYTES
        told = (_TOLD_BIG if is_big else _TOLD) if member.flag_bits & _CHECKSUM_FOLLOWS else 0
        if member.header_offset != at or more != (20 if is_big else 0):
            break
        at += _LOCAL.size + name + more + member.compress_size + told
    else:
        if at == archive.start_dir and not archive.comment:
            return
    raise DigestMismatch("The ZIP holds other bytes than its files and the list of them.")


def _read_sums(archive: zipfile.ZipFile, others: Sequence[zipfile.ZipInfo]) -> Mapping[str, str]:
    """The digests that lie in the ZIP, by path. `others`: what is in it beside files of the version."""
    lists = [member for member in others if _SUMS.fullmatch(member.filename)]
    strange = [member for member in others if member not in lists and not _WITHHELD.fullmatch(member.filename)]
    if strange:
        raise DigestMismatch(
            f"The ZIP holds {strange[0].filename!r}, which is no file of the version.",
            remedy="Perhaps it was removed meanwhile: run it again. If it happens again, tell the registry's Admin.",
        )
    if len(lists) != 1 or lists[0].file_size > _MOST_TEXT_BYTES:
        raise DigestMismatch("The ZIP holds no list of digests (SHA256SUMS).")
    sums: dict[str, str] = {}
    for line in archive.read(lists[0]).decode().split("\n")[:-1]:
        told = _SUM.fullmatch(line)
        if told is None or told[2] in sums:
            raise DigestMismatch(f"SHA256SUMS in the ZIP has a line that is none: {line[:100]!r}.")
        sums[told[2]] = told[1]
    return sums
