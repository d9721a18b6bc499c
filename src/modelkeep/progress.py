"""How far a transfer is, told to whoever asked to be told."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What is being done with a file."""

    HASHING = "hashing"
    SENDING = "sending"
    RECEIVING = "receiving"
    CHECKING = "checking"


@dataclass(frozen=True)
class Progress:
    """A step of one file. `path` is its path in the version; a step that is repeated begins again at 0."""

    path: str
    step: Step
    done_bytes: int
    total_bytes: int


OnProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """For callers who do not want to be told."""
