"""Inviting people, by one-time links that make an account or, where there is one, set a new passphrase."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.queueing import enqueue_mail
from modelkeep_server.db.tables import invitations, people, teams
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.joining import one_time_links
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.roles import overseeing
from modelkeep_server.features.identity.service_accounts.views import PREFIX
from modelkeep_server.features.identity.views import Actor, NewInvitation
from modelkeep_server.rules.emails import find_display_name, find_email_fault, strip_display_name
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound, NotPermitted, StateForbids
from modelkeep_server.rules.permissions import Role

INVITATION, RESET = "INVITATION", "RESET"
AT_ONCE_MAX = 50


def invite(work: Work, actor: Actor, *, email: str, roles: Sequence[Role]) -> NewInvitation:
    """Make a one-time link for a person, valid for 7 days. Raises Invalid and as `invite_all`."""
    access.require(work, actor, "invitation.create")
    address = strip_display_name(email)
    faults = _find_faults(work, actor, [address])
    if faults:
        raise Invalid.of([FieldError("email", faults[0][1])])
    return _invite(work, actor, [address], roles, names=_names_of([email]))[0]


def invite_all(work: Work, actor: Actor, lines: Sequence[str], roles: Sequence[Role]) -> tuple[NewInvitation, ...]:
    """
    A one-time link for each line: an e-mail, or `Name <e-mail>`. All are made, or none.

    For somebody who has an account it sets a new passphrase, and adds no role (`find_accounts` says beforehand).
    Each is sent by mail where a mail server is set up. Four statements, and three for each.

    Raises:
        Invalid: Says of each line what is wrong with it; none, or more than AT_ONCE_MAX.
    """
    return _invite(work, actor, check_all(work, actor, lines), roles, names=_names_of(lines))


def check_all(work: Work, actor: Actor, lines: Sequence[str]) -> list[str]:
    """The addresses of such lines, once each of them can be invited. Two statements. Raises as `invite_all`."""
    access.require(work, actor, "invitation.create")
    addresses = addresses_of(lines)
    if not addresses:
        raise Invalid.of([FieldError("emails", "Write at least one e-mail address, one a line.")])
    if len(addresses) > AT_ONCE_MAX:
        raise Invalid.of([FieldError("emails", f"At most {AT_ONCE_MAX} at once; these are {len(addresses)}.")])
    faults = _find_faults(work, actor, addresses)
    if faults:
        raise Invalid.of([FieldError("emails", fault) for _, fault in faults])
    return addresses


def addresses_of(lines: Sequence[str]) -> list[str]:
    """The addresses of such lines in their order, each once, without display names."""
    found: dict[str, str] = {}
    for line in lines:
        address = strip_display_name(line)
        if address:
            found.setdefault(address.casefold(), address)
    return list(found.values())


def find_accounts(work: Work, actor: Actor, lines: Sequence[str]) -> tuple[str, ...]:
    """Which of these have an account already, so that a link would renew their passphrase. One statement."""
    access.require(work, actor, "invitation.create")
    return tuple(row.email for row in _accounts(work, addresses_of(lines)).values())


def make_reset(work: Work, actor: Actor, person_id: str) -> NewInvitation:
    """
    A one-time link by which a person sets a new passphrase, valid for 7 days; their earlier links end.

    Raises:
        NotFound: There is no such person.
        StateForbids: The account is disabled, or nothing for one Admin alone.
        NotPermitted: It is the actor's own.
    """
    access.require(work, actor, "user.reset")
    person = people_queries.get_person_row(work, person_id)
    if person.id == actor.user_id:
        raise NotPermitted(
            "This is your own account.", remedy="Change your passphrase on your profile page.", rule="own_account"
        )
    if person.disabled:
        raise StateForbids(f"The account of {person.name} is disabled.", remedy="Enable it first.")
    if one_time_links.is_guarded(work, person.id):
        raise StateForbids(
            f"{person.name} {one_time_links.NOT_ALONE}.",
            remedy=one_time_links.ASK_OPERATOR,
            rule=one_time_links.GUARDED_ACCOUNT,
        )
    one_time_links.end_other_links(work, person.email)
    made = _make_link(work, RESET, person.email, (), actor.email)
    after = {"person": PersonRef(person.email), "invitation": made.id}
    access.record(work, actor, "user.reset", object_id=person.public_id, after=after)
    _send(work, made, actor.email)
    told = {"person": person.email, "by": actor.email, "at": work.now.isoformat()}
    overseeing.tell_overseers(work, "reset_made", told)
    return made


def renew_link(work: Work, actor: Actor, public_id: str) -> NewInvitation:
    """
    Another link in the place of one that was not used; the old one ends. Raises NotFound, StateForbids, Invalid.
    """
    access.require(work, actor, "invitation.create")
    row = _get_unused(work, public_id)
    faults = _find_faults(work, actor, [row.email])
    if faults:
        raise Invalid.of([FieldError("email", faults[0][1])])
    _end(work, row)
    return _invite(work, actor, [row.email], [Role(role) for role in row.roles], renews=row.public_id)[0]


def revoke_link(work: Work, actor: Actor, public_id: str) -> None:
    """Take an invitation or a reset back. Raises NotFound, StateForbids."""
    access.require(work, actor, "invitation.revoke")
    row = _get_unused(work, public_id)
    _end(work, row)
    access.record(work, actor, "invitation.revoke", object_id=row.public_id, before={"person": PersonRef(row.email)})


def invite_by_operator(work: Work, *, host: str, email: str, roles: Sequence[Role]) -> NewInvitation:
    """The same by whoever sits at the server's own command line."""
    address, by = strip_display_name(email), f"operator@{host}"
    faults = _find_faults(work, None, [address])
    if faults:
        raise Invalid.of([FieldError("email", faults[0][1])])
    kind = RESET if _accounts(work, [address]) else INVITATION
    made = _make_link(work, kind, address, () if kind == RESET else roles, by)
    recording.record_by_operator(work, "invitation.create", host=host, object_id=made.id, after=_facts(made))
    return made


