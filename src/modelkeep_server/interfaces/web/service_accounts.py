"""Service accounts as pages: everyone reads them; their sponsors and Admins make, change and end them."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.service_accounts import queries as service_queries
from modelkeep_server.features.identity.service_accounts import service as service_accounts
from modelkeep_server.features.identity.service_accounts.views import (
    SCOPES,
    NewServiceAccount,
    ServiceAccount,
    ServiceFilter,
)
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.interfaces.web.contexts.service_accounts import ServiceAccountContext, ServiceAccountsContext
from modelkeep_server.interfaces.web.editing import Base, FormState, read_edit, redraw
from modelkeep_server.interfaces.web.face import Cursor, Redirect, door, make_router
from modelkeep_server.interfaces.web.forms import errors_by_field, read_filters, text_of
from modelkeep_server.interfaces.web.render import Page
from modelkeep_server.rules.errors import Invalid, NameTaken, Stale
from modelkeep_server.rules.permissions import Role, Scope

router = make_router()

PAGE_ROWS = 30
FILTERS = ("q", "all", "ended")
CONTROLS = ("purpose", "sponsor", "scopes")


@router.get("/service-accounts")
@door.reads("service.read")
def show_service_accounts(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Which programs do I answer for, and which are there?"""
    return _list(work, actor, "/service-accounts", request.query_params, cursor)


@router.get("/admin/service-accounts")
@door.reads("service.read")
def administer_service_accounts(work: Work, actor: Actor, request: Request, cursor: Cursor = "") -> Page:
    """Which programs are there, and who answers for each?"""
    return _list(work, actor, "/admin/service-accounts", request.query_params, cursor)


