"""What activity lists show."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Activity:
    """
    One thing that somebody did to a model, a version or a file, as activity lists show it.

    `sequence` and `id` are those of the event. `by` is an e-mail, or `operator@HOST` or `modelkeep` for what no person
    did. `kind` is `model`, `version` or `artifact`; `version` and `path` are None where it is about no version or file.
    `changed` are the JSON names of the fields that an edit changed. `was` and `became` are what it was and
    became, where that can be told in a few words: owners (e-mails), the risk tier, what a collaborator may do,
    which kind of lineage.
    """

    sequence: int
    id: str
    at: datetime
    action: str
    by: str
    name: str | None
    kind: str
    object_id: str
    model: str
    version: str | None
    path: str | None
    changed: tuple[str, ...]
    reason: str | None
    was: tuple[str, ...] = ()
    became: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """`group/name`, `group/name:version` or `group/name:version/path`."""
        version = f":{self.version}" if self.version else ""
        return f"{self.model}{version}{f'/{self.path}' if self.path else ''}"
