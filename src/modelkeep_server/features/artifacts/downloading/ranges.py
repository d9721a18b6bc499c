"""The two headers of a transfer that carry meaning: which bytes are asked for, and what digest was promised."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_MOST_HEADER_CHARACTERS = 256
_SPEC = re.compile(r"([0-9]{0,19})-([0-9]{0,19})")
_ALGORITHM = "sha-256"
_SHA256_BYTES = 32


@dataclass(frozen=True)
class Range:
    """Bytes `start` up to, not including, `end`; never empty."""

    start: int
    end: int


@dataclass(frozen=True)
class Unsatisfiable:
    """A well-formed range that lies outside the file of `size_bytes`: answer 416 with `Content-Range: bytes */size`."""

    size_bytes: int


def parse_range(header: str | None, size: int) -> Range | Unsatisfiable | None:
    """
    The one range that a Range header asks for in a file of `size` bytes.

    None means the whole file with status 200: no header, another unit, several ranges, or a malformed header, all of
    which a server may ignore. One range only, so that no header can multiply the work.

    Source: RFC 9110, sections 14.1.2 and 14.2.
    """
    if header is None or len(header) > _MOST_HEADER_CHARACTERS:
        return None
    unit, _, ranges = header.partition("=")
    specs = [spec for spec in (spec.strip(" \t") for spec in ranges.split(",")) if spec]
    if unit.strip(" \t").lower() != "bytes" or len(specs) != 1 or not (match := _SPEC.fullmatch(specs[0])):
        return None
    first, last = match.groups()
    if first:
        return _from_first(int(first), int(last) if last else None, size)
    return _from_suffix(int(last), size) if last else None


def parse_digest(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> str | None:
    """
    The SHA-256 that a client promises for the bytes it sends, as lower-case hex; None where it promises none.

    Read from `Digest: sha-256=<base64>` (RFC 3230) and from `Repr-Digest` and `Content-Digest`
    `sha-256=:<base64>:` (RFC 9530). Other algorithms beside it are ignored. Names are compared without case.

    Raises:
        ValueError: A sha-256 value that is no SHA-256, or two that differ. The sentence is fit for the client.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    found = {digest for name, value in pairs for digest in _digests_in(name.lower(), value)}
    if len(found) > 1:
        raise ValueError("The digest headers promise two different SHA-256 values.")
    return found.pop() if found else None


def _from_first(first: int, last: int | None, size: int) -> Range | Unsatisfiable | None:
    if last is not None and last < first:
        return None
    if first >= size:
        return Unsatisfiable(size)
    return Range(first, size if last is None else min(last + 1, size))


def _from_suffix(length: int, size: int) -> Range | Unsatisfiable | None:
    if length == 0:
        return Unsatisfiable(size)
    # Of an empty file any suffix is the whole, and Content-Range cannot name a range of no bytes.
    return Range(max(0, size - length), size) if size else None


def _digests_in(name: str, value: str) -> Iterator[str]:
    if name not in ("digest", "repr-digest", "content-digest"):
        return
    for member in value.split(","):
        algorithm, _, given = member.strip(" \t").partition("=")
        if algorithm.strip(" \t").lower() == _ALGORITHM:
            yield _sha256_hex(name, given.strip(" \t"))


def _sha256_hex(name: str, given: str) -> str:
    if name == "digest":
        form, encoded = "Digest: sha-256=<base64>", given
    else:
        form = f"{name.title()}: sha-256=:<base64>:"
        given = given.partition(";")[0].strip(" \t")
        encoded = given[1:-1] if len(given) > 1 and given[0] == given[-1] == ":" else ""
    try:
        digest = base64.b64decode(encoded, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != _SHA256_BYTES:
        raise ValueError(
            f"The header {name.title()} does not hold a SHA-256. Its form is `{form}`, the base64 of 32 bytes."
        )
    return digest.hex()
