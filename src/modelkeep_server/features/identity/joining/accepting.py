"""What the holder of a one-time link may know and do: become a person, or set a new passphrase."""

from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db import recording
from modelkeep_server.db.tables import people
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.joining import one_time_links
from modelkeep_server.features.identity.joining.invitations import INVITATION, RESET
from modelkeep_server.features.identity.people import accounts, lookups
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.features.identity.views import NewSession, OpenInvitation
from modelkeep_server.rules.errors import SignInFailed
from modelkeep_server.rules.permissions import GUARDED, Role


def get_invitation(work: Work, secret: str) -> OpenInvitation:
    """What the holder of a link may know before accepting it. Four statements at most. Raises SignInFailed."""
    row = one_time_links.get_invitation_row(work, secret, INVITATION, RESET)
    is_reset = row.kind == RESET or lookups.find_person_id(work, row.email) is not None
    offered = () if is_reset else tuple(Role(role) for role in row.roles)
    return OpenInvitation(row.email, offered, row.created_by, row.expires_at, is_reset)


def accept_invitation(work: Work, *, secret: str, name: str, passphrase_hash: str) -> NewSession:
    """
    Use a link: make the person, or set a new passphrase for one who has an account, and sign them in.

    A new passphrase ends every other session of that person and adds no role. Raises SignInFailed, Invalid.
    """
    accounts.demand_local_accounts(work)
    accounts.hold_addresses(work)
    link = one_time_links.get_invitation_row(work, secret, INVITATION, RESET)
    person_id = _use(work, link)
    if person_id is None:
        person_id, after = _make_person(work, link, name, passphrase_hash)
    else:
        after = _renew_passphrase(work, person_id, passphrase_hash)
    _record(work, link, person_id, after)
    return sessions.start_session(work, person_id, method="link")


def accept_by_identity(work: Work, *, secret: str, email: str, name: str, issuer: str) -> int:
    """
    Use a link by showing an identity at an issuer (its slug) that has the link's own e-mail: make the person, or find
    the one who has an account. Their inside id.

    Raises:
        SignInFailed: Its `rule` is `invitation_of_another` where the e-mails differ, `account_disabled`, or another.
        Invalid, Conflict: The name or the e-mail cannot be a person's.
    """
    accounts.hold_addresses(work)
    link = one_time_links.get_invitation_row(work, secret, INVITATION, RESET)
    if link.email.casefold() != email.casefold():
        raise SignInFailed("The link is for another e-mail address.", rule="invitation_of_another")
    person_id = _use(work, link)
    after: dict[str, Any] = {}
    if person_id is None:
        person_id, after = _make_person(work, link, name, None)
    elif _person(work, person_id).disabled:
        raise SignInFailed("This account is disabled.", remedy="Ask an Admin.", rule="account_disabled")
    _record(work, link, person_id, {**after, "issuer": issuer})
    return person_id


def _use(work: Work, link: Row[Any]) -> int | None:
    """Use a link up; the inside id of the person who has its address, or None where one is to be made."""
    one_time_links.use_link(work, link.id)
    one_time_links.end_other_links(work, link.email)
    person_id = lookups.find_person_id(work, link.email)
    if person_id is None and link.kind == RESET:
        raise SignInFailed("The account of this link is gone.", remedy="Ask an Admin to invite you.")
    # It may have been made before the account had such a role.
    guarded = person_id is not None and one_time_links.is_guarded(work, person_id)
    if guarded and one_time_links.is_by_person(work, link.created_by):
        told = f"This account {one_time_links.NOT_ALONE}."
        raise SignInFailed(told, remedy=one_time_links.ASK_OPERATOR, rule=one_time_links.GUARDED_ACCOUNT)
    return person_id


def _record(work: Work, link: Row[Any], person_id: int, after: dict[str, Any]) -> None:
    person = _person(work, person_id)
    recording.record(
        work, "invitation.accept", actor=person.pseudonym, auth="link", object_id=person.public_id,
        after={**after, "invitation": link.public_id},
    )  # fmt: skip


def _make_person(work: Work, link: Row[Any], name: str, passphrase_hash: str | None) -> tuple[int, dict[str, Any]]:
    accounts.check_person(link.email, name)
    offered = [Role(role) for role in link.roles]
    # An operator is on the server's host, beyond what a second Admin could guard.
    inviter = lookups.find_person_id(work, link.created_by)
    asks = work.parts.limits.dual_control and inviter is not None
    guarded = [role for role in offered if asks and role in GUARDED]
    given = [role for role in offered if role not in guarded]
    made = accounts.insert_person(work, link.email, name, passphrase_hash, given, source=INVITATION, by=link.created_by)
    person = _person(work, made["id"])
    granting.ask_for_guarded(work, person, guarded, source=INVITATION, asked_by=inviter, by=link.created_by)
    for role in given:
        granting.tell_of_grant(work, person, role, source=INVITATION, by=link.created_by)
    facts: dict[str, Any] = {"roles": [role.value for role in given]}
    return made["id"], facts | ({"asked": [role.value for role in guarded]} if guarded else {})


def _renew_passphrase(work: Work, person_id: int, passphrase_hash: str) -> dict[str, Any]:
    if _person(work, person_id).disabled:
        raise SignInFailed("This account is disabled.", remedy="Ask an Admin.")
    work.change(people, person_id, {"passphrase_hash": passphrase_hash})
    return {"passphrase": "renewed", "sessions": sessions.end_all_of(work, person_id)}


def _person(work: Work, person_id: int) -> Row[Any]:
    return work.all(select(people).where(people.c.id == person_id))[0]
