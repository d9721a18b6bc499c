"""What the pages of one's notices, and of how one is told, are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import ClassVar

from modelkeep_server.features.inbox.views import Notice, Settings
from modelkeep_server.interfaces.web.contexts.activity import name_day
from modelkeep_server.interfaces.web.contexts.base import Context, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.notices import KEPT_DAYS

#: The icon of each kind, by what stands before its point.
ICONS: Mapping[str, str] = {
    "review": "clipboard-check",
    "version": "rocket",
    "deployment": "rotate-ccw",
    "hold": "lock",
    "finding": "triangle-alert",
    "card": "file-text",
    "comment": "message-square",
    "lineage": "workflow",
    "exception": "shield-check",
    "access": "key-round",
    "search": "search",
}


@dataclass(frozen=True)
class Day:
    """The notices of one day (UTC), the newest first. `name` is Today, Yesterday or the date."""

    name: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, kw_only=True)
class NoticesContext(Context, Walked):
    """GET /notices. `unread_only`: what was read is left out."""

    template: ClassVar[str] = "notices/list.html"
    notices: Rows[Notice]
    unread_only: bool = False
    cursor: str | None = None

    @property
    def days(self) -> tuple[Day, ...]:
        """Day by day."""
        today = datetime.now(UTC).date()
        groups = groupby(self.notices.items, key=lambda one: one.at.date())
        return tuple(Day(name_day(on, today), tuple(found)) for on, found in groups)

    @property
    def icons(self) -> Mapping[str, str]:
        """The icon of each kind."""
        return ICONS

    @property
    def kept_days(self) -> int:
        """For how long a notice is kept after it was read."""
        return KEPT_DAYS

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/notices", self.notices, {"show": "unread"} if self.unread_only else {})


@dataclass(frozen=True, kw_only=True)
class NoticeSettingsContext(Context):
    """GET /profile/notices. Controls: quiet, and `KIND.in_app` and `KIND.by_mail` for each kind."""

    template: ClassVar[str] = "notices/settings.html"
    settings: Settings
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def icons(self) -> Mapping[str, str]:
        """The icon of each kind."""
        return ICONS
