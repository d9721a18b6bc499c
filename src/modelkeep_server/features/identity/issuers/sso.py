"""
Signing in by an issuer of OpenID Connect: whose account it is, which roles follow, and connecting the two.

An account is found by (issuer, subject) alone. An e-mail makes a new account where the issuer vouches for it, and
never opens one that is there already.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import identities, people, role_grants, sessions, teams
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, secrets
from modelkeep_server.features.identity.issuers import attempts, ways_in
from modelkeep_server.features.identity.issuers.attempts import Attempt
from modelkeep_server.features.identity.issuers.faults import FAULTS, SignInFault
from modelkeep_server.features.identity.joining import accepting
from modelkeep_server.features.identity.people import accounts, lookups
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.identity.roles.sources import issuer_of, source_of_claim
from modelkeep_server.features.identity.sign_in.sessions import confirm_session, start_session
from modelkeep_server.features.identity.views import Actor, NewSession
from modelkeep_server.kit import clock, ids
from modelkeep_server.ports import Departure, Issuer, IssuerDown, IssuerFault, Presented
from modelkeep_server.rules.claims import roles_of
from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import Conflict, NotFound, SignInFailed
from modelkeep_server.rules.events import Outcome
from modelkeep_server.rules.permissions import Role

PURPOSES = {"sign-in": "session.start", "link": "identity.link", "confirm": "session.confirm"}
#: What an issuer says of us rather than of the person.
_OUR_FAULT = frozenset({"invalid_client", "invalid_scope", "unauthorized_client", "unsupported_response_type"})


def get_issuer(issuers: Mapping[str, Issuer], slug: str) -> Issuer:
    """The issuer of this slug. Raises NotFound."""
    found = issuers.get(slug)
    if found is None:
        raise NotFound("There is no such way to sign in.", remedy="Open the sign-in page.")
    return found


async def depart(issuer: Issuer, *, state: str, callback: str, again: bool) -> Departure:
    """Where to send a person. Raises SignInFault."""
    try:
        return await issuer.door.begin(state=state, callback=callback, again=again)
    except (IssuerDown, IssuerFault) as error:
        raise _explain(issuer, error) from error


async def present(issuer: Issuer, attempt: Attempt, answer: Mapping[str, str], *, callback: str) -> Presented:
    """Whom the issuer vouches for, by what a person came back with. Raises SignInFault."""
    kept = Departure("", attempt.nonce, attempt.verifier)
    shown_since = attempt.began_at if attempt.purpose == "confirm" else None
    try:
        return await issuer.door.finish(answer, kept=kept, callback=callback, shown_since=shown_since)
    except (IssuerDown, IssuerFault) as error:
        raise _explain(issuer, error) from error


def _explain(issuer: Issuer, error: IssuerDown | IssuerFault) -> SignInFault:
    if isinstance(error, IssuerDown):
        return fault_of(issuer, "down")
    if error.fault in ("issuer_error", "token_refused"):
        if error.code == "access_denied":
            return fault_of(issuer, "access_denied")
        if error.code in ("server_error", "temporarily_unavailable"):
            return fault_of(issuer, "down")
        return fault_of(issuer, "client_refused" if error.code in _OUR_FAULT else error.fault, error.code)
    return fault_of(issuer, error.fault)


def fault_of(issuer: Issuer, fault: str, code: str | None = None) -> SignInFault:
    """A fault of a sign-in by this issuer, with its words."""
    return SignInFault(fault, at=issuer.slug, name=issuer.name, code=code)


def refuse(work: Work, actor: Actor, purpose: str, fault: SignInFault) -> None:
    """Note a sign-in, a connection or a confirmation that failed, as an event of its own."""
    action = PURPOSES[purpose]
    known = actor.is_known and action != "session.start"
    recording.record(
        work, action,
        actor=actor.pseudonym if known else "anonymous", actor_kind="person" if known else "stranger",
        auth=actor.method if known else "none", object_id=fault.at,
        outcome=Outcome.REFUSED, rule=fault.rule, after=None if fault.code is None else {"code": fault.code},
    )  # fmt: skip


def sign_in(work: Work, issuer: Issuer, presented: Presented, *, invitation: str = "") -> NewSession:
    """
    Begin a session for whom the issuer vouches for: of the account connected with them, else of a new one.

    Args:
        invitation: The secret of a one-time link that is accepted by it, or empty.
    Raises:
        SignInFault: Nobody is signed in, and nothing was changed.
    """
    person_id = _find_person(work, issuer, presented)
    if person_id is None:
        try:
            person_id = _admit(work, issuer, presented, invitation)
        except Conflict as error:
            # The e-mail was taken since it was looked for: by themselves in another tab, or by another identity.
            person_id = _find_person(work, issuer, presented)
            if person_id is None:
                raise fault_of(issuer, "account_exists") from error
    _settle_roles(work, person_id, issuer, presented)
    session = start_session(work, person_id, method=f"issuer:{issuer.slug}")
    if presented.id_token is not None:
        key = work.scalar(select(sessions.c.id).where(sessions.c.secret_hash == secrets.hash_secret(session.secret)))
        attempts.put(
            work, key=f"session {key}", browser=session.secret, issuer=issuer.slug,
            facts={"idToken": presented.id_token}, until=session.expires_at,
        )  # fmt: skip
    return session


def _find_person(work: Work, issuer: Issuer, presented: Presented) -> int | None:
    """The inside id of the person connected with an identity, whose roles nobody else settles meanwhile, or None."""
    row = _find_identity(work, issuer, presented)
    if row is None:
        return None
    work.lock(people, row.person_id)
    if row.disabled:
        raise fault_of(issuer, "account_disabled")
    return int(row.person_id)


def _admit(work: Work, issuer: Issuer, presented: Presented, invitation: str) -> int:
    """The person for an identity that is not connected yet, with the connection made."""
    email = (presented.email or "").strip()
    if find_email_fault(email):
        raise fault_of(issuer, "email_missing")
    if not presented.email_verified and not issuer.trusts_email:
        raise fault_of(issuer, "email_unverified")
    if work.first(select(teams.c.id).where(teams.c.email_key == email.casefold())) is not None:
        raise fault_of(issuer, "team_address")
    name = (presented.name or "").strip()
    if not name or len(name) > accounts.NAME_CHARS or not name.isprintable():
        name = email.partition("@")[0]
    if invitation:
        person_id = _accept(work, issuer, invitation, email, name)
    elif lookups.find_person_id(work, email) is not None:
        raise fault_of(issuer, "account_exists")
    else:
        person_id = _make_person(work, issuer, email, name)
    try:
        _connect(work, issuer, presented, person_id)
    except Conflict as error:
        raise fault_of(issuer, "identity_taken") from error
    person = _get_person(work, person_id)
    recording.record(
        work, "identity.link", actor=person.pseudonym, auth=f"issuer:{issuer.slug}", object_id=person.public_id,
        after={"issuer": issuer.slug},
    )  # fmt: skip
    return person_id


def _accept(work: Work, issuer: Issuer, invitation: str, email: str, name: str) -> int:
    """The person of a one-time link, made where they are new."""
    try:
        return accepting.accept_by_identity(work, secret=invitation, email=email, name=name, issuer=issuer.slug)
    except SignInFailed as error:
        raise fault_of(issuer, error.rule if error.rule in FAULTS else "invitation_gone") from error


def _make_person(work: Work, issuer: Issuer, email: str, name: str) -> int:
    person = accounts.insert_person(work, email, name, None, (), source="", by="")
    recording.record(
        work, "user.create", actor=recording.HOUSE, actor_kind="house", auth=f"issuer:{issuer.slug}",
        object_id=person["public_id"], after={"person": PersonRef(email), "issuer": issuer.slug},
    )  # fmt: skip
    return int(person["id"])


def _settle_roles(work: Work, person_id: int, issuer: Issuer, presented: Presented) -> None:
    """Make the roles that this issuer gives equal to what its claims say now; those from elsewhere stay as they are."""
    given = roles_of(presented.claims, issuer.rules)
    wanted = {(role.value, source_of_claim(issuer.slug, value)) for role, value in given.items()}
    person = _get_person(work, person_id)
    held = work.all(
        select(role_grants.c.id, role_grants.c.role, role_grants.c.source).where(
            role_grants.c.person_id == person_id, role_grants.c.ended_at.is_(None)
        )
    )
    ours = [row for row in held if _is_ours_or_stale(work, issuer, row.source)]
    for row in ours:
        if (row.role, row.source) not in wanted:
            work.change(role_grants, row.id, {"ended_at": work.now})
            facts = {"person": PersonRef(person.email), "role": row.role, "source": row.source}
            _record_role(work, "role.end", issuer, person.public_id, before=facts)
    for role, source in sorted(wanted - {(row.role, row.source) for row in ours}):
        granting.insert_grant(work, person_id, Role(role), source=source, by=issuer.name)
        facts = {"person": PersonRef(person.email), "role": role, "source": source}
        _record_role(work, "role.grant", issuer, person.public_id, after=facts)
        granting.tell_of_grant(work, person, Role(role), source=source, by=issuer.name)


def _is_ours_or_stale(work: Work, issuer: Issuer, source: str) -> bool:
    """Whether a grant is this issuer's, or that of one that is no longer set up here."""
    slug = issuer_of(source)
    return slug is not None and (slug == issuer.slug or slug not in work.parts.issuers)


