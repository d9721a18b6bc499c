"""Reading service accounts. Everyone signed in sees who a program is, what it is for and who answers for it."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import people, role_grants, service_accounts
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.service_accounts.views import PREFIX, ServiceAccount, ServiceFilter
from modelkeep_server.features.identity.tokens import queries as token_queries
from modelkeep_server.features.identity.views import Actor, TokenRow
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound, NotPermitted
from modelkeep_server.rules.permissions import Role, Scope

_programs = people.alias("programs")
_sponsors = people.alias("sponsors")


def list_service_accounts(
    work: Work, actor: Actor, asked: ServiceFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[ServiceAccount]:
    """One page of the service accounts, by name. Two statements. Raises CursorRefused."""
    conditions = _conditions(actor, asked)
    filters = {"list": "services", **asdict(asked), "of": actor.user_id if asked.mine else None}
    shown, following = read_rows(
        work, _select().where(*conditions), _programs.c.email_key, service_accounts.c.id,
        filters=filters, limit=limit, cursor=cursor,
    )  # fmt: skip
    counted = select(func.count()).select_from(service_accounts)
    total = work.scalar(counted.join(_programs, _programs.c.id == service_accounts.c.person_id).where(*conditions))
    return Page(tuple(_to_account(row) for row in shown), following, total)


def get_service_account(work: Work, public_id: str) -> ServiceAccount:
    """A service account, also one that ended. Raises NotFound. One statement."""
    row = work.first(_select().where(service_accounts.c.public_id == public_id))
    if row is None:
        raise NotFound("There is no such service account.")
    return _to_account(row)


def lock_service_account(work: Work, public_id: str) -> ServiceAccount:
    """A service account that nobody else changes before this transaction ends. Raises NotFound. Three statements."""
    work.lock(service_accounts, get_service_account(work, public_id).key)
    return get_service_account(work, public_id)


def why_not_manage(actor: Actor, account: ServiceAccount) -> str | None:
    """Why somebody may not change a service account or see its tokens, or None: its sponsor and Admins may."""
    if Role.ADMIN in actor.roles or account.sponsor_key == actor.user_id:
        return None
    return f"Only its sponsor, {account.sponsor}, or an Admin may do this."


def demand_manager(actor: Actor, account: ServiceAccount) -> None:
    """Raises NotPermitted where the actor is neither the sponsor of the account nor an Admin."""
    reason = why_not_manage(actor, account)
    if reason is not None:
        raise NotPermitted(reason, remedy=f"Ask {account.sponsor}, or an Admin.")


def list_tokens_of_service(work: Work, actor: Actor, public_id: str) -> tuple[TokenRow, ...]:
    """
    The tokens of a service account that still work, newest first. Two statements.

    Raises:
        NotFound: There is no such service account.
        NotPermitted: The actor is neither its sponsor nor an Admin.
    """
    account = get_service_account(work, public_id)
    demand_manager(actor, account)
    return token_queries.list_tokens_of(work, account.person_key)


def find_sponsor(work: Work, email: str) -> tuple[int, str] | str:
    """
    The inside id and e-mail of somebody who may be a sponsor, or the end of a sentence that says why not.

    Two statements.
    """
    row = work.first(select(people).where(people.c.email_key == email.strip().casefold()))
    if row is None or row.email_key.startswith(PREFIX):
        return "has no account here. A sponsor is a person who can sign in"
    if row.disabled:
        return "has an account that is disabled"
    is_owner = select(role_grants.c.id).where(
        role_grants.c.person_id == row.id,
        role_grants.c.role == Role.MODEL_OWNER.value,
        role_grants.c.ended_at.is_(None),
    )
    if work.first(is_owner) is None:
        return "lacks the role Model Owner, which a sponsor needs"
    return row.id, row.email


def _select() -> Select[Any]:
    return (
        select(
            service_accounts,
            _programs.c.email_key,
            _sponsors.c.email.label("sponsor_email"),
            _sponsors.c.name.label("sponsor_name"),
            _sponsors.c.disabled.label("sponsor_disabled"),
        )
        .join(_programs, _programs.c.id == service_accounts.c.person_id)
        .join(_sponsors, _sponsors.c.id == service_accounts.c.sponsor_id)
    )


def _conditions(actor: Actor, asked: ServiceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if not asked.ended:
        conditions.append(service_accounts.c.ended_at.is_(None))
    if asked.mine:
        conditions.append(service_accounts.c.sponsor_id == actor.user_id)
    text = asked.text.strip()
    if text:
        named = _programs.c.email_key.contains(text.casefold().removeprefix(PREFIX), autoescape=True)
        conditions.append(or_(named, service_accounts.c.purpose.icontains(text, autoescape=True)))
    return conditions


def _to_account(row: Row[Any]) -> ServiceAccount:
    return ServiceAccount(
        key=row.id,
        person_key=row.person_id,
        sponsor_key=row.sponsor_id,
        id=row.public_id,
        name=row.name,
        purpose=row.purpose,
        sponsor=row.sponsor_email,
        sponsor_name=row.sponsor_name,
        sponsor_disabled=row.sponsor_disabled,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        ended_at=row.ended_at,
        revision=row.revision,
    )
