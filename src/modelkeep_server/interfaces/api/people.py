"""People, their roles, and invitations."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.features.identity.people import disabling
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.people.views import OpenLink, PersonDetail, PersonRow, RoleRequest
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.identity.views import Actor, NewInvitation
from modelkeep_server.interfaces.api.face import Answer, Cursor, Limit, door, make_router
from modelkeep_server.interfaces.api.shapes.base import OptionalReasonIn, PageOut
from modelkeep_server.interfaces.api.shapes.identity import SourceOut
from modelkeep_server.interfaces.api.shapes.people import (
    EndedOut,
    InvitationIn,
    InvitationOut,
    RoleIn,
    RoleRequestOut,
    UserOut,
    UserPatch,
)
from modelkeep_server.interfaces.query_strings import read_people_filter
from modelkeep_server.rules.permissions import Role

router = make_router("people")

ACCEPTED = 202


@router.get("/users", response_model=PageOut[UserOut])
@door.reads("user.read")
def list_users(
    work: Work,
    actor: Actor,
    q: Annotated[str, Query(max_length=400, description="Part of a name or an e-mail.")] = "",
    role: Annotated[Role | None, Query(description="Only who holds this role.")] = None,
    disabled: Annotated[
        bool | None, Query(description="Only accounts that are shut, or only those that are not.")
    ] = None,
    source: Annotated[
        Literal["FIRST_START", "INVITATION", "OPERATOR", "ADMIN", "ISSUER"] | None,
        Query(description="Only who has a role from there."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[UserOut]:
    """People by e-mail, each with their roles and where those come from."""
    asked = read_people_filter(
        {
            "q": q,
            "role": role,
            "disabled": None if disabled is None else "yes" if disabled else "no",
            "source": source,
        }
    )
    page = people_queries.list_people(work, actor, asked, limit=limit, cursor=cursor)
    return PageOut[UserOut].of(page, _user)


@router.get("/users/{id}", response_model=UserOut)
@door.reads("user.read")
def show_user(work: Work, actor: Actor, id: str) -> UserOut:
    """One person."""
    return _draw(people_queries.get_detail(work, actor, id))


@router.patch("/users/{id}", response_model=UserOut)
@door.writes("user.disable")
def update_user(work: Work, actor: Actor, id: str, body: UserPatch) -> UserOut:
    """Disable an account, which ends its sessions, tokens and one-time links at once, or enable it again."""
    access.require(work, actor, "user.disable")
    if body.disabled:
        disabling.disable_person(work, actor, id, body.reason)
    else:
        disabling.enable_person(work, actor, id, body.reason)
    return _detail(work, actor, id)


@router.post("/users/{id}/roles", response_model=UserOut)
@door.writes("role.grant")
def grant_role(work: Work, actor: Actor, id: str, body: RoleIn) -> Answer:
    """Give a role: 200 and at once, or 202 where a second Admin has to confirm it. Twice changes nothing."""
    granted = granting.grant_role(work, actor, id, body.role, body.reason)
    return Answer(_detail(work, actor, id), status=200 if granted else ACCEPTED)


@router.delete("/users/{id}/roles/{role}", response_model=UserOut)
@door.writes("role.end")
def end_role(
    work: Work,
    actor: Actor,
    id: str,
    role: str,
    reason: Annotated[str | None, Query(max_length=4000, description="Why, for the record.")] = None,
) -> UserOut:
    """Take a role away that people gave. One that comes from an issuer's claims is changed at the issuer."""
    granting.end_role(work, actor, id, role, reason)
    return _detail(work, actor, id)


@router.post("/users/{id}/reset", status_code=201, response_model=InvitationOut)
@door.writes("user.reset")
def reset_user(work: Work, actor: Actor, id: str) -> Answer:
    """Make a link by which a person sets a new passphrase. Their earlier links end."""
    return _made(work, invitations.make_reset(work, actor, id))


