"""The key of a stored file and the list of its parts, as its row has them: opened, or made so that nothing opens."""

import json

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.sealing import Part, new_dek, wrap_context
from modelkeep_server.ports import KeyNotHeld, WrapBroken, WrappedKey
from modelkeep_server.rules.errors import Unavailable


def open_file_key(work: Work, wrapped: WrappedKey, blob_id: str) -> bytes:
    """
    The 32-byte key of a stored file.

    Where the wrapped key was changed, a key is given that opens nothing: then the file is refused, and withheld, as any
    whose bytes were changed.

    Raises:
        Unavailable: The key that wrapped it is not in the ring. The file is whole, and opens once the key is back.
    """
    try:
        return unwrap_file_key(work, wrapped, blob_id)
    except WrapBroken:
        return new_dek()


def unwrap_file_key(work: Work, wrapped: WrappedKey, blob_id: str) -> bytes:
    """The same, raising WrapBroken where the wrapped key was changed."""
    try:
        return work.parts.keys.unwrap(wrapped, wrap_context(blob_id))
    except KeyNotHeld as error:
        raise Unavailable(
            f"This file is sealed under the key {wrapped.key_id}, which this server does not hold.",
            remedy="Ask an operator to put the whole key file back; the file itself is not harmed.",
        ) from error


def read_parts(text: str, size_bytes: int) -> tuple[Part, ...]:
    """
    The parts of a stored file by the text of its row.

    Where the text was changed so that it makes no parts of this size, a part is given that does not open.
    """
    try:
        parts = tuple(Part(*row) for row in json.loads(text))
        whole = all(type(value) is int and value >= 0 for part in parts for value in vars(part).values())
        if parts and whole and sum(part.plain_size for part in parts) == size_bytes:
            return parts
    except (ValueError, TypeError, RecursionError):
        pass
    return (Part(number=0, attempt=0, plain_size=size_bytes, sealed_size=0),)
