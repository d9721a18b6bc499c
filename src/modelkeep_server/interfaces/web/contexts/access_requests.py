"""What the pages of requests for access are drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.models.views import AccessRequest, Model
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True, kw_only=True)
class AccessRequestsContext(Context, Walked):
    """
    GET /access-requests. `waiting` is what this person decides, oldest first; `mine` what they asked; `others` what
    else they may know of, newest first. `cursor` is the one that the page of `others` came by.

    `failed_id` is the request whose form was just sent and could not be taken; `problem` says why.
    """

    template: ClassVar[str] = "access_requests/list.html"
    waiting: tuple[AccessRequest, ...]
    mine: Rows[AccessRequest]
    others: Rows[AccessRequest]
    cursor: str | None = None
    failed_id: str = ""
    problem: str = ""

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/access-requests", self.others)


@dataclass(frozen=True, kw_only=True)
class AskContext(FormContext):
    """GET and POST /access-requests/new. Controls: model and version (hidden), purpose, days."""

    template: ClassVar[str] = "access_requests/new.html"
    model: Model
    version: str | None = None
    may_download: bool = False
    asked: AccessRequest | None = None
