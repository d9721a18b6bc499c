"""Codes side by side, a letter and seven more characters each, packed into four bytes each."""

CODE_CHARS = 8
#: So many bits have the number of a code; the letter has the five above them.
NUMBER_BITS = 27
_BASE = 36
_BEFORE_A = ord("A") - 1


def pack_codes(codes: str) -> bytes:
    """Each code as a little-endian number: its letter, and behind that its number. Raises OverflowError."""
    return b"".join(_pack(codes[at : at + CODE_CHARS]) for at in range(0, len(codes), CODE_CHARS))


def _pack(code: str) -> bytes:
    number = int(code[1:], _BASE)
    if number >> NUMBER_BITS:
        raise OverflowError(f"{number} is no number of a value: there are {1 << NUMBER_BITS:,} at most.")
    return (ord(code[0]) - _BEFORE_A << NUMBER_BITS | number).to_bytes(4, "little")


def letter_of(packed: int) -> str:
    """The letter of a code, of what stands above the bits of its number."""
    return chr(packed + _BEFORE_A)
