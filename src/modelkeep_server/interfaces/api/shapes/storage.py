"""The JSON of the file store. Sizes are bytes of the files as they were sent."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Moment, Shape


class GroupUseOut(Shape):
    """What the models of one group store; the same bytes in one model count once."""

    group: str
    files: int
    size_bytes: int


class StandingOut(Shape):
    """What is stored."""

    files: int = Field(description="Stored files; one that several versions of a model hold counts once.")
    size_bytes: int
    saved_bytes: int = Field(description="What storing the same file once saves.")
    pending: int = Field(description="Files of versions that are not looked through yet.")
    unknown: int = Field(description="Files of versions that could not be judged.")
    blocked: int = Field(description="Files of versions that are withheld by their verdict, and nobody released.")
    open_uploads: int
    upload_bytes: int = Field(description="What arrived of open uploads so far.")


class FullPassOut(Shape):
    """A check of all files that somebody asked for."""

    since: Moment


class ChecksOut(Shape):
    """How far stored files were read through."""

    days: float = Field(description="Within so many days each file is read through (MODELKEEP_CHECK_DAYS).")
    files: int
    checked: int = Field(description="Files that were read through within that time.")
    checked_bytes: int
    never: int = Field(description="Files that were not read through since they were stored.")
    oldest_at: Moment | None = Field(default=None, description="The check that is longest ago.")
    next_at: Moment | None = Field(default=None, description="When the next job begins; null where it runs now.")
    running: FullPassOut | None = Field(default=None, description="The check of all files under way, if any.")
    running_done: int = Field(description="How many files it has read through.")


class DamagedFileOut(Shape):
    """A file whose stored bytes are not those that were sent. It cannot be downloaded until they are sent again."""

    id: str
    model: str
    version: str
    path: str
    found_by: Literal["DOWNLOAD", "CHECK", "RESTORE"]
    found_at: Moment
    mended_at: Moment | None = None


class StorageOut(Shape):
    """How the file store stands."""

    place: str = Field(description="Where files are kept, in words.")
    standing: StandingOut
    groups: list[GroupUseOut] = Field(description="Those that store most.")
    quota_bytes: int | None = Field(default=None, description="What each group may store; null for no limit.")
    checks: ChecksOut
    damaged: int = Field(description="Stored files that are damaged now.")
    damages: list[DamagedFileOut] = Field(description="Damage found last: what is not mended first.")


class CheckOut(Shape):
    """A check of all files."""

    began: bool = Field(description="False where one was under way already.")
    checks: ChecksOut
