"""People and their roles as pages."""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.audit import queries as audit
from modelkeep_server.features.audit.filters import EventFilter
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.features.identity.people import disabling
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.identity.views import Actor, NewInvitation
from modelkeep_server.features.search import queries as search
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.interfaces.query_strings import PEOPLE_FILTERS, read_people_filter
from modelkeep_server.interfaces.web.contexts.people import PeopleContext, PersonContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, read_filters, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid

router = make_router()

PAGE_ROWS = 50
EVENTS_SHOWN = 12


@router.get("/admin")
@door.reads("user.read")
def show_admin(work: Work, actor: Actor) -> Redirect:
    """Administration begins with its people."""
    access.require(work, actor, "user.read")
    return Redirect("/admin/people")


@router.get("/admin/people")
@door.reads("user.read")
def show_people(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Who is here, and who may what?"""
    values = read_filters(request.query_params, PEOPLE_FILTERS)
    found = people_queries.list_people(work, actor, read_people_filter(values), limit=PAGE_ROWS, cursor=cursor or None)
    requests = people_queries.list_role_requests(work, actor).items
    return Page.of(PeopleContext(people=found, requests=requests, cursor=cursor or None, values=values))


@router.get("/admin/people/{id}")
@door.reads("user.read")
def show_person(work: Work, actor: Actor, id: str) -> Page:
    """Who is this, what may they, and since when?"""
    return _person(work, actor, id)


@router.post("/admin/people/{id}/roles")
@door.posts("role.grant")
def grant_role(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Give a role."""
    role, reason = text_of(form, "role"), text_of(form, "reason")
    try:
        granted = granting.grant_role(work, actor, id, role, reason)
    except Invalid as error:
        values = {"role": role, "reason": reason}
        return _person(work, actor, id, values=values, errors=errors_by_field(error.errors), status=error.status)
    return Redirect(f"/admin/people/{id}?done={'granted' if granted else 'asked'}")


@router.post("/admin/people/{id}/roles/{role}/end")
@door.posts("role.end")
def end_role(work: Work, actor: Actor, id: str, role: str, form: FormData) -> Redirect:
    """Take a role away."""
    granting.end_role(work, actor, id, role, text_of(form, "reason"))
    return Redirect(f"/admin/people/{id}?done=role-ended")


@router.post("/admin/people/{id}/disable")
@door.posts("user.disable")
def disable_person(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Keep a person out at once."""
    disabling.disable_person(work, actor, id, text_of(form, "reason"))
    return Redirect(f"/admin/people/{id}?done=disabled")


@router.post("/admin/people/{id}/enable")
@door.posts("user.enable")
def enable_person(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Let a person in again."""
    disabling.enable_person(work, actor, id, text_of(form, "reason"))
    return Redirect(f"/admin/people/{id}?done=enabled")


@router.post("/admin/people/{id}/sign-out")
@door.posts("user.sign_out")
def sign_person_out(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """End a person's sessions and tokens."""
    disabling.end_credentials(work, actor, id, text_of(form, "reason"))
    return Redirect(f"/admin/people/{id}?done=ended")


@router.post("/admin/people/{id}/reset")
@door.posts("user.reset")
def reset_passphrase(work: Work, actor: Actor, id: str, form: FormData) -> Page:
    """Make a link by which a person sets a new passphrase, and show it this once."""
    return _person(work, actor, id, made=invitations.make_reset(work, actor, id))


@router.post("/admin/role-requests/{id}/confirm")
@door.posts("role.confirm")
def confirm_request(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Grant what another Admin asked for."""
    granting.confirm_request(work, actor, id)
    return Redirect("/admin/people?done=confirmed")


@router.post("/admin/role-requests/{id}/decline")
@door.posts("role.decline")
def decline_request(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Leave undone what another Admin asked for."""
    granting.decline_request(work, actor, id, text_of(form, "reason"))
    return Redirect("/admin/people?done=declined")


def _person(
    work: Work,
    actor: Actor,
    public_id: str,
    *,
    made: NewInvitation | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    person = people_queries.get_detail(work, actor, public_id)
    events = audit.list_events(work, actor, EventFilter(object=person.row.id), limit=EVENTS_SHOWN)
    owned = search.list_models(work, actor, CatalogueFilter(owner=person.row.email), limit=1)
    context = PersonContext(
        person=person,
        events=events.items,
        models=owned.total,
        is_self=person.row.key == actor.user_id,
        dual_control=work.parts.limits.dual_control,
        sends_mail=work.parts.sends_mail,
        made=made,
        values=values or {},
        errors=errors or {},
    )
    return Page.of(context, status)
