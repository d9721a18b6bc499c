"""
The keys on paper: a sheet that holds all of them, or shares of which a number is needed (SLIP-39).

What stands on a sheet is 5 bits of kind, then either the keys in the fewest bytes that hold them, with four bytes of
SHA-256 against a sheet that is wrong as a whole, or one share of these bytes as SLIP-39 has it, each word as the ten
bits that it stands for. `kit/typed_lines.py` draws and checks the lines.
"""

import hashlib
import re
import struct
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share
from shamir_mnemonic.wordlist import mnemonic_to_indices, words_from_indices

from modelkeep_server.adapters.keys.material import KEY_BYTES, Kek, Material, fingerprint_of, known_id
from modelkeep_server.kit import typed_lines
from modelkeep_server.kit.typed_lines import LineWrong
from modelkeep_server.ports import KeyUnusable, SheetWrong

MOST_SHARES = 16

_WHOLE, _SHARE = 1, 2
_VERSION = 1
_KEK = struct.Struct(f">8sI{KEY_BYTES}s")
_KEK_ID = re.compile(r"kek-([0-9a-f]{16})")
_SHORT_ID = re.compile(r"mk-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_SUM_BYTES = 4
_MOST_KEYS = 255


@dataclass(frozen=True)
class Sheet:
    """One page: its lines, and which share of how many it is; `needed` of them make the keys. 1 of 1 is all of them."""

    number: int
    shares: int
    needed: int
    lines: tuple[str, ...]


def draw_sheets(material: Material, shares: int = 1, needed: int = 1) -> list[Sheet]:
    """
    The sheets of these keys. Raises KeyUnusable for keys that no sheet can carry, ValueError for numbers that cannot
    be: 1 sheet, or 2 to 16 shares of which 2 or more are needed.
    """
    packed = _pack(material)
    if shares == 1 and needed == 1:
        return [Sheet(1, 1, 1, tuple(typed_lines.draw_lines([_WHOLE, *typed_lines.to_symbols(packed)])))]
    if not 2 <= needed <= shares <= MOST_SHARES:
        raise ValueError(f"Choose 2 to {MOST_SHARES} shares, and at least 2 of them to be needed.")
    even = packed + b"\0" * (len(packed) % 2)
    (words,) = generate_mnemonics(1, [(needed, shares)], even, iteration_exponent=0)
    return [
        Sheet(number, shares, needed, tuple(typed_lines.draw_lines([_SHARE, *_symbols_of(mnemonic)])))
        for number, mnemonic in enumerate(words, 1)
    ]


class Gathering:
    """Sheets as they come, until they make keys. Each may come once only."""

    def __init__(self) -> None:
        self._whole: Material | None = None
        self._shares: dict[int, str] = {}
        self._first: Share | None = None

    @property
    def missing(self) -> int:
        """How many sheets are needed besides those that came."""
        if self._whole is not None:
            return 0
        return 1 if self._first is None else max(0, self._first.member_threshold - len(self._shares))

    def add(self, lines: Sequence[str]) -> None:
        """Take a sheet. Raises SheetWrong."""
        try:
            symbols = typed_lines.read_lines(lines)
        except LineWrong as error:
            raise SheetWrong(str(error)) from error
        if not symbols or symbols[0] not in (_WHOLE, _SHARE):
            raise SheetWrong("These lines are of no sheet of Modelkeep keys.")
        if symbols[0] == _WHOLE:
            self._whole = _unpack_symbols(symbols[1:])
        else:
            self._add_share(symbols[1:])

    def finish(self) -> Material:
        """The keys. Raises SheetWrong where sheets are missing, or do not belong together."""
        if self._whole is not None:
            return self._whole
        if self.missing or self._first is None:
            raise SheetWrong(f"{self.missing} more sheet{'s' if self.missing > 1 else ''} needed.")
        try:
            return _unpack(combine_mnemonics([*self._shares.values()][: self._first.member_threshold]))
        except MnemonicError as error:
            raise SheetWrong(f"These shares do not belong together: {error}") from error

    def fingerprint(self) -> str:
        """The fingerprint of the keys. Raises SheetWrong as `finish`."""
        return fingerprint_of(self.finish())

    def _add_share(self, symbols: Sequence[int]) -> None:
        indices = [high << 5 | low for high, low in zip(symbols[::2], symbols[1::2], strict=False)]
        mnemonic = " ".join(words_from_indices(indices))
        try:
            share = Share.from_mnemonic(mnemonic)
        except MnemonicError as error:
            raise SheetWrong("These lines are no whole share: a line is missing at the end.") from error
        if self._first is not None and share.group_parameters() != self._first.group_parameters():
            raise SheetWrong("This share is of another set of sheets than those before it.")
        if share.index in self._shares:
            raise SheetWrong("This share was given already.")
        self._first = self._first or share
        self._shares[share.index] = mnemonic


def _pack(material: Material) -> bytes:
    short = _SHORT_ID.fullmatch(material.registry_id)
    name = uuid.UUID(short[1]).bytes if short else material.registry_id.encode("ascii")
    packed = bytes([_VERSION, 0 if short else len(name)]) + name + material.seed
    if len(material.keks) > _MOST_KEYS:
        raise KeyUnusable(f"{len(material.keks)} keys do not fit a sheet. Run: modelkeep keys retire-old")
    packed += bytes([len(material.keks)])
    for kek in material.keks:
        known = _KEK_ID.fullmatch(kek.id)
        if known is None:
            raise KeyUnusable(f"The key {kek.id!r} was not made by Modelkeep: copy the key file itself.")
        seconds = int(datetime.fromisoformat(kek.created_at).timestamp())
        packed += _KEK.pack(bytes.fromhex(known[1]), seconds, kek.key)
    packed += hashlib.sha256(packed).digest()[:_SUM_BYTES]
    if _unpack(packed) != material:
        raise KeyUnusable("These keys do not fit a sheet: copy the key file itself.")
    return packed


def _unpack_symbols(symbols: Sequence[int]) -> Material:
    try:
        return _unpack(typed_lines.from_symbols(symbols))
    except ValueError as error:
        raise SheetWrong("A line is missing at the end, or the sheet is damaged as a whole.") from error


def _unpack(packed: bytes) -> Material:
    """The keys again; a byte behind them, which shares need for an even number, is left out. Raises SheetWrong."""
    try:
        size = packed[1] or 16
        name = packed[2 : 2 + size]
        registry_id = name.decode("ascii") if packed[1] else f"mk-{uuid.UUID(bytes=name)}"
        at = 2 + size + KEY_BYTES
        seed, count = packed[2 + size : at], packed[at]
        end = at + 1 + count * _KEK.size
        total = packed[end : end + _SUM_BYTES]
    except (IndexError, ValueError) as error:
        raise SheetWrong("The sheet is damaged as a whole.") from error
    if packed[0] != _VERSION or total != hashlib.sha256(packed[:end]).digest()[:_SUM_BYTES]:
        raise SheetWrong("The sheet is damaged as a whole, or of a later release.")
    keks = tuple(
        Kek(f"kek-{name.hex()}", key, datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds"))
        for name, seconds, key in _KEK.iter_unpack(packed[at + 1 : end])
    )
    return Material(known_id(registry_id), keks, seed)


def _symbols_of(mnemonic: str) -> Iterator[int]:
    for index in mnemonic_to_indices(mnemonic):
        yield from (index >> 5, index & 31)
