"""The digest headers of HTTP: which SHA-256 a client promises for the bytes it sends (RFC 3230, RFC 9530)."""

import base64
from collections.abc import Iterable, Iterator, Mapping

_ALGORITHM = "sha-256"
_SHA256_BYTES = 32


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
