"""
Bytes as lines that a person can copy by hand: in groups of four, each with a group of four that checks it.

Letters are those of Crockford's Base32 (crockford.com/base32.html), of which none is mistaken for another: O reads as
0, I and L read as 1, small ones as capitals.

The check is a Reed-Solomon code over GF(32) that takes in the number of the line: up to
four wrong letters in one line are found for certain, and of lines that are wrong altogether one in a million passes.
"""

import re
from collections.abc import Sequence

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP = 4
LINE = 5 * GROUP
CHECK = 4

_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
_VALUES |= {"O": 0, "I": 1, "L": 1}
_MOST_LINES = 32 * 32 - 1
_TYPED = re.compile(r"\s*(\d{1,4})\s*[.:)]?\s+(\S.*?)\s*")


class LineWrong(ValueError):
    """A line is not as it was printed. `number` is the line's own, as printed."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"Line {number} {why}")
        self.number = number


def to_symbols(data: bytes) -> list[int]:
    """Numbers of five bits, the last filled up with zeros."""
    bits = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = -(-len(data) * 8 // 5)
    return [bits >> 5 * (count - 1 - at) & 31 for at in range(count)]


def from_symbols(symbols: Sequence[int]) -> bytes:
    """The bytes again. Raises ValueError where no bytes have these symbols."""
    spare = len(symbols) * 5 % 8
    bits = 0
    for symbol in symbols:
        bits = bits << 5 | symbol
    if spare >= 5 or bits & ((1 << spare) - 1):
        raise ValueError("These letters are no whole number of bytes.")
    return (bits >> spare).to_bytes(len(symbols) * 5 // 8, "big")


def draw_lines(symbols: Sequence[int]) -> list[str]:
    """The lines to print. Raises ValueError for more than 1,023 lines."""
    runs = [symbols[at : at + LINE] for at in range(0, len(symbols), LINE)]
    if len(runs) > _MOST_LINES:
        raise ValueError(f"{len(runs)} lines are too many.")
    return [f"{number:3}  {_group(run)}  {_group(_check_of(number, run))}" for number, run in enumerate(runs, 1)]


def find_number(line: str) -> int | None:
    """The number that a line begins with, None where it begins with none."""
    found = _TYPED.fullmatch(line)
    return int(found[1]) if found is not None else None


def read_line(line: str, number: int) -> list[int]:
    """The symbols of the line with this number, which may be left out. Raises LineWrong."""
    found = _TYPED.fullmatch(line)
    if found is None or int(found[1]) != number:
        return _read(line, number)
    try:
        return _read(found[2], number)
    except LineWrong as error:
        # Its first group may look like its number, where the number itself was left out.
        try:
            return _read(line, number)
        except LineWrong:
            raise error from None


def read_lines(lines: Sequence[str]) -> list[int]:
    """The symbols of numbered lines, from 1 on and in order. Raises LineWrong."""
    symbols: list[int] = []
    for number, line in enumerate(lines, 1):
        told = find_number(line)
        if told != number:
            raise LineWrong(number, "is missing, or its number is." if told is None else f"is missing before {told}.")
        run = read_line(line, number)
        if len(run) < LINE and number < len(lines):
            raise LineWrong(number, "is shorter than it was printed. Look at it again.")
        symbols += run
    return symbols


def _read(text: str, number: int) -> list[int]:
    letters = re.sub(r"[\s-]", "", text).upper()
    foreign = next((letter for letter in letters if letter not in _VALUES), None)
    if foreign is not None:
        raise LineWrong(number, f"holds {foreign!r}, which is on no sheet. Look at it again.")
    symbols = [_VALUES[letter] for letter in letters]
    if not CHECK < len(symbols) <= LINE + CHECK:
        raise LineWrong(number, f"has {len(symbols)} letters; a whole one has {LINE + CHECK}. Look at it again.")
    run, check = symbols[:-CHECK], symbols[-CHECK:]
    if check != _check_of(number, run):
        raise LineWrong(number, "is not as it was printed. Look at it again, letter by letter.")
    return run


def _group(symbols: Sequence[int]) -> str:
    letters = "".join(ALPHABET[symbol] for symbol in symbols)
    return " ".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def _make_powers() -> tuple[list[int], dict[int, int]]:
    """The powers of x in GF(32), whose numbers are polynomials modulo x^5 + x^2 + 1, and their logarithms."""
    powers, value = [], 1
    for _ in range(31):
        powers.append(value)
        value = value << 1 ^ (0b100101 if value & 16 else 0)
    return powers, {value: at for at, value in enumerate(powers)}


_POWERS, _LOGS = _make_powers()


def _times(a: int, b: int) -> int:
    return _POWERS[(_LOGS[a] + _LOGS[b]) % 31] if a and b else 0


def _make_generator() -> list[int]:
    """The product of (z - x), (z - x^2), (z - x^3) and (z - x^4), highest power of z first."""
    product = [1]
    for root in _POWERS[1 : CHECK + 1]:
        shifted = [*product, 0]
        product = [value ^ _times(root, above) for value, above in zip(shifted, [0, *product], strict=True)]
    return product


_GENERATOR = _make_generator()


def _check_of(number: int, run: Sequence[int]) -> list[int]:
    rest = [0] * CHECK
    for symbol in (number >> 5, number & 31, *run):
        factor = symbol ^ rest[0]
        rest = [value ^ _times(factor, part) for value, part in zip([*rest[1:], 0], _GENERATOR[1:], strict=True)]
    return rest