@router.post("/users/{id}/sign-out", response_model=EndedOut)
@door.writes("user.sign_out")
def sign_user_out(work: Work, actor: Actor, id: str, body: OptionalReasonIn) -> EndedOut:
    """End all sessions and tokens of a person. They may sign in again."""
    return EndedOut.model_validate(disabling.end_credentials(work, actor, id, body.reason))


@router.get("/invitations", response_model=PageOut[InvitationOut])
@door.reads("invitation.read")
def list_invitations(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[InvitationOut]:
    """Links that nobody has used, newest first; those that ran out for 30 days more."""
    page = people_queries.list_open_links(work, actor, limit=limit, cursor=cursor)
    return PageOut[InvitationOut].of(page, _link)


@router.post("/invitations", status_code=201, response_model=InvitationOut)
@door.writes("invitation.create")
def create_invitation(work: Work, actor: Actor, body: InvitationIn) -> Answer:
    """
    Invite a person by a one-time link, valid for 7 days and sent by mail where a mail server is set up.

    For somebody who has an account it is a reset.
    """
    return _made(work, invitations.invite(work, actor, email=body.email, roles=body.roles))


@router.post("/invitations/{id}/renew", status_code=201, response_model=InvitationOut)
@door.writes("invitation.create")
def renew_invitation(work: Work, actor: Actor, id: str) -> Answer:
    """Make another link in the place of one that nobody has used; the old one ends."""
    return _made(work, invitations.renew_link(work, actor, id))


@router.delete("/invitations/{id}", status_code=204)
@door.writes("invitation.revoke")
def revoke_invitation(work: Work, actor: Actor, id: str) -> Response:
    """Take a link back that nobody has used."""
    invitations.revoke_link(work, actor, id)
    return Response(status_code=204)


@router.get("/role-requests", response_model=PageOut[RoleRequestOut])
@door.reads("user.read")
def list_role_requests(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[RoleRequestOut]:
    """Grants that wait for a second Admin, the oldest first; none unless `dual_control` is on."""
    page = people_queries.list_role_requests(work, actor, limit=limit, cursor=cursor)
    return PageOut[RoleRequestOut].of(page, _request)


@router.post("/role-requests/{id}/confirm", status_code=204)
@door.writes("role.confirm")
def confirm_role_request(work: Work, actor: Actor, id: str) -> Response:
    """Grant what another Admin asked for."""
    granting.confirm_request(work, actor, id)
    return Response(status_code=204)


@router.post("/role-requests/{id}/decline", status_code=204)
@door.writes("role.decline")
def decline_role_request(work: Work, actor: Actor, id: str, body: OptionalReasonIn) -> Response:
    """Leave undone what another Admin asked for."""
    granting.decline_request(work, actor, id, body.reason)
    return Response(status_code=204)


def _detail(work: Work, actor: Actor, public_id: str) -> UserOut:
    return _draw(people_queries.read_detail(work, actor, public_id))


def _draw(found: PersonDetail) -> UserOut:
    return _user(found.row).model_copy(update={"requested": [request.role for request in found.requests]})


def _user(row: PersonRow) -> UserOut:
    return UserOut(
        id=row.id,
        email=row.email,
        name=row.name,
        roles=[SourceOut(role=held.role, source=held.source) for held in row.roles],
        disabled=row.disabled,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


def _made(work: Work, made: NewInvitation) -> Answer:
    shape = InvitationOut(
        id=made.id, kind=made.kind, email=made.email, roles=list(made.roles), expires_at=made.expires_at,
        created_at=work.now, url=f"{work.parts.public_url}{made.path}",
    )  # fmt: skip
    return Answer(shape, status=201)


def _link(link: OpenLink) -> InvitationOut:
    return InvitationOut(
        id=link.id, kind=link.kind, email=link.email, roles=list(link.roles), expires_at=link.expires_at,
        created_at=link.created_at, by=link.by,
    )  # fmt: skip


def _request(row: RoleRequest) -> RoleRequestOut:
    return RoleRequestOut(
        id=row.id, user=row.email, role=row.role, by=row.asked_by, asked_at=row.asked_at, reason=row.reason
    )
