"""The JSON of telling the owners of what a change reaches."""

from typing import Self

from pydantic import Field

from modelkeep_server.features.lineage.impact.audience import Addressee
from modelkeep_server.features.lineage.impact.telling import Preview
from modelkeep_server.features.notify.letters import Written
from modelkeep_server.interfaces.api.shapes.base import Input, Shape
from modelkeep_server.interfaces.api.shapes.lineage_graph import NodeOut

#: So many of somebody's versions are named.
VERSIONS_NAMED = 100


class TellIn(Input):
    """What to tell the owners of what a change reaches."""

    node: str = Field(
        max_length=4_000, description="The node that changes, by its id.", examples=["dataset:churn-events@2026-02"]
    )
    message: str = Field(
        description="What changes, and what to do about it; at most 1,000 characters.",
        examples=["This dataset was recalled. Train again with 2026-03."],
    )


class ToldOut(Shape):
    """How many owners were told."""

    told: int


class RecipientOut(Shape):
    """Somebody who is told, and of which of their versions."""

    email: str = Field(description="Of a person, a team, or an owner who has no account here.")
    mailed: bool = Field(description="Whether they are written to; who owns as a member of a team is told in the app.")
    told_today: bool = Field(description="You told them of it today, so they are not told again.")
    names_node: bool = Field(description="Whether they are told what changes: not where they may not see it.")
    versions: list[str] = Field(description=f"GROUP/NAME:VERSION, the first {VERSIONS_NAMED}.")
    version_count: int

    @classmethod
    def of(cls, one: Addressee, *, is_told: bool) -> Self:
        """From the feature's view."""
        return cls(
            email=one.owner.address,
            mailed=one.owner.mails,
            told_today=is_told,
            names_node=one.is_named,
            versions=[item.address for item in one.items[:VERSIONS_NAMED]],
            version_count=len(one.items),
        )


class LetterOut(Shape):
    """What is written to one of them."""

    subject: str
    text: str


class TellPreviewOut(Shape):
    """Who would be told of a change now, and what."""

    node: NodeOut
    recipients: list[RecipientOut]
    unheard: list[str] = Field(description="Versions of which nobody is told: their owners have left.")
    left: int = Field(description="Of so many nodes you can tell today, this one among them.")
    reason: str | None = Field(description="Why nobody would be told; null where somebody would.")
    letter: LetterOut | None = Field(description="What the first of those who would be told would be written.")

    @classmethod
    def of(cls, found: Preview, letter: Written | None) -> Self:
        """From the feature's view."""
        pairs = zip(found.audience.addressees, found.is_told, strict=True)
        return cls(
            node=NodeOut.of(found.impact.node),
            recipients=[RecipientOut.of(one, is_told=is_told) for one, is_told in pairs],
            unheard=[item.address for item in found.audience.silent],
            left=found.left,
            reason=found.why_not,
            letter=LetterOut(subject=letter.subject, text=letter.text) if letter else None,
        )
