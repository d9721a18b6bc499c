"""People and their roles as pages."""

from typing import Annotated

from fastapi import Query, Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, people_queries
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.query_strings import PEOPLE_FILTERS, read_people_filter
from modelkeep_server.interfaces.web.contexts.people import PeopleContext
from modelkeep_server.interfaces.web.face import Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import read_filters
from modelkeep_server.interfaces.web.render import Page

router = make_router()

PAGE_ROWS = 50


@router.get("/admin")
@door.reads("user.read")
def show_admin(work: Work, actor: Actor) -> Redirect:
    """Administration begins with its people."""
    access.require(work, actor, "user.read")
    return Redirect("/admin/people")


@router.get("/admin/people")
@door.reads("user.read")
def show_people(
    work: Work, actor: Actor, request: Request, cursor: Annotated[str, Query(max_length=1000)] = ""
) -> Page:
    """Who is here, and who may what?"""
    values = read_filters(request.query_params, PEOPLE_FILTERS)
    asked = read_people_filter(values)
    found = people_queries.list_people(work, actor, asked, limit=PAGE_ROWS, cursor=cursor or None)
    return Page.of(PeopleContext(people=found, cursor=cursor or None, values=values))
