"""The JSON of saved searches."""

from typing import Literal

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Input, Moment, Shape
from modelkeep_server.rules.saved_searches import NAME_CHARS, QUERY_CHARS

SortName = Literal["", "relevance", "updated", "created", "name"]
SharingName = Literal["PRIVATE", "SHARED"]

_NAME = f"What you call it, 1 to {NAME_CHARS} characters. No two of yours have the same, in any case."
_QUERY = f"What `q` of `GET /api/v1/models` takes, up to {QUERY_CHARS:,} characters. Empty: every model."
_SORT = "How results are sorted; empty: by relevance where the query holds words, else what changed last first."
_SHARING = "SHARED: everybody who signs in finds it, and each sees by it what they may see. PRIVATE: you alone."
_ALERT = "Whether you are told in the app of models that are registered from now on, match it, and that you may see."


class SearchIn(Input):
    """A search to save."""

    name: str = Field(description=_NAME, examples=["High-risk NLP"])
    query: str = Field(description=_QUERY, examples=["tag:nlp riskTier:HIGH"])
    sort: str = Field(default="", description=_SORT)
    sharing: str = Field(default="PRIVATE", description=_SHARING)
    alert: bool = Field(default=False, description=_ALERT)


class SearchPatch(Input):
    """What to change of a saved search, as a JSON Merge Patch: fields left out stay."""

    name: str | None = Field(default=None, description=_NAME)
    query: str | None = Field(default=None, description=_QUERY)
    sort: str | None = Field(default=None, description=_SORT)
    sharing: str | None = Field(default=None, description=_SHARING)


class CopyIn(Input):
    """Under which name a copy is saved."""

    name: str | None = Field(
        default=None, description="Left out: that of the search, with a number behind it where you have that already."
    )


class SearchOut(Shape):
    """A saved search. What was found by it is kept nowhere: it runs with the rights of whoever asks."""

    id: str
    name: str
    query: str = Field(description=_QUERY)
    sort: SortName = Field(description=_SORT)
    sharing: SharingName = Field(description=_SHARING)
    saved_by: str = Field(description="E-mail of whoever saved it.")
    is_mine: bool
    alert: bool = Field(description="Whether you are told by it of new models.")
    alert_since: Moment | None = Field(default=None, description="Models that were registered later are told of.")
    fault: str | None = Field(
        default=None, description="Why its query cannot be read any more; null where it can, as when it was saved."
    )
    taken_down_reason: str | None = Field(
        default=None, description="Why an Admin took it down: until one allows it, it cannot be shared. Else null."
    )
    created_at: Moment
    updated_at: Moment
    revision: int = Field(description="Counts the edits; `ETag` says the same.")
