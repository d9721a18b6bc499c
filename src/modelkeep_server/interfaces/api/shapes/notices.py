"""The JSON of what a person is told, and of how they chose to be."""

from typing import Self

from pydantic import Field

from modelkeep_server.features.inbox.views import Choice, Notice, Settings
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, PageOut, Shape

KIND = "A kind of notice: `GET /notices/settings` lists them."
IN_APP = "Whether it is shown in the pages and here."
BY_MAIL = "Whether a mail is sent as well, where the registry has a mail server."


class NoticeOut(Shape):
    """Something that a person was told."""

    id: str
    kind: str = Field(description=KIND)
    message: str = Field(description="What happened, as a sentence.")
    quote: str | None = Field(default=None, description="What was written with it, at most its first 300 characters.")
    by: str | None = Field(default=None, description="The e-mail of who did it; null where the registry reminds.")
    href: str = Field(description="The page that it is about, below the registry's address.")
    at: Moment
    read_at: Moment | None = Field(
        default=None, description="When it was read, or what it asked for was done; null until then."
    )

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """A notice as it is read."""
        return cls(
            id=notice.id, kind=notice.kind, message=notice.says, quote=notice.quote, by=notice.by, href=notice.href,
            at=notice.at, read_at=notice.read_at,
        )  # fmt: skip


class NoticesOut(PageOut[NoticeOut]):
    """A page of notices."""


class ReadOut(Shape):
    """How many notices were marked as read."""

    read: int


class ChoiceOut(Shape):
    """How a person has one kind of notice."""

    kind: str
    label: str = Field(description="What happened, in words.")
    who: str = Field(description="Who is told, in words.")
    in_app: bool = Field(description=IN_APP)
    by_mail: bool = Field(description=BY_MAIL)
    waits: bool = Field(description="It waits for the person's own decision, so it cannot be kept out of the app.")

    @classmethod
    def of(cls, choice: Choice) -> Self:
        """A choice with the kind that it is about."""
        kind = choice.kind
        return cls(
            kind=kind.id, label=kind.label, who=kind.who, in_app=choice.in_app, by_mail=choice.by_mail,
            waits=kind.waits,
        )  # fmt: skip


class NoticeSettingsOut(Shape):
    """How a person is told."""

    quiet: bool = Field(description="No mail is sent, whatever is chosen of each kind.")
    sends_mail: bool = Field(description="Whether the registry has a mail server.")
    items: list[ChoiceOut]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """All kinds, in the order of the table."""
        items = [ChoiceOut.of(choice) for choice in settings.choices]
        return cls(quiet=settings.quiet, sends_mail=settings.sends_mail, items=items)


class ChoiceIn(Input):
    """How one kind of notice is wanted."""

    kind: str = Field(description=KIND)
    in_app: bool = Field(description=IN_APP)
    by_mail: bool = Field(description=BY_MAIL)


class NoticeSettingsIn(Input):
    """What to change; kinds that are not named stay as they are."""

    quiet: bool | None = Field(default=None, description="Whether no mail is sent at all; left out, it stays.")
    items: list[ChoiceIn] = Field(default=[], max_length=100, description="How single kinds are wanted.")
