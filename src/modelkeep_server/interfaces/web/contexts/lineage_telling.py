"""What the page that tells owners of a change is drawn from."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.lineage.impact.audience import Addressee
from modelkeep_server.features.lineage.impact.telling import MESSAGE_CHARS, TELLS_MAX, Preview
from modelkeep_server.features.notify.letters import Written
from modelkeep_server.interfaces.lineage.words import name_of, say_impact
from modelkeep_server.interfaces.web.contexts.base import FormContext
from modelkeep_server.interfaces.web.contexts.lineage_picture import href_of_lineage

#: So many of those who are told stand on the page.
_SHOWN = 100


@dataclass(frozen=True)
class TellRow:
    """Somebody who is told, as a line: of which versions, how, and whether they were told of it today."""

    one: Addressee
    is_told: bool

    @property
    def how(self) -> str:
        """How the word comes to them."""
        if self.one.owner.person_id is None:
            return "by mail"
        return "in the app and by mail, as they chose" if self.one.owner.mails else "in the app, as a member of a team"


@dataclass(frozen=True, kw_only=True)
class TellOwnersContext(FormContext):
    """GET and POST /lineage/tell?node=&back=. Its form: tell (message). `back` is the page that it was opened from."""

    template: ClassVar[str] = "lineage/tell.html"
    section: ClassVar[str] = "/lineage"
    preview: Preview
    letter: Written | None
    back: str = ""

    @property
    def node_id(self) -> str:
        """The id of what changes."""
        return self.preview.impact.node.id

    @property
    def name(self) -> str:
        """What it is called."""
        return name_of(self.preview.impact.node)

    @property
    def says(self) -> str:
        """What a change of it reaches, in numbers."""
        return say_impact(self.preview.impact)

    @property
    def back_href(self) -> str:
        """Where the page leads back to."""
        return self.back or href_of_lineage(self.node_id)

    @property
    def rows(self) -> Sequence[TellRow]:
        """Who is told, as many as a page has room for; those who were told today come last."""
        pairs = zip(self.preview.audience.addressees, self.preview.is_told, strict=True)
        return sorted((TellRow(one, is_told) for one, is_told in pairs), key=lambda row: row.is_told)[:_SHOWN]

    @property
    def more(self) -> int:
        """How many of them are not on the page."""
        return max(len(self.preview.audience.addressees) - _SHOWN, 0)

    @property
    def message_chars(self) -> int:
        """The most that a message may have."""
        return MESSAGE_CHARS

    @property
    def tells_max(self) -> int:
        """Of so many changes one tells in a day."""
        return TELLS_MAX

    @property
    def example(self) -> str:
        """The command that does the same."""
        return f"modelkeep lineage tell {shlex.quote(self.node_id)} \\\n  --message 'Recalled: train again.'"