def _invite(
    work: Work,
    actor: Actor,
    addresses: Sequence[str],
    roles: Sequence[Role],
    renews: str | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> tuple[NewInvitation, ...]:
    accounts = _accounts(work, addresses)
    made = []
    for address in addresses:
        account = accounts.get(address.casefold())
        kind = INVITATION if account is None else RESET
        link = _make_link(work, kind, account.email if account else address, () if account else roles, actor.email)
        if account is None:
            link = replace(link, name=names.get(address.casefold(), ""))
        after = _facts(link) | ({"renews": renews} if renews else {})
        access.record(work, actor, "invitation.create", object_id=link.id, after=after)
        _send(work, link, actor.email)
        made.append(link)
    return tuple(made)


def _names_of(lines: Sequence[str]) -> dict[str, str]:
    """By what name each line calls its address."""
    return {strip_display_name(line).casefold(): find_display_name(line) or "" for line in lines}


def _make_link(work: Work, kind: str, email: str, roles: Sequence[Role], by: str) -> NewInvitation:
    seconds = work.parts.limits.invitation_seconds
    wanted = tuple(dict.fromkeys(roles))
    secret, public_id = one_time_links.insert_link(work, kind, email, wanted, by, seconds)
    return NewInvitation(public_id, email, wanted, work.now + timedelta(seconds=seconds), secret, kind)


def _facts(made: NewInvitation) -> dict[str, Any]:
    return {"person": PersonRef(made.email), "kind": made.kind, "roles": [role.value for role in made.roles]}


def _send(work: Work, made: NewInvitation, by: str) -> None:
    facts = {
        "url": f"{work.parts.public_url}{made.path}",
        "invited_by": by,
        "roles": [role.value for role in made.roles],
        "expires_at": made.expires_at,
    }
    enqueue_mail(work, made.email, "invitation" if made.kind == INVITATION else "reset", facts)


def _accounts(work: Work, addresses: Sequence[str]) -> dict[str, Row[Any]]:
    keys = [address.casefold() for address in addresses]
    return {row.email_key: row for row in work.all(select(people).where(people.c.email_key.in_(keys)))}


def _find_faults(work: Work, actor: Actor | None, addresses: Sequence[str]) -> list[tuple[str, str]]:
    """
    Each address that cannot be invited, and the sentence that says why.

    Two statements, and one for each account under dual control.
    """
    keys = [address.casefold() for address in addresses]
    shared = {row.email_key: row.name for row in work.all(select(teams).where(teams.c.email_key.in_(keys)))}
    accounts = _accounts(work, addresses)
    faults = []
    for address in addresses:
        account, fault = accounts.get(address.casefold()), find_email_fault(address)
        if address.lower().startswith(PREFIX):
            fault = "is a program; service accounts are made on a page of their own"
        elif address.casefold() in shared:
            fault = f"is the shared address of the team {shared[address.casefold()]}; invite its members"
        elif account is not None and account.disabled:
            fault = "has an account that is disabled; an Admin enables it on the People page"
        elif account is not None and actor is not None and account.id == actor.user_id:
            fault = "is your own account; change your passphrase on your profile page"
        elif account is not None and actor is not None and one_time_links.is_guarded(work, account.id):
            fault = f"{one_time_links.NOT_ALONE}. {one_time_links.ASK_OPERATOR.rstrip('.')}"
        if fault:
            faults.append((address, f"{address[:100]!r} {fault}."))
    return faults


def _get_unused(work: Work, public_id: str) -> Row[Any]:
    row = work.first(
        select(invitations).where(invitations.c.public_id == public_id, invitations.c.kind.in_([INVITATION, RESET]))
    )
    if row is None:
        raise NotFound("There is no such invitation.")
    if row.used_at is not None:
        raise StateForbids("This link was used or taken back already.", remedy="Load the page again.")
    return row


def _end(work: Work, row: Row[Any]) -> None:
    try:
        work.change(invitations, row.id, {"used_at": work.now}, expect={"used_at": None})
    except NoSuchRow as error:
        raise StateForbids("This link was used or taken back just now.", remedy="Load the page again.") from error
