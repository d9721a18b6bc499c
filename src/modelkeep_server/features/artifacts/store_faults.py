"""Saying what the file store did wrong in the registry's own words, so that no interface needs to know the store."""

from collections.abc import Iterator
from contextlib import contextmanager

from modelkeep_server.features.artifacts.sealing import SealBroken
from modelkeep_server.ports import StorageError, StorageFull
from modelkeep_server.rules.errors import IntegrityBroken, Unavailable


@contextmanager
def storage_answers() -> Iterator[None]:
    """
    Run a block that reads or writes stored bytes. Raises Unavailable, or IntegrityBroken where bytes were changed.
    """
    try:
        yield
    except StorageFull as error:
        raise Unavailable("The file store is full.", retry_after_seconds=60) from error
    except StorageError as error:
        raise Unavailable("The file store does not answer.", retry_after_seconds=10) from error
    except SealBroken as error:
        raise IntegrityBroken("The stored bytes are not those that were sent.") from error
