"""Personal tokens: making and revoking one, by a person or by an operator."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import tokens
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, secrets
from modelkeep_server.features.identity.people import accounts, lookups
from modelkeep_server.features.identity.people.accounts import NAME_CHARS
from modelkeep_server.features.identity.service_accounts import queries as service_queries
from modelkeep_server.features.identity.service_accounts import service as service_accounts
from modelkeep_server.features.identity.views import Actor, NewToken, TokenRow
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound, StateForbids
from modelkeep_server.rules.permissions import DEFAULT_SCOPES, FRESH_FOR_RIGHTS, Role, Scope, scopes_of

TOKEN_DAYS = 30
TOKEN_DAYS_MAX = 90
#: A token stands for itself where a session would have to be fresh, so it is made in a session as fresh.
STRONG = frozenset({Scope.REVIEW, Scope.AUDIT, Scope.ADMIN})


def create_token(
    work: Work,
    actor: Actor,
    *,
    name: str,
    scopes: Sequence[Scope] = DEFAULT_SCOPES,
    days: int | None = None,
    device: bool = False,
) -> NewToken:
    """
    Make a personal token, shown once. At most 90 days; 24 hours at most where it has the scope `review`.

    `device`: it is for a command line that the actor let in, and showed then who they are where its scopes ask for it.

    Raises:
        Invalid: The name is empty or too long, a scope is beyond the actor's roles, or the days are out of bounds.
        ConfirmNeeded: A scope is one of STRONG, and the actor showed too long ago who they are.
    """
    access.require(work, actor, "token.create")
    days = check_new_token(actor, name, scopes, days)
    if not device:
        demand_fresh_for(actor, scopes)
    token = _insert_token(work, actor.user_id, name.strip(), scopes, days, None)
    access.record(
        work, actor, "token.create", object_id=token.row.id,
        after={"scopes": [scope.value for scope in scopes], "days": days, **({"device": True} if device else {})},
    )  # fmt: skip
    return token


def check_new_token(actor: Actor, name: str, scopes: Sequence[Scope], days: int | None) -> int:
    """How many days a token of the actor's lives: as many as asked, or as is usual. Raises Invalid."""
    days = days if days is not None else (1 if Scope.REVIEW in scopes else TOKEN_DAYS)
    errors = _find_faults(name, scopes, days)
    beyond = [scope.value for scope in scopes if scope not in scopes_of(actor.roles)]
    if beyond:
        errors.append(FieldError("scopes", f"Your roles give you no use for: {', '.join(beyond)}."))
    if errors:
        raise Invalid.of(errors)
    return days


def demand_fresh_for(actor: Actor, scopes: Sequence[Scope]) -> None:
    """Raises ConfirmNeeded where a scope is one of STRONG, and the actor showed too long ago who they are."""
    if STRONG.intersection(scopes):
        access.demand_fresh(actor, FRESH_FOR_RIGHTS, "make a token with the scope review, audit or admin")


def create_token_by_operator(work: Work, *, host: str, email: str, roles: Sequence[Role], days: int = 1) -> NewToken:
    """
    A token from the server's own command line, for scripts and tests without a browser.

    A new person is made with these roles; for a known person they limit the token and never add.
    """
    email = email.strip()
    fault = find_email_fault(email)
    if fault:
        raise Invalid.of([FieldError("email", f"{email!r} {fault}.")])
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise Invalid.of([FieldError("days", f"Between 1 and {TOKEN_DAYS_MAX} days.")])
    person_id = lookups.find_person_id(work, email)
    if person_id is None:
        person = accounts.insert_person(
            work, email, email.split("@")[0], None, roles, source="OPERATOR", by=f"operator@{host}"
        )
        person_id = person["id"]
        recording.record_by_operator(
            work, "user.create", host=host, object_id=person["public_id"],
            after={"person": PersonRef(email), "roles": [role.value for role in roles]},
        )  # fmt: skip
    # A token that may decide lives a day at most, so a longer one may not.
    scopes = [scope for scope in scopes_of(roles) if scope is not Scope.REVIEW or days == 1]
    token = _insert_token(work, person_id, f"operator@{host}", scopes, days, [role.value for role in roles])
    recording.record_by_operator(
        work, "token.create", host=host, object_id=token.row.id,
        after={"person": PersonRef(email), "roles": [role.value for role in roles], "days": days},
    )  # fmt: skip
    return token


