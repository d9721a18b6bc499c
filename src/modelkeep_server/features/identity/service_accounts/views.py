"""What the rest of the house sees of service accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.rules.permissions import Scope

#: Stands before the name of a service account wherever a person is named by e-mail.
PREFIX = "service:"
#: What a service account may be for. It never decides, audits or administers. `deploy` means: it may ask for a
#: promotion, since moves to staging and production need the role SRE, which no program holds.
SCOPES = (Scope.READ, Scope.WRITE, Scope.DOWNLOAD, Scope.DEPLOY)


@dataclass(frozen=True)
class ServiceAccount:
    """
    A program that acts for itself. `sponsor` is the e-mail of the person who answers for it.

    `key` and `person_key` are inside ids, never shown: of its own row, and of the row of `people` that it is too.
    `sponsor_disabled`: the sponsor's account is, so that none of its tokens works.
    """

    key: int
    person_key: int
    sponsor_key: int
    id: str
    name: str
    purpose: str
    sponsor: str
    sponsor_name: str
    sponsor_disabled: bool
    scopes: tuple[Scope, ...]
    created_at: datetime
    ended_at: datetime | None
    revision: int

    @property
    def account(self) -> str:
        """How it is named wherever a person is: `service:NAME`."""
        return f"{PREFIX}{self.name}"


@dataclass(frozen=True)
class ServiceFilter:
    """Which service accounts: whose name or purpose holds the text, those of the asker, and those that ended."""

    text: str = ""
    mine: bool = False
    ended: bool = False


@dataclass(frozen=True)
class NewServiceAccount:
    """A service account as sent, not judged yet. `sponsor` None: whoever sends it."""

    name: str
    purpose: str
    scopes: Sequence[Scope]
    sponsor: str | None = None
