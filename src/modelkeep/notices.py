"""What one was told, and how one is told, from Python: a part of the client."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from modelkeep.asking import Asking, given
from modelkeep.listing import Listing
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Notice(Told):
    """Something that you were told. `href` is the page it is about, below the registry's address."""

    id: str
    kind: str
    message: str
    href: str
    at: datetime
    quote: str | None = None
    by: str | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NoticeChoice(Told):
    """How you are told of one kind of thing. `waits`: it waits for your own decision, and so stays in the app."""

    kind: str
    label: str
    who: str
    in_app: bool
    by_mail: bool
    waits: bool


@dataclass(frozen=True, kw_only=True)
class NoticeSettings(Told):
    """How you are told. `quiet`: no mail at all; `sends_mail`: the registry has a mail server."""

    quiet: bool
    sends_mail: bool
    items: tuple[NoticeChoice, ...]


class Notices(Asking):
    """What others did with models that you own, review or run, and what waits for you."""

    def list_notices(self, *, unread: bool = False) -> Listing[Notice]:
        """What you were told, newest first; `unread` leaves out what you read."""
        return self._list("/notices", Notice, {"unread": "true" if unread else None})

    def mark_read(self, notice_id: str) -> Notice:
        """Mark one notice as read. Raises NotFound."""
        return read(Notice, self._transport.post(f"/notices/{quote(notice_id, safe='')}/read"))

    def mark_all_read(self) -> int:
        """Mark everything as read, and give how many notices that was."""
        return int(self._transport.post("/notices/read")["read"])

    def get_notice_settings(self) -> NoticeSettings:
        """How you are told of each kind of thing."""
        return read(NoticeSettings, self._transport.get("/notices/settings"))

    def set_notices(
        self, choices: Mapping[str, Mapping[str, bool]] | None = None, *, quiet: bool | None = None
    ) -> NoticeSettings:
        """
        Choose how you are told. Kinds that are not named stay as they are.

        Args:
            choices: By kind, `{"inApp": ..., "byMail": ...}`.
            quiet: Whether no mail is sent at all.
        Raises:
            Invalid: Names what is wrong: no such kind, or one that waits for your decision.
        """
        items = [{"kind": kind, **chosen} for kind, chosen in (choices or {}).items()]
        return read(NoticeSettings, self._transport.put("/notices/settings", given(items=items, quiet=quiet)))
