"""What people see of the file store."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FullPass:
    """A check of all files that somebody asked for and that is not done. `turn` counts the jobs it took so far."""

    since: datetime
    turn: int


@dataclass(frozen=True)
class GroupUse:
    """What the models of one group store, in bytes; the same bytes in one model count once."""

    group: str
    files: int
    size_bytes: int


@dataclass(frozen=True)
class Standing:
    """
    What is stored, in bytes of the files as they were sent. `saved_bytes` would be there besides, were every file of
    every version stored for itself. `pending`, `unknown` and `blocked` count files of versions with such a verdict, the
    last without those that somebody released.
    """

    files: int
    size_bytes: int
    saved_bytes: int
    pending: int
    unknown: int
    blocked: int
    open_uploads: int
    upload_bytes: int


@dataclass(frozen=True)
class Checks:
    """
    How far stored files were read through within `days`. `oldest_at` is None where none was, `running` where nobody
    asked for a check of all; `running_done` counts what that one has read.
    """

    days: float
    files: int
    size_bytes: int
    checked: int
    checked_bytes: int
    never: int
    oldest_at: datetime | None
    next_at: datetime | None
    running: FullPass | None
    running_done: int


@dataclass(frozen=True)
class DamagedFile:
    """A file of a version whose stored bytes are damaged. `mended_at` is None until they were sent anew."""

    id: str
    model: str
    version: str
    path: str
    found_by: str
    found_at: datetime
    mended_at: datetime | None


@dataclass(frozen=True)
class Storage:
    """
    The file store. `place` names it without secrets; `quota_bytes` is what each group may store, None for no limit.
    `damaged` counts stored files that are damaged now; `damages` tells of the last ones.
    """

    place: str
    standing: Standing
    groups: tuple[GroupUse, ...]
    quota_bytes: int | None
    checks: Checks
    damaged: int
    damages: tuple[DamagedFile, ...]
