"""What lists of activity are drawn from: on the dashboard, on their own page, on the tabs of models and versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from modelkeep_server.features.activity.views import Activity
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.kit.paging import Page as Rows

#: Files that one person sends or removes one after another are told in one line.
_FOLDED = frozenset({"artifact.upload", "artifact.remove"})
_FOLD_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Deed:
    """One line: what somebody did. `files` are the paths that it is about, the newest first."""

    activity: Activity
    files: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    """The deeds of one day (UTC), newest first. `name` is Today, Yesterday or the date."""

    on: date
    name: str
    deeds: tuple[Deed, ...]


@dataclass(frozen=True)
class Timeline:
    """A page of activity. `href` is the address of its list, `cursor` the one this page came by."""

    rows: Rows[Activity]
    href: str
    cursor: str | None = None

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """Line by line."""
        return fold(self.rows.items)

    @property
    def days(self) -> tuple[Day, ...]:
        """Day by day."""
        today = datetime.now(UTC).date()
        groups = groupby(self.deeds, key=lambda deed: deed.activity.at.date())
        return tuple(Day(on, name_day(on, today), tuple(deeds)) for on, deeds in groups)

    @property
    def first_href(self) -> str | None:
        """The newest page of this list, or None where this is it."""
        return self.href if self.cursor else None

    @property
    def next_href(self) -> str | None:
        """The page of what came before, or None on the last one."""
        return href_of(self.href, {"cursor": self.rows.next_cursor}) if self.rows.next_cursor else None


def fold(items: Iterable[Activity]) -> tuple[Deed, ...]:
    """The lines that tell these items, which come newest first."""
    deeds: list[Deed] = []
    for item in items:
        files = (item.path,) if item.path else ()
        if deeds and _belong_together(deeds[-1].activity, item):
            deeds[-1] = Deed(deeds[-1].activity, (*deeds[-1].files, *files))
        else:
            deeds.append(Deed(item, files))
    return tuple(deeds)


def _belong_together(newer: Activity, older: Activity) -> bool:
    return (
        newer.action in _FOLDED
        and (newer.action, newer.by, newer.model, newer.version) == (older.action, older.by, older.model, older.version)
        and newer.at - older.at < _FOLD_WITHIN
        and newer.at.date() == older.at.date()
    )


def name_day(on: date, today: date) -> str:
    """How people call a day: Today, Yesterday, Tuesday 24 November, and with its year where it is another."""
    if on == today:
        return "Today"
    if on == today - timedelta(days=1):
        return "Yesterday"
    words = f"{on:%A} {on.day} {on:%B}"
    return words if on.year == today.year else f"{words} {on.year}"
