"""Sealed parts: Tink's format to the byte, and nothing given out that was changed, cut, swapped or moved."""

import io
import os
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from modelkeep_server.features.artifacts import sealing
from modelkeep_server.features.artifacts.sealing import (
    PART_BYTES,
    SealBroken,
    associated_data,
    check_part,
    open_part,
    plain_size,
    seal_part,
    sealed_size,
)
from tests.support.tink_oracle import SEGMENT, tink_seal, tink_with

FIRST = SEGMENT - 40 - 16
NEXT = SEGMENT - 16
BOUNDARY_SIZES = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT, FIRST + NEXT + 1, 1_048_576, PART_BYTES]


@pytest.fixture(scope="module")
def dek() -> bytes:
    return os.urandom(32)


@pytest.fixture(scope="module")
def aad() -> bytes:
    return associated_data("0197a000-0000-7000-8000-000000000001", 3, 1)


def seal(dek: bytes, aad: bytes, plain: bytes) -> bytes:
    return b"".join(seal_part(dek, aad, memoryview(plain)))


def reader(sealed: bytes | bytearray) -> Callable[[int, int], bytes]:
    return lambda offset, length: bytes(sealed[offset : offset + length])


def opened(dek: bytes, aad: bytes, size: int, sealed: bytes | bytearray, start: int, end: int) -> bytes:
    return b"".join(open_part(dek, aad, size, reader(sealed), start, end))


def assert_refused(dek: bytes, aad: bytes, size: int, sealed: bytes | bytearray) -> None:
    with pytest.raises(SealBroken):
        check_part(dek, aad, size, reader(sealed))
    with pytest.raises(SealBroken):
        opened(dek, aad, size, sealed, 0, plain_size(size))


@pytest.mark.parametrize("size", BOUNDARY_SIZES)
def test_tink_opens_what_we_seal(size, dek, aad):
    """Tink, an independent reader, opens our parts at every boundary of segments."""
    plain = os.urandom(size)

    sealed = seal(dek, aad, plain)

    assert len(sealed) == sealed_size(size)
    with tink_with(dek).new_decrypting_stream(io.BytesIO(sealed), aad) as stream:
        assert stream.read() == plain


@pytest.mark.parametrize("size", BOUNDARY_SIZES)
def test_we_open_what_tink_seals(size, dek, aad):
    """We open Tink's parts, and from its salt and prefix we make the same bytes."""
    plain = os.urandom(size)
    theirs = tink_seal(dek, aad, plain)

    check_part(dek, aad, len(theirs), reader(theirs))

    assert opened(dek, aad, len(theirs), theirs, 0, size) == plain
    ours = b"".join(sealing._seal(dek, aad, memoryview(plain), salt=theirs[1:33], prefix=theirs[33:40]))
    assert ours == theirs


def test_ranges_of_what_tink_sealed_are_what_lies_there(dek, aad):
    """Not only whole: any range of a part that Tink made, around each boundary, is opened to the byte."""
    size = FIRST + 2 * NEXT + 100
    plain = os.urandom(size)
    theirs = tink_seal(dek, aad, plain)
    edges = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT - 1, FIRST + NEXT, FIRST + 2 * NEXT, size - 1, size]

    for start in edges:
        for end in (end for end in edges if end >= start):
            assert opened(dek, aad, len(theirs), theirs, start, end) == plain[start:end]


def test_every_range_is_what_lies_there(dek, aad):
    """Any range of a part gives exactly its bytes, around each boundary and at random."""
    size = 2 * 1_048_576 + 12_345
    plain = os.urandom(size)
    sealed = seal(dek, aad, plain)
    edges = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT, 16 * NEXT - 40, 16 * NEXT - 39, size - 1, size]
    chance = random.Random(7)
    ranges = [(a, b) for a in edges for b in edges if a <= b]
    ranges += [tuple(sorted((chance.randint(0, size), chance.randint(0, size)))) for _ in range(40)]

    answers = [opened(dek, aad, len(sealed), sealed, start, end) for start, end in ranges]

    assert [plain[start:end] for start, end in ranges] == answers


def test_a_range_outside_the_part_is_refused(dek, aad):
    """A range that begins before, ends behind or runs backwards is a ValueError, never other bytes."""
    sealed = seal(dek, aad, b"weights")

    for start, end in [(-1, 3), (0, 8), (5, 4)]:
        with pytest.raises(ValueError, match="outside"):
            opened(dek, aad, len(sealed), sealed, start, end)


@pytest.mark.parametrize(
    "at", [0, 1, 32, 33, 39, 40, 5_000, SEGMENT - 1, SEGMENT, SEGMENT + 70, 2 * SEGMENT - 1, -17, -16, -1]
)
@pytest.mark.parametrize("bit", [0, 7])
def test_a_flipped_bit_is_refused_wherever_it_is(at, bit, dek, aad):
    """Header length, salt, prefix, text and tag of first, middle and last segment: one bit is enough."""
    sealed = bytearray(seal(dek, aad, os.urandom(FIRST + 2 * NEXT + 100)))
    size = len(sealed)

    sealed[at] ^= 1 << bit

    assert_refused(dek, aad, size, sealed)