def _record_role(work: Work, action: str, issuer: Issuer, object_id: str, **facts: Any) -> None:
    recording.record(
        work, action, actor=recording.HOUSE, actor_kind="house", auth=f"issuer:{issuer.slug}", object_id=object_id,
        **facts,
    )  # fmt: skip


def _get_person(work: Work, person_id: int | None) -> Row[Any]:
    return work.all(select(people).where(people.c.id == person_id))[0]


def link(work: Work, actor: Actor, issuer: Issuer, presented: Presented) -> None:
    """Connect the actor's account with whom the issuer vouches for. Raises SignInFault, NotPermitted, ConfirmNeeded."""
    access.require(work, actor, "identity.link")
    row = _find_identity(work, issuer, presented)
    if row is not None and row.person_id == actor.user_id:
        return _record_link(work, actor, "identity.link", issuer.slug)
    if row is not None:
        raise fault_of(issuer, "identity_taken")
    try:
        _connect(work, issuer, presented, actor.user_id or 0)
    except Conflict as error:
        raise fault_of(issuer, "identity_taken") from error
    return _record_link(work, actor, "identity.link", issuer.slug)


def unlink(work: Work, actor: Actor, public_id: str) -> None:
    """Disconnect one of the actor's identities. Raises NotFound; Conflict where no other way would be left."""
    access.require(work, actor, "identity.unlink")
    # Two at once must not take away one each.
    work.lock(people, actor.user_id or 0)
    ways = ways_in.get_ways_in(work, actor)
    found = next((identity for identity in ways.identities if identity.id == public_id), None)
    if found is None:
        raise NotFound("You have no such way to sign in.")
    if not ways.may_disconnect(found):
        raise Conflict(
            "This is your only way to sign in.", remedy="Connect another first, or ask an Admin for a one-time link."
        )
    key = work.scalar(select(identities.c.id).where(identities.c.public_id == public_id))
    work.change(identities, key, {"ended_at": work.now}, expect={"ended_at": None})
    _record_link(work, actor, "identity.unlink", found.slug or found.name)