def revoke_token(work: Work, actor: Actor, public_id: str) -> None:
    """End one of the actor's own tokens at once. Raises NotFound."""
    access.require(work, actor, "token.revoke")
    row = _find_working(work, actor.user_id, public_id)
    if row is None:
        raise NotFound("You have no such token.")
    work.change(tokens, row.id, {"revoked_at": work.now})
    access.record(work, actor, "token.revoke", object_id=public_id)


def create_token_of_service(
    work: Work,
    actor: Actor,
    account_id: str,
    *,
    name: str,
    scopes: Sequence[Scope] | None = None,
    days: int | None = None,
) -> NewToken:
    """
    Make a token of a service account, shown once. At most 90 days; all scopes of the account where none are named.

    Raises:
        NotFound: There is no such service account.
        NotPermitted: The actor is neither its sponsor nor an Admin.
        StateForbids: It was ended, or its sponsor's account is disabled.
        Invalid: The name is empty or too long, a scope is beyond the account's, or the days are out of bounds.
    """
    access.require(work, actor, "token.create")
    access.require(work, actor, "service.update")
    account = service_accounts.lock_managed(work, actor, account_id)
    if account.sponsor_disabled:
        raise StateForbids(
            f"The account of its sponsor, {account.sponsor}, is disabled, so that no token of it works.",
            remedy="Name another sponsor first.",
        )
    scopes = account.scopes if scopes is None else scopes
    days = TOKEN_DAYS if days is None else days
    errors = _find_faults(name, scopes, days)
    beyond = [scope.value for scope in scopes if scope not in account.scopes]
    if beyond:
        errors.append(FieldError("scopes", f"{account.account} does not have: {', '.join(beyond)}."))
    if errors:
        raise Invalid.of(errors)
    token = _insert_token(work, account.person_key, name.strip(), scopes, days, None)
    access.record(
        work, actor, "token.create", object_id=token.row.id,
        after={"person": PersonRef(account.account), "scopes": [scope.value for scope in scopes], "days": days},
    )  # fmt: skip
    return token


def revoke_token_of_service(work: Work, actor: Actor, account_id: str, public_id: str) -> None:
    """
    End a token of a service account at once. The sponsor needs no role for it.

    Raises:
        NotFound: There is no such service account, or it has no such token.
        NotPermitted: The actor is neither its sponsor nor an Admin.
    """
    access.require(work, actor, "token.revoke")
    account = service_queries.lock_service_account(work, account_id)
    service_queries.demand_manager(actor, account)
    row = _find_working(work, account.person_key, public_id)
    if row is None:
        raise NotFound(f"{account.account} has no such token.")
    work.change(tokens, row.id, {"revoked_at": work.now})
    access.record(work, actor, "token.revoke", object_id=public_id, after={"person": PersonRef(account.account)})


def _find_faults(name: str, scopes: Sequence[Scope], days: int) -> list[FieldError]:
    errors = []
    fault = texts.find_text_fault(name, max_chars=NAME_CHARS, required=True)
    if fault:
        errors.append(FieldError("name", f"Give it a name that you know it by. {fault}"))
    if not scopes:
        errors.append(FieldError("scopes", "Choose at least one scope."))
    longest = 1 if Scope.REVIEW in scopes else TOKEN_DAYS_MAX
    if not 1 <= days <= longest:
        errors.append(FieldError("days", f"Between 1 and {longest} days with these scopes."))
    return errors


def _find_working(work: Work, person_id: int | None, public_id: str) -> Row[Any] | None:
    return work.first(
        select(tokens.c.id).where(
            tokens.c.person_id == person_id, tokens.c.public_id == public_id, tokens.c.revoked_at.is_(None)
        )
    )


def _insert_token(
    work: Work, person_id: int | None, name: str, scopes: Sequence[Scope], days: int, roles: list[str] | None
) -> NewToken:
    secret, handle = secrets.new_token()
    row = TokenRow(
        id=ids.uuid7(clock.to_us(work.now)),
        name=name,
        scopes=tuple(dict.fromkeys(scopes)),
        created_at=work.now,
        expires_at=work.now + timedelta(days=days),
        last_used_at=None,
    )
    work.insert(
        tokens,
        {
            "public_id": row.id,
            "person_id": person_id,
            "name": name,
            "handle": handle,
            "secret_hash": secrets.hash_secret(secret),
            "scopes": [scope.value for scope in row.scopes],
            "roles": roles,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revision": 1,
        },
    )
    return NewToken(row, secret)
