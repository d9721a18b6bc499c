"""The JSON of teams."""

from pydantic import Field

from modelkeep_server.features.identity.teams.service import MEMBERS_MAX, NAME_CHARS
from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape

_NAME = f"1 to {NAME_CHARS} characters; unique, ignoring case."
_EMAIL = "The shared address, as models name it among their owners. Never a person's own."
_MEMBERS = f"E-mails of people who have an account, at most {MEMBERS_MAX}."


class TeamIn(Input):
    """A team to make."""

    name: str = Field(description=_NAME, examples=["Data Team"])
    email: str = Field(description=_EMAIL, examples=["data-team@company.com"])
    members: list[str] = Field(default=[], description=_MEMBERS, examples=[["priya@company.com"]])


class TeamPatch(Input):
    """What to change of a team, as a JSON Merge Patch: fields left out stay."""

    name: str | None = Field(default=None, description=_NAME)
    email: str | None = Field(default=None, description=_EMAIL)
    members: list[str] | None = Field(default=None, description=f"{_MEMBERS} All who are members from now on.")


class TeamOut(Shape):
    """A team: whoever is a member owns the models that name its address among their owners."""

    id: str
    name: str
    email: str
    members: list[str] = Field(description="E-mails of the members whose accounts are enabled.")
    created_at: Moment
    updated_at: Moment
    ended_at: Moment | None = None
    revision: int = Field(description="Counts the edits; `ETag` says the same.")
