"""Groups and tags as pages: what is there, for whoever does not know a name yet."""

from collections.abc import Mapping

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search import browsing
from modelkeep_server.features.search.views import Browsed
from modelkeep_server.interfaces.web.contexts.browsing import BrowseContext
from modelkeep_server.interfaces.web.face import Cursor, door, make_router
from modelkeep_server.interfaces.web.forms import ask_what_can_be, read_filters
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.kit.paging import Page as Rows

router = make_router()

PAGE_ROWS = 40
FILTERS = ("q", "sort")


@router.get("/groups")
@door.reads("model.read")
def show_groups(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Which groups of models are there?"""
    return _browse(work, actor, "group", request.query_params, cursor)


@router.get("/tags")
@door.reads("model.read")
def show_tags(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Which tags do models have?"""
    return _browse(work, actor, "tag", request.query_params, cursor)


def _browse(work: Work, actor: Actor, field: str, query: Mapping[str, str], cursor: str) -> Page:
    def find(asked: Mapping[str, str]) -> Rows[Browsed]:
        sort = asked.get("sort") or "name"
        return browsing.list_values(
            work, actor, field, asked.get("q", ""), sort=sort, limit=PAGE_ROWS, cursor=cursor or None
        )

    values = read_filters(query, FILTERS)
    rows, errors = ask_what_can_be(values, find)
    asked = {name: "" if name in errors else value for name, value in values.items()}
    return Page.of(BrowseContext(field=field, rows=rows, asked=asked, cursor=cursor or None))