def _record_link(work: Work, actor: Actor, action: str, slug: str) -> None:
    person = _get_person(work, actor.user_id)
    access.record(work, actor, action, object_id=person.public_id, after={"issuer": slug})


def confirm(work: Work, actor: Actor, issuer: Issuer, presented: Presented) -> NewSession:
    """
    The actor showed anew at the issuer who they are: their session counts as fresh, under a new secret.

    Raises SignInFault, StateForbids.
    """
    row = _find_identity(work, issuer, presented)
    if row is None or row.person_id != actor.user_id:
        raise fault_of(issuer, "other_person")
    return confirm_session(work, actor, method=f"issuer:{issuer.slug}")


def _find_identity(work: Work, issuer: Issuer, presented: Presented) -> Row[Any] | None:
    return work.first(
        select(identities.c.person_id, people.c.disabled)
        .join(people, people.c.id == identities.c.person_id)
        .where(
            identities.c.issuer == issuer.url,
            identities.c.subject == presented.subject,
            identities.c.ended_at.is_(None),
        )
    )


def _connect(work: Work, issuer: Issuer, presented: Presented, person_id: int) -> None:
    row = {
        "public_id": ids.uuid7(clock.to_us(work.now)),
        "person_id": person_id,
        "issuer": issuer.url,
        "subject": presented.subject,
        "linked_at": work.now,
    }
    work.insert(identities, row, taken=Conflict("This identity is connected already."))


def prepare_exit(work: Work, actor: Actor) -> tuple[str, str] | None:
    """
    The issuer's slug, and a one-time ticket for signing out there, where it began the session that asks.

    None where the session did not come from an issuer, or from one that has no signing out.
    """
    found = attempts.take(work, key=f"session {actor.credential_id}") if actor.method == "session" else None
    if found is None or found[2] not in work.parts.issuers:
        return None
    ticket = secrets.new_secret()
    until = work.now + attempts.KEPT_FOR
    attempts.put(work, key=f"exit {ticket}", browser=ticket, issuer=found[2], facts=found[0], until=until)
    return found[2], ticket


def take_exit(work: Work, ticket: str) -> str | None:
    """The ID token behind a ticket, which is thereby used up, or None."""
    found = attempts.take(work, key=f"exit {ticket}")
    return None if found is None else str(found[0]["idToken"])


async def find_exit(issuer: Issuer, id_token: str, *, back: str) -> str | None:
    """Where the issuer signs somebody out; None where it has no such place, or does not answer."""
    try:
        return await issuer.door.find_exit(id_token, back=back)
    except (IssuerDown, IssuerFault):
        return None
