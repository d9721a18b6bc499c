"""
Bytes at rest: sealed so that every change, cut, swap or foreign byte is refused when they are read.

A file is an ordered run of parts of 16 MiB plain bytes, the last one shorter. Each part is one stream of its own in
Tink's AES-GCM-HKDF streaming format (developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming), key type
AES256_GCM_HKDF with SHA-256, 64 KiB segments and RAW prefix:

    header   = length of the header (1 byte, 40) | salt (32) | nonce prefix (7)
    key      = HKDF-SHA256(file key, salt, info = associated data)
    segment  = AES-256-GCM(key, nonce = prefix | number (4, big endian) | 1 if last else 0)

The header takes room in the first segment, whose plain bytes are 40 fewer. Every part and every attempt at it has a
fresh salt, so no (key, nonce) pair comes twice, whatever is retried.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from modelkeep_server.ports import BytesLike

PART_BYTES = 16 * 1024 * 1024
DEK_BYTES = 32

_SEGMENT = 64 * 1024
_TAG = 16
_SALT = 32
_PREFIX = 7
_HEADER = 1 + _SALT + _PREFIX
_PLAIN = _SEGMENT - _TAG
_BATCH = 16  # segments read, opened and released together: about 1 MiB

Read = Callable[[int, int], BytesLike]


class SealBroken(Exception):
    """The stored bytes are not those that were sealed for this place under this key. Nothing of them may be used."""


@dataclass(frozen=True)
class Part:
    """One sealed part of a file. `number` and `attempt` count from 1; sizes are in bytes."""

    number: int
    attempt: int
    plain_size: int
    sealed_size: int


def new_dek() -> bytes:
    """A fresh 256-bit key for one file."""
    return AESGCM.generate_key(256)


def part_key(blob_id: str, number: int, attempt: int) -> str:
    """The name of a part in the blob store."""
    return f"{blob_id}/{number}-{attempt}"


def associated_data(blob_id: str, part_no: int, attempt: int) -> bytes:
    """What a part is bound to: it opens in no other place."""
    return f"mk1|{blob_id}|{part_no}|{attempt}".encode("ascii")


def wrap_context(blob_id: str) -> bytes:
    """What a wrapped file key is bound to, so that it opens no other file."""
    return f"mk1|{blob_id}".encode("ascii")


def sealed_size(plain_size: int) -> int:
    """Size in bytes of a sealed part with this many plain bytes."""
    return _HEADER + plain_size + _TAG * _segments_of(plain_size)


def plain_size(sealed_size: int) -> int:
    """Size in bytes of what is sealed in a part of this size. Raises SealBroken where no part can have it."""
    segments = -(-sealed_size // _SEGMENT)
    plain = sealed_size - _HEADER - _TAG * segments
    if plain < 0 or _segments_of(plain) != segments:
        raise SealBroken(f"No sealed part has {sealed_size} bytes.")
    return plain


def seal_part(dek: bytes, aad: bytes, plaintext: memoryview) -> Iterator[bytearray]:
    """
    Seal a part under a fresh salt, in runs of up to 1 MiB of which the caller may keep each.

    Args:
        dek: The 32-byte key of the file.
        aad: See `associated_data`.
        plaintext: The whole part, bytes. It is read while the runs are taken: leave it unchanged until the last.
    """
    return _seal(dek, aad, plaintext, salt=os.urandom(_SALT), prefix=os.urandom(_PREFIX))


def open_part(dek: bytes, aad: bytes, sealed_size: int, read: Read, start: int, end: int) -> Iterator[memoryview]:
    """
    The plain bytes from `start` up to, not including, `end`, in runs of up to 1 MiB, each verified before it is given,
    and the caller's own: nothing is written to one after it was given.

    The last segment is verified before the first run, whatever the range, so that a part that was cut gives nothing.

    Args:
        dek: The 32-byte key of the file.
        aad: See `associated_data`.
        sealed_size: As recorded when the part was sealed, bytes.
        read: Gives `length` stored bytes from `offset`, fewer where the part ends. Each is used up before the next.
    Raises:
        SealBroken: The stored bytes were changed, cut, lengthened or swapped, or belong elsewhere.
        ValueError: The range lies outside the part.
    """
    size = plain_size(sealed_size)
    if not 0 <= start <= end <= size:
        raise ValueError(f"{start} to {end} lies outside a part of {size} bytes.")
    sealed = _Sealed(dek, aad, sealed_size, read)
    sealed.check(sealed.segments - 1, sealed.segments)
    if start == end:
        return
    first, behind = _segment_at(start), _segment_at(end - 1) + 1
    for at in range(first, behind, _BATCH):
        until = min(at + _BATCH, behind)
        room = bytearray(_plain_start(until) - _plain_start(at))
        base, length = _plain_start(at), sealed.open(at, until, memoryview(room))
        yield memoryview(room)[max(0, start - base) : min(length, end - base)]


def check_part(dek: bytes, aad: bytes, sealed_size: int, read: Read) -> None:
    """Verify every segment of a part, and that nothing follows. Raises SealBroken. Holds about 1 MiB."""
    sealed = _Sealed(dek, aad, sealed_size, read)
    for at in range(0, sealed.segments, _BATCH):
        sealed.check(at, min(at + _BATCH, sealed.segments))


class _Sealed:
    """A sealed part of which segments are opened by number."""

    def __init__(self, dek: bytes, aad: bytes, sealed_size: int, read: Read) -> None:
        self._read = read
        self._size = sealed_size
        self.segments = _segments_of(plain_size(sealed_size))
        header = bytes(read(0, _HEADER))
        if len(header) != _HEADER or header[0] != _HEADER:
            raise SealBroken("The header of a sealed part is damaged.")
        self._prefix = header[1 + _SALT :]
        self._cipher = _cipher(dek, aad, header[1 : 1 + _SALT])

    def open(self, first: int, behind: int, room: memoryview) -> int:
        """Open segments `first` up to `behind` into `room`, one after another, and give the bytes written."""
        written = 0
        for number, segment in self._fetch(first, behind):
            length = len(segment) - _TAG
            self._decrypt(number, segment, room[written : written + length])
            written += length
        return written

    def check(self, first: int, behind: int) -> None:
        """Verify segments `first` up to `behind` and forget what they hold."""
        room = memoryview(bytearray(_PLAIN))
        for number, segment in self._fetch(first, behind):
            self._decrypt(number, segment, room[: len(segment) - _TAG])

    def _decrypt(self, number: int, segment: memoryview, room: memoryview) -> None:
        try:
            self._cipher.decrypt_into(_nonce(self._prefix, number, self.segments), segment, None, room)
        except InvalidTag as error:
            raise SealBroken(f"Segment {number} of a sealed part is not what was sealed.") from error

    def _fetch(self, first: int, behind: int) -> Iterator[tuple[int, memoryview]]:
        offset = max(_HEADER, first * _SEGMENT)
        length = min(behind * _SEGMENT, self._size) - offset
        # One byte more than the last segment has is asked for: what was added behind it must not pass unseen.
        run = self._read(offset, length + (behind == self.segments))
        if len(run) != length:
            raise SealBroken("A sealed part is shorter or longer than it was.")
        view = memoryview(run)
        for number in range(first, behind):
            begin = max(_HEADER, number * _SEGMENT) - offset
            yield number, view[begin : (number + 1) * _SEGMENT - offset]


def _seal(dek: bytes, aad: bytes, plaintext: memoryview, *, salt: bytes, prefix: bytes) -> Iterator[bytearray]:
    cipher = _cipher(dek, aad, salt)
    segments = _segments_of(len(plaintext))
    for first in range(0, segments, _BATCH):
        behind = min(first + _BATCH, segments)
        plain_end = min(_plain_start(behind), len(plaintext))
        used = 0 if first else _HEADER
        run = bytearray(used + plain_end - _plain_start(first) + _TAG * (behind - first))
        if not first:
            run[:used] = bytes([_HEADER]) + salt + prefix
        room = memoryview(run)
        for number in range(first, behind):
            plain = plaintext[_plain_start(number) : _plain_start(number + 1)]
            into = room[used : used + len(plain) + _TAG]
            used += cipher.encrypt_into(_nonce(prefix, number, segments), plain, None, into)
        yield run


def _cipher(dek: bytes, aad: bytes, salt: bytes) -> AESGCM:
    if len(dek) != DEK_BYTES:
        raise ValueError(f"A file key has {DEK_BYTES} bytes.")
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=aad).derive(dek))


def _nonce(prefix: bytes, number: int, segments: int) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if number == segments - 1 else b"\x00")


def _segments_of(plain_size: int) -> int:
    return max(1, -(-(plain_size + _HEADER) // _PLAIN))


def _segment_at(plain_offset: int) -> int:
    return (plain_offset + _HEADER) // _PLAIN


def _plain_start(segment: int) -> int:
    return max(0, segment * _PLAIN - _HEADER)
