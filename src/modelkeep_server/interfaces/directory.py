"""
What people are called, kept in this process for a minute, so that pages that know them by e-mail show one name for
each.

Views hold e-mails, which say exactly who it was. A page shows the display name, with the e-mail on hover; this is where
it comes from.
"""

import re
import time
from collections.abc import Collection, Mapping
from contextvars import ContextVar

from markupsafe import Markup, escape

KEPT_SECONDS = 60.0
KEPT_MAX = 20_000
_EMAIL = re.compile(r"[^\s@<>()\"“”,;:]+@[^\s@<>()\"“”,;:]*[^\s@<>()\"“”,;:.]")


class Directory:
    """Display names by e-mail, of those who were asked for within the last minute. Replaced entry by entry."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str | None, float]] = {}

    def learn(self, names: Mapping[str, str], asked: Collection[str] = ()) -> None:
        """Keep these; whoever was asked for and is not among them is nobody here, which is kept as well."""
        if len(self._known) >= KEPT_MAX:
            self._known.clear()
        now = time.monotonic()
        self._known |= {email: (names.get(email), now) for email in {*map(str.casefold, asked), *names}}

    def find(self, email: str) -> tuple[bool, str | None]:
        """Whether somebody is known, and their name; None for whoever has no account."""
        name, at = self._known.get(email.casefold(), (None, float("-inf")))
        return time.monotonic() - at < KEPT_SECONDS, name


class Shown:
    """The names on one page while it is drawn; `missing` are the e-mails that were shown and are not known yet."""

    def __init__(self, directory: Directory, own: Mapping[str, str]) -> None:
        self._directory = directory
        self._own = own
        self.missing: set[str] = set()

    def name(self, email: str) -> str:
        """The display name behind an e-mail; the e-mail itself where nobody here has it, or nobody knows yet."""
        own = self._own.get(email.casefold())
        if own is not None:
            return own
        is_known, name = self._directory.find(email)
        if not is_known:
            self.missing.add(email.casefold())
        return name or email


_shown: ContextVar[Shown | None] = ContextVar("shown", default=None)


def begin(shown: Shown) -> None:
    """From now on this thread draws a page with these names."""
    _shown.set(shown)


def name_of(email: str | None) -> str:
    """What a page calls somebody; any other text as it is."""
    if not email or "@" not in email:
        return email or ""
    shown = _shown.get()
    return email if shown is None else shown.name(email)


def name_with_email(email: str) -> Markup:
    """What a page calls somebody, with the e-mail on hover."""
    name = name_of(email)
    return Markup('<span title="{}">{}</span>').format(email, name) if name != email else escape(email)


def name_within(text: str) -> Markup:
    """A sentence in which e-mails of people here stand as their names, with the e-mail on hover."""
    parts: list[Markup] = []
    end = 0
    for found in _EMAIL.finditer(text):
        parts += [escape(text[end : found.start()]), name_with_email(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])
