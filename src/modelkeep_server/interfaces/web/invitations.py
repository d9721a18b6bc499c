"""Inviting people, as pages: several at once, and the links that nobody has used yet."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.views import Actor, NewInvitation
from modelkeep_server.interfaces.web.contexts.people import InvitationsContext
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.permissions import Role

router = make_router()

PAGE_ROWS = 50


@router.get("/admin/invitations")
@door.reads("invitation.read")
def show_invitations(work: Work, actor: Actor, cursor: Cursor = "") -> Page:
    """Who was invited and has not come yet?"""
    return _invitations(work, actor, cursor=cursor or None)


@router.post("/admin/invitations")
@door.posts("invitation.create")
def create_invitations(work: Work, actor: Actor, form: FormData) -> Page:
    """Make a link for each line and show them this once; where somebody has an account, first say what that means."""
    typed = text_of(form, "emails")
    values: dict[str, Any] = {"emails": typed, "roles": [str(role) for role in form.getlist("roles")]}
    lines = typed.split("\n")
    accounts = invitations.find_accounts(work, actor, lines)
    unsaid = accounts if text_of(form, "resets") != "yes" else ()
    try:
        wanted = _read_roles(values["roles"])
        if unsaid:
            invitations.check_all(work, actor, lines)
            return _invitations(work, actor, values=values, accounts=accounts)
        made = invitations.invite_all(work, actor, lines, wanted)
    except Invalid as error:
        faults = tuple(fault.message for fault in error.errors if fault.field == "emails")
        errors = errors_by_field(error.errors)
        return _invitations(
            work, actor, values=values, errors=errors, faults=faults, accounts=accounts, status=error.status
        )
    return _invitations(work, actor, made=made)


@router.post("/admin/invitations/{id}/renew")
@door.posts("invitation.create")
def renew_invitation(work: Work, actor: Actor, id: str, form: FormData) -> Page:
    """Make another link in the place of one, and show it this once."""
    return _invitations(work, actor, made=(invitations.renew_link(work, actor, id),))


@router.post("/admin/invitations/{id}/revoke")
@door.posts("invitation.revoke")
def revoke_invitation(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """Take a link back."""
    invitations.revoke_link(work, actor, id)
    return Redirect("/admin/invitations?done=link-revoked")


def _read_roles(sent: list[str]) -> list[Role]:
    unknown = [role for role in sent if role not in list(Role)]
    if unknown:
        raise Invalid.of([FieldError("roles", f"Choose among {', '.join(Role)}.")])
    return [Role(role) for role in sent]


def _invitations(
    work: Work,
    actor: Actor,
    *,
    cursor: str | None = None,
    made: tuple[NewInvitation, ...] = (),
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    faults: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    status: int = 200,
) -> Page:
    context = InvitationsContext(
        links=people_queries.list_open_links(work, actor, limit=PAGE_ROWS, cursor=cursor),
        cursor=cursor,
        made=made,
        faults=faults,
        accounts=accounts,
        dual_control=work.parts.limits.dual_control,
        sends_mail=work.parts.sends_mail,
        values=values or {},
        errors=errors or {},
    )
    return Page.of(context, status)
