"""What the keys feature gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class KeyUse:
    """A key-encryption key: how many stored files and uploads under way it wraps. `is_newest`: it wraps what comes."""

    id: str
    created_at: datetime
    files: int
    uploads: int
    is_newest: bool


@dataclass(frozen=True)
class Escrow:
    """Somebody said that a copy of the keys is kept elsewhere. `by` is their e-mail, None for an operator."""

    fingerprint: str
    at: datetime
    by: str | None


@dataclass(frozen=True)
class KeyStanding:
    """
    The keys of this registry, without a secret. `keys` are newest first. `place` is their file, None where they were
    given as a setting, and for who may not know. `lost` counts files whose key is not held. `escrow` is that of the
    present fingerprint. `fingerprint` is None until a copy is confirmed: whoever types it has read it off the copy.
    """

    registry_id: str
    fingerprint: str | None
    is_in_file: bool
    place: str | None
    keys: Sequence[KeyUse]
    lost: int
    escrow: Escrow | None

    @property
    def waiting(self) -> int:
        """How many files and uploads are under older keys: a rotation was begun and did not end."""
        return sum(key.files + key.uploads for key in self.keys if not key.is_newest)


@dataclass(frozen=True)
class Rewrapped:
    """One step of a rotation: how many were wrapped anew, how many do not open, and where to go on."""

    done: int
    broken: int
    last_key: int
    is_last: bool
