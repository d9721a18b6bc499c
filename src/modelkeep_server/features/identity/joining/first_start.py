"""The first start: naming a new registry, and the one-time link that makes its first Admin."""

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.ledger import PersonRef
from modelkeep_server.db.tables import invitations, registry
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.joining import one_time_links
from modelkeep_server.features.identity.people import accounts, lookups
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.features.identity.views import NewSession
from modelkeep_server.rules.errors import SignInFailed
from modelkeep_server.rules.permissions import Role


def open_registry(work: Work, registry_id: str) -> None:
    """Name a new, empty registry. Its first event."""
    work.insert(
        registry,
        {
            "id": 1,
            "registry_id": registry_id,
            "key_fingerprint": work.parts.keys.fingerprint(),
            "created_at": work.now,
        },
    )
    recording.record(
        work, "registry.create", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=registry_id
    )


def offer_first_start(work: Work) -> str | None:
    """
    Make the one-time link that makes the first Admin, ending an earlier one. None where there is an Admin already.

    Returns:
        The secret of the link: 256 bits, alive for 60 minutes, stored hashed.
    """
    if lookups.has_first_admin(work):
        return None
    earlier = work.all(
        select(invitations.c.id).where(invitations.c.kind == "FIRST_START", invitations.c.used_at.is_(None))
    )
    for row in earlier:
        work.change(invitations, row.id, {"used_at": work.now})
    secret, invitation_id = one_time_links.insert_link(
        work, "FIRST_START", None, [Role.ADMIN], recording.HOUSE, work.parts.limits.first_start_seconds
    )
    recording.record(
        work, "invitation.create", actor=recording.HOUSE, actor_kind="house", auth="host", object_id=invitation_id,
        after={"kind": "FIRST_START", "roles": [Role.ADMIN.value]},
    )  # fmt: skip
    return secret


def claim_registry(
    work: Work, *, secret: str, email: str, name: str, passphrase_hash: str, also_owner: bool
) -> NewSession:
    """
    Use the first-start link: make the first Admin, and sign them in.

    Raises:
        SignInFailed: The link is unknown, used or past its time, or there is an Admin already.
        Invalid: The e-mail or the name is not acceptable.
    """
    accounts.check_person(email, name)
    row = one_time_links.get_invitation_row(work, secret, "FIRST_START")
    if lookups.has_first_admin(work):
        raise SignInFailed(
            "This registry has its first Admin already.", remedy="Sign in, or ask an Admin to invite you."
        )
    one_time_links.use_link(work, row.id)
    roles = [Role.ADMIN, Role.MODEL_OWNER] if also_owner else [Role.ADMIN]
    person = accounts.insert_person(work, email, name, passphrase_hash, roles, source="FIRST_START", by=recording.HOUSE)
    recording.record(
        work, "registry.claim", actor=person["pseudonym"], auth="link", object_id=person["public_id"],
        after={"person": PersonRef(person["email"]), "roles": [role.value for role in roles]},
    )  # fmt: skip
    return sessions.start_session(work, person["id"], method="link")