@pytest.mark.parametrize("kept", [0, 39, 40, 56, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 2 * SEGMENT + 115])
def test_a_cut_part_is_refused(kept, dek, aad):
    """A part cut anywhere is refused under its recorded size, and under the size that it now has."""
    whole = seal(dek, aad, os.urandom(FIRST + NEXT + 100))

    cut = whole[:kept]

    assert_refused(dek, aad, len(whole), cut)
    with pytest.raises(SealBroken):
        check_part(dek, aad, len(cut), reader(cut))


def test_a_cut_part_gives_nothing_of_its_beginning(dek, aad):
    """A range that lies in the kept half of a cut part is refused as well."""
    whole = seal(dek, aad, os.urandom(FIRST + NEXT))

    with pytest.raises(SealBroken):
        opened(dek, aad, len(whole), whole[:SEGMENT], 0, 10)


def test_a_lengthened_part_is_refused(dek, aad):
    """Bytes added behind the last segment do not pass unseen."""
    whole = seal(dek, aad, os.urandom(FIRST + 100))

    for more in (b"\x00", os.urandom(SEGMENT), whole):
        assert_refused(dek, aad, len(whole), whole + more)


def test_swapped_doubled_and_dropped_segments_are_refused(dek, aad):
    """Each segment opens only at its own place."""
    whole = seal(dek, aad, os.urandom(FIRST + 3 * NEXT))
    a, b, c, d = (whole[at : at + SEGMENT] for at in range(0, len(whole), SEGMENT))

    for order in (a + c + b + d, a + b + b + d, a + b + d + c, b + a + c + d):
        assert_refused(dek, aad, len(whole), order)
    assert_refused(dek, aad, len(whole) - SEGMENT, a + b + d)


def test_segments_of_another_attempt_are_refused(dek, aad):
    """Two attempts at the same bytes have nothing in common, and do not mix."""
    plain = os.urandom(FIRST + NEXT)
    once, again = seal(dek, aad, plain), seal(dek, aad, plain)

    assert once[1:40] != again[1:40]
    assert_refused(dek, aad, len(once), once[:SEGMENT] + again[SEGMENT:])


@pytest.mark.parametrize(
    "place", [("other-blob", 1, 1), ("blob", 2, 1), ("blob", 1, 2), ("blob", 11, 1), ("bloc", 1, 1)]
)
def test_a_part_opens_in_no_other_place(place, dek):
    """File, part and attempt are bound into the seal."""
    sealed = seal(dek, associated_data("blob", 1, 1), b"weights")

    assert_refused(dek, associated_data(*place), len(sealed), sealed)


def test_a_part_opens_with_no_other_key(dek, aad):
    """A foreign key opens nothing."""
    sealed = seal(dek, aad, b"weights")

    assert_refused(os.urandom(32), aad, len(sealed), sealed)


def test_associated_data_is_a_settled_form():
    """The form is stored in nothing and must never change: old files open by it."""
    assert associated_data("0197a000", 12, 3) == b"mk1|0197a000|12|3"


def test_sizes_that_no_part_can_have_are_refused():
    """A recorded size that cannot be is damage, not arithmetic."""
    possible = {sealed_size(size) for size in range(3 * SEGMENT)}

    for size in range(2 * SEGMENT):
        if size in possible:
            assert sealed_size(plain_size(size)) == size
        else:
            with pytest.raises(SealBroken):
                plain_size(size)


def test_no_run_is_given_before_the_broken_one_is_found(dek, aad):
    """What comes out before the refusal is right, and nothing of the damaged megabyte does."""
    plain = os.urandom(3 * 1_048_576)
    sealed = bytearray(seal(dek, aad, plain))
    sealed[20 * SEGMENT] ^= 1
    runs = open_part(dek, aad, len(sealed), reader(sealed), 0, len(plain))

    given = next(runs)

    assert given == plain[: 16 * NEXT - 40]
    with pytest.raises(SealBroken):
        next(runs)
    assert list(runs) == []


def test_a_key_of_another_length_is_refused(aad):
    """Only 256-bit keys seal."""
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"short", aad, b"weights")


def test_no_key_and_nonce_come_twice_whatever_is_retried(dek, monkeypatch):
    """The same part under the same key, sealed again and again, as retries do: every segment has a pair of its own."""
    used: list[tuple[bytes, bytes]] = []

    class Watched:
        def __init__(self, key):
            self.key, self.cipher = key, AESGCM(key)

        def encrypt_into(self, nonce, data, associated, room):
            used.append((self.key, bytes(nonce)))
            return self.cipher.encrypt_into(nonce, data, associated, room)

    monkeypatch.setattr(sealing, "AESGCM", Watched)
    plain = bytes(FIRST + NEXT + 1)

    for _ in range(300):
        for number in (1, 2):
            seal(dek, associated_data("blob", number, 1), plain)

    assert len(used) == 300 * 2 * 3
    assert len(set(used)) == len(used)