@router.post("/service-accounts")
@door.posts("service.create")
def create_service_account(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Make one that I sponsor."""
    return _create(work, actor, "/service-accounts", form)


@router.post("/admin/service-accounts")
@door.posts("service.create")
def administer_new_service_account(work: Work, actor: Actor, form: FormData) -> Page | Redirect:
    """Make one, and say who sponsors it."""
    return _create(work, actor, "/admin/service-accounts", form)


@router.get("/service-accounts/{id}")
@door.reads("service.read")
def show_service_account(work: Work, actor: Actor, id: str) -> Page:
    """What is this program for, what may it, and who answers for it?"""
    return _show(work, actor, id)


@router.post("/service-accounts/{id}")
@door.posts("service.update")
def update_service_account(work: Work, actor: Actor, id: str, form: FormData) -> Page | Redirect:
    """Change it, or show the form again: with what is wrong, or with what others changed since."""
    # A group of ticks is one control: what is typed there is what is ticked.
    others = [(name, value) for name, value in form.multi_items() if name != "scopes"]
    form = FormData([*others, ("scopes", _say(_scopes_of(form, "scopes")))])
    edit = read_edit(form, CONTROLS)
    changes: dict[str, Any] = {control: edit.typed[control] for control in edit.changed}
    if "scopes" in changes:
        changes["scopes"] = [Scope(word) for word in edit.typed["scopes"].split(", ") if word]
    try:
        service_accounts.update_service_account(work, actor, id, changes, expected={edit.revision})
    except (Invalid, Stale) as error:
        now = _open_form(service_queries.get_service_account(work, id))
        return _show(work, actor, id, redraw(form, edit, now, error), status=error.status)
    return Redirect(f"/service-accounts/{id}?done=saved")


@router.post("/service-accounts/{id}/tokens")
@door.posts("token.create")
def create_token_of_service(work: Work, actor: Actor, id: str, form: FormData) -> Page:
    """Make a token of it and show it this once."""
    values = {name: text_of(form, name) for name in ("tokenName", "days")}
    scopes = _scopes_of(form, "tokenScopes")
    typed: dict[str, Any] = {"token_values": values, "token_scopes": tuple(scope.value for scope in scopes)}
    days = values["days"].strip()
    # No number of days that a token may live: told by the rule itself, beside whatever else is wrong.
    number = int(days) if days.isdecimal() and len(days) < 5 else 0
    try:
        token = tokens.create_token_of_service(
            work, actor, id, name=values["tokenName"], scopes=scopes, days=number
        )  # fmt: skip
    except Invalid as error:
        controls = {"name": "tokenName", "scopes": "tokenScopes"}
        told = {controls.get(name, name): message for name, message in errors_by_field(error.errors).items()}
        return _show(work, actor, id, token_errors=told, status=error.status, **typed)
    return _show(work, actor, id, new_token=token)


@router.post("/service-accounts/{id}/tokens/{token}/revoke")
@door.posts("token.revoke")
def revoke_token_of_service(work: Work, actor: Actor, id: str, token: str, form: FormData) -> Redirect:
    """End a token of it at once."""
    tokens.revoke_token_of_service(work, actor, id, token)
    return Redirect(f"/service-accounts/{id}?done=token-revoked")


@router.post("/service-accounts/{id}/end")
@door.posts("service.end")
def end_service_account(work: Work, actor: Actor, id: str, form: FormData) -> Redirect:
    """End it for good."""
    service_accounts.end_service_account(work, actor, id)
    return Redirect(f"/service-accounts/{id}?done=service-ended")


def _create(work: Work, actor: Actor, at: str, form: FormData) -> Page | Redirect:
    scopes = _scopes_of(form, "scopes")
    values: dict[str, Any] = {name: text_of(form, name) for name in ("name", "purpose", "sponsor")}
    values["scopes"] = [scope.value for scope in scopes]
    new = NewServiceAccount(values["name"].strip(), values["purpose"], scopes, values["sponsor"].strip() or None)
    try:
        account = service_accounts.create_service_account(work, actor, new)
    except (Invalid, NameTaken) as error:
        told = errors_by_field(error.errors)
        return _list(work, actor, at, {}, "", values=values, errors=told, status=error.status)
    return Redirect(f"/service-accounts/{account.id}?done=service")


def _scopes_of(form: FormData, control: str) -> list[Scope]:
    """What is ticked, of what a service account may have; whatever else was sent was no tick of the page."""
    sent = {value for value in form.getlist(control) if isinstance(value, str)}
    return [scope for scope in SCOPES if scope.value in sent]


def _say(scopes: list[Scope] | tuple[Scope, ...]) -> str:
    return ", ".join(scope.value for scope in scopes)


def _open_form(account: ServiceAccount) -> FormState:
    values = {"purpose": account.purpose, "sponsor": account.sponsor, "scopes": _say(account.scopes)}
    return FormState(values, Base.of(values, CONTROLS, account.revision))


def _list(
    work: Work,
    actor: Actor,
    at: str,
    query: Mapping[str, str],
    cursor: str,
    *,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Page:
    filters = read_filters(query, FILTERS)
    everyones = at.startswith("/admin") or filters["all"] == "yes"
    asked = ServiceFilter(filters["q"], not everyones, filters["ended"] == "yes")
    rows = service_queries.list_service_accounts(work, actor, asked, limit=PAGE_ROWS, cursor=cursor or None)
    context = ServiceAccountsContext(
        at=at,
        accounts=rows,
        names_sponsor=Role.ADMIN in actor.roles,
        filters=filters,
        cursor=cursor or None,
        values=values or {},
        errors=errors or {},
    )
    return Page.of(context, status)


def _show(
    work: Work, actor: Actor, public_id: str, state: FormState | None = None, *, status: int = 200, **more: Any
) -> Page:
    account = service_queries.get_service_account(work, public_id)
    stranger = service_queries.why_not_manage(actor, account)
    listed = () if stranger else service_queries.list_tokens_of_service(work, actor, public_id)
    context = ServiceAccountContext(
        account=account,
        refusal=stranger or access.why_not(actor, "service.update"),
        tokens=listed,
        **vars(state or _open_form(account)),
        **more,
    )
    return Page.of(context, status)
