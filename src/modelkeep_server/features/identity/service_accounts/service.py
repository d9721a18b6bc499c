"""
Service accounts: programs that act for themselves, under a sponsor who answers for what they do.

A service account is a row of `people` too, so that whatever names a person can name it; it has no passphrase, holds no
role and is in no team. What it may do to a model it may as a collaborator, with the scopes of its token that its
account has at that moment.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import people, service_sponsors, tokens
from modelkeep_server.db.tables import service_accounts as service_rows
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.service_accounts import queries as service_queries
from modelkeep_server.features.identity.service_accounts.views import PREFIX, SCOPES, NewServiceAccount, ServiceAccount
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, NotPermitted, StateForbids
from modelkeep_server.rules.naming import find_name_fault
from modelkeep_server.rules.permissions import Role, Scope

PURPOSE_CHARS = 500


def create_service_account(work: Work, actor: Actor, new: NewServiceAccount) -> ServiceAccount:
    """
    Make a service account. Whoever makes it is its sponsor, unless an Admin names another Model Owner.

    Raises:
        NotPermitted: The role Model Owner or Admin is missing, or a Model Owner names another sponsor.
        Invalid: Fields at fault, all of them at once.
        NameTaken: There is or was a service account of this name, ignoring case.
    """
    access.require(work, actor, "service.create")
    sponsor = (new.sponsor or actor.email).strip()
    if Role.ADMIN not in actor.roles and sponsor.casefold() != actor.email.casefold():
        raise NotPermitted("You sponsor the service accounts that you make.", remedy="Ask an Admin to name another.")
    found = service_queries.find_sponsor(work, sponsor)
    fault = find_name_fault(new.name)
    faults = [FieldError("name", fault)] if fault else []
    faults += _find_faults(new.purpose, new.scopes)
    if isinstance(found, str):
        faults.append(FieldError("sponsor", f"{sponsor[:80]!r} {found}."))
    if faults or isinstance(found, str):
        raise Invalid.of(faults)
    purpose, scopes = new.purpose.strip(), _in_order(new.scopes)
    public_id, person_key = ids.uuid7(clock.to_us(work.now)), _insert_program(work, new.name)
    key = work.insert(
        service_rows,
        {
            "public_id": public_id,
            "person_id": person_key,
            "name": new.name,
            "purpose": purpose,
            "sponsor_id": found[0],
            "scopes": scopes,
            "created_at": work.now,
            "revision": 1,
        },
    )
    work.insert(service_sponsors, {"service_account_id": key, "person_id": found[0], "since": work.now})
    access.record(
        work, actor, "service.create", object_id=public_id, object_label=f"{PREFIX}{new.name}",
        after={
            "name": new.name, "purpose": Veiled(purpose), "sponsor": PersonRef(found[1]), "scopes": scopes, REVISION: 1,
        },
    )  # fmt: skip
    return service_queries.get_service_account(work, public_id)


def update_service_account(
    work: Work, actor: Actor, public_id: str, changes: Mapping[str, Any], *, expected: Collection[int] | None
) -> ServiceAccount:
    """
    Change what a service account is for, what it may, or who answers for it.

    Scopes that are taken away are gone from its tokens too, at their next use. A former sponsor stays on record, and
    tokens made before the change go on.

    Args:
        changes: New values of `purpose`, `scopes` and `sponsor`, the e-mail of a Model Owner.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
    Raises:
        NotFound.
        NotPermitted: The actor is neither its sponsor nor an Admin, or lacks the role.
        StateForbids: It was ended.
        Stale: Somebody else changed it since; says what.
        Invalid: Fields at fault, all of them at once.
    """
    access.require(work, actor, "service.update")
    account = lock_managed(work, actor, public_id)
    demand_fresh(work, account.account, account.id, ("service.update",), expected=expected, present=account.revision)
    purpose = str(changes.get("purpose", account.purpose) or "").strip()
    scopes = tuple(changes.get("scopes", account.scopes) or ())
    sponsor = str(changes.get("sponsor", account.sponsor) or "").strip()
    faults = _find_faults(purpose, scopes)
    heir: tuple[int, str] | str = (account.sponsor_key, account.sponsor)
    if sponsor.casefold() != account.sponsor.casefold():
        heir = service_queries.find_sponsor(work, sponsor)
    if isinstance(heir, str):
        faults.append(FieldError("sponsor", f"{sponsor[:80]!r} {heir}."))
    if faults or isinstance(heir, str):
        raise Invalid.of(faults)
    return _save(work, actor, account, purpose, _in_order(scopes), heir)


def end_service_account(work: Work, actor: Actor, public_id: str, *, expected: Collection[int] | None = None) -> None:
    """
    End a service account for good: its tokens are refused from now on, and its name stays taken.

    Raises:
        NotFound, Stale.
        NotPermitted: The actor is neither its sponsor nor an Admin, or lacks the role.
        StateForbids: It was ended before.
    """
    access.require(work, actor, "service.end")
    account = lock_managed(work, actor, public_id)
    demand_fresh(work, account.account, account.id, ("service.update",), expected=expected, present=account.revision)
    working = work.all(
        select(tokens.c.id).where(tokens.c.person_id == account.person_key, tokens.c.revoked_at.is_(None))
    )
    for token in working:
        work.change(tokens, token.id, {"revoked_at": work.now})
    _end_sponsorship(work, account)
    work.change(people, account.person_key, {"disabled": True})
    values = {"ended_at": work.now, "revision": account.revision + 1}
    work.change(service_rows, account.key, values, expect={"revision": account.revision})
    access.record(
        work, actor, "service.end", object_id=account.id, object_label=account.account,
        before={REVISION: account.revision}, after={REVISION: account.revision + 1, "tokensRevoked": len(working)},
    )  # fmt: skip


def lock_managed(work: Work, actor: Actor, public_id: str) -> ServiceAccount:
    """
    A service account that works, that the actor may change, and that nobody else changes meanwhile.

    Raises:
        NotFound.
        NotPermitted: The actor is neither its sponsor nor an Admin.
        StateForbids: It was ended.
    """
    account = service_queries.lock_service_account(work, public_id)
    service_queries.demand_manager(actor, account)
    if account.ended_at is not None:
        raise StateForbids(f"{account.account} was ended.", remedy="Make another; a name is not used twice.")
    return account


def _save(
    work: Work, actor: Actor, account: ServiceAccount, purpose: str, scopes: list[str], heir: tuple[int, str]
) -> ServiceAccount:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    old_scopes = [scope.value for scope in account.scopes]
    if purpose != account.purpose:
        before["purpose"], after["purpose"] = Veiled(account.purpose), Veiled(purpose)
    if scopes != old_scopes:
        before["scopes"], after["scopes"] = old_scopes, scopes
    if heir[0] != account.sponsor_key:
        before["sponsor"], after["sponsor"] = PersonRef(account.sponsor), PersonRef(heir[1])
        _end_sponsorship(work, account)
        work.insert(service_sponsors, {"service_account_id": account.key, "person_id": heir[0], "since": work.now})
    if not after:
        return account
    work.change(
        service_rows, account.key,
        {"purpose": purpose, "scopes": scopes, "sponsor_id": heir[0], "revision": account.revision + 1},
        expect={"revision": account.revision},
    )  # fmt: skip
    access.record(
        work, actor, "service.update", object_id=account.id, object_label=account.account,
        before={REVISION: account.revision} | before, after={REVISION: account.revision + 1} | after,
    )  # fmt: skip
    return service_queries.get_service_account(work, account.id)


def _insert_program(work: Work, name: str) -> int:
    """The row of `people` that a service account is too."""
    email = f"{PREFIX}{name}"
    taken = "There is, or was, a service account of this name. A name is not used twice."
    return work.insert(
        people,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "pseudonym": work.pseudonym_of(email, name),
            "email": email,
            "email_key": email.casefold(),
            "name": name,
            "passphrase_hash": None,
            "disabled": False,
            "created_at": work.now,
        },
        taken=NameTaken(taken, errors=[FieldError("name", taken)]),
    )


def _end_sponsorship(work: Work, account: ServiceAccount) -> None:
    present = select(service_sponsors.c.id).where(
        service_sponsors.c.service_account_id == account.key, service_sponsors.c.until.is_(None)
    )
    for row in work.all(present):
        work.change(service_sponsors, row.id, {"until": work.now}, expect={"until": None})


def _find_faults(purpose: str, scopes: Sequence[Scope]) -> list[FieldError]:
    faults = []
    fault = texts.find_text_fault(purpose.strip(), max_chars=PURPOSE_CHARS, required=True)
    if fault:
        faults.append(FieldError("purpose", fault))
    beyond = [scope.value for scope in scopes if scope not in SCOPES]
    if beyond:
        never = f"A service account never reviews, audits or administers; take away: {', '.join(beyond)}."
        faults.append(FieldError("scopes", never))
    elif not scopes:
        faults.append(FieldError("scopes", "Choose at least one scope."))
    return faults


def _in_order(scopes: Sequence[Scope]) -> list[str]:
    return [scope.value for scope in SCOPES if scope in scopes]
