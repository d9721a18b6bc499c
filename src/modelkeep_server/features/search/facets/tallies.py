"""
How often each code is among hundreds of thousands, as arrays of numbers.

numpy counts them in a tenth of the time that Python's own counter takes. It is loaded with the first search.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelkeep_server.features.search.indexing.codes import CODE_CHARS, DIGITS

Numbers = NDArray[np.integer]
#: Codes of four bytes each: the letter's place in the alphabet above `NUMBER_BITS` bits of the number.
Packed = NDArray[np.uint32]
_Letters = NDArray[np.uint8]

NUMBER_BITS = 27
_BEFORE_A = np.uint8(ord("A") - 1)

#: Of values that are as frequent as the last one shown, so many are looked at for those that come first.
_TIED_MAX = 64
#: Up to this number values have a place of their own in an array; higher ones are sorted.
_PLACES_MAX = 1 << 20
_BASE = len(DIGITS)
_VALUE_OF = np.zeros(256, np.int32)
_VALUE_OF[np.frombuffer(DIGITS.encode("ascii"), np.uint8)] = np.arange(_BASE)
#: Two characters are read at once, the first of them as the low byte: their values where both are digits, where the
#: first alone is one (and a blank follows), and where the second alone is (behind a letter).
_CHARS = np.arange(1 << 16)
_SECOND = _VALUE_OF[_CHARS >> 8]
_FIRST = _VALUE_OF[_CHARS & 0xFF]
_BOTH = _FIRST * np.int32(_BASE) + _SECOND
_HIGH_ZEROS = int.from_bytes(b"\xff000", "little")


@dataclass(frozen=True)
class Tally:
    """The values of one field by rising number, and how often each was found."""

    ids: Numbers
    times: Numbers

    def __len__(self) -> int:
        return len(self.ids)

    def most_frequent(self, most: int) -> dict[int, int]:
        """So many by their ids, and those as frequent as the last: which of these come first, their names decide."""
        last = np.partition(self.times, -most)[-most] if len(self) >= most else 0
        tied = np.flatnonzero(self.times == last)[:_TIED_MAX]
        chosen = np.concatenate((np.flatnonzero(self.times > last), tied))
        return dict(zip(self.ids[chosen].tolist(), self.times[chosen].tolist(), strict=True))


def pack(codes: bytes) -> Packed:
    """The codes of a text, one number each; the letter `@` is 0. Raises OverflowError beyond 2^27 values."""
    if not codes:
        return np.empty(0, np.uint32)
    numbers, letters = _read_numbers(codes), np.frombuffer(codes, np.uint8)[::CODE_CHARS]
    if int(numbers.max()) >> NUMBER_BITS:
        raise OverflowError(f"{numbers.max()} is no number of a value: there are {1 << NUMBER_BITS:,} at most.")
    packed: Packed = np.left_shift(letters - _BEFORE_A, NUMBER_BITS, dtype=np.uint32) | numbers.astype(np.uint32)
    return packed


def tally(packed: Packed) -> Mapping[str, Tally]:
    """How often each code is there, by the letter of its field."""
    if not len(packed):
        return {}
    # As places in an array at once: each use of another kind of number would copy them.
    ids = (packed & np.uint32((1 << NUMBER_BITS) - 1)).astype(np.intp)
    if int(ids.max()) >= _PLACES_MAX:
        found, first, times = np.unique(ids, return_index=True, return_counts=True)
        return _by_letter(found, _letters_of(packed[first]), times)
    counted = np.bincount(ids)
    found = np.flatnonzero(counted)
    one_of = np.empty(len(counted), np.uint32)
    one_of[ids] = packed
    return _by_letter(found, _letters_of(one_of[found]), counted[found])


def _letters_of(packed: Packed) -> _Letters:
    return (packed >> NUMBER_BITS).astype(np.uint8) + _BEFORE_A


def _by_letter(found: Numbers, letters: _Letters, times: Numbers) -> Mapping[str, Tally]:
    told = {}
    for letter in np.flatnonzero(np.bincount(letters)).tolist():
        of_it = letters == letter
        told[chr(letter)] = Tally(found[of_it], times[of_it])
    return told


def _read_numbers(codes: bytes) -> Numbers:
    """What stands behind the letter of each code."""
    pairs = np.frombuffer(codes, "<u2").reshape(-1, CODE_CHARS // 2)
    numbers: Numbers = _BOTH.take(pairs[:, 2]) * np.int32(_BASE) + _FIRST.take(pairs[:, 3])
    # Few registries have so many values that the leading digits are anything but zero.
    if ((np.frombuffer(codes, "<u4")[::2] | 0xFF) == _HIGH_ZEROS).all():
        return numbers
    high: Numbers = _SECOND.take(pairs[:, 0]).astype(np.int64) * _BASE**2 + _BOTH.take(pairs[:, 1])
    return high * _BASE**3 + numbers
