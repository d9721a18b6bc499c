"""What the registry says of notices to the person they are for."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.rules.notices import KINDS, Kind


@dataclass(frozen=True)
class Notice:
    """
    Something that a person was told. `says` is its sentence without full stop, `quote` what was written with it.

    `href` leads to what it is about; `read_at` is None while it is unread; `by` is the e-mail of who did it, None where
    the registry itself tells.
    """

    key: int
    id: str
    kind: str
    says: str
    quote: str | None
    by: str | None
    href: str
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class Choice:
    """How a person has one kind of notice; `chosen` is false where that is the rule of rules/notices.py."""

    kind: Kind
    in_app: bool
    by_mail: bool
    chosen: bool = False


@dataclass(frozen=True)
class Settings:
    """How a person is told. `quiet`: no mail at all. `sends_mail`: the registry has a mail server."""

    quiet: bool
    choices: tuple[Choice, ...]
    sends_mail: bool


@dataclass(frozen=True)
class Wanted:
    """How a person wants one kind of notice."""

    kind: str
    in_app: bool
    by_mail: bool


def choice_of(kind: str, kept: tuple[bool, bool] | None) -> Choice:
    """How a kind is had, from what was kept of it: in the app and by mail."""
    rule = KINDS[kind]
    if kept is None:
        return Choice(rule, rule.in_app, rule.by_mail)
    return Choice(rule, kept[0], kept[1], chosen=True)
