"""Changing one's own passphrase."""

from sqlalchemy import select

from modelkeep_server.db.tables import people
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.joining import one_time_links
from modelkeep_server.features.identity.people import accounts
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.features.identity.views import Actor, NewSession


def find_passphrase_hash(work: Work, actor: Actor) -> str | None:
    """The stored hash of the actor's passphrase, or None where they have none. One statement."""
    found: str | None = work.scalar(select(people.c.passphrase_hash).where(people.c.id == actor.user_id))
    return found


def change_passphrase(work: Work, actor: Actor, passphrase_hash: str) -> NewSession:
    """
    Set the actor's own passphrase, once the present one was shown. Every other session of theirs ends, and
    every one-time link into their account; the secret of this session changes.
    """
    access.require(work, actor, "passphrase.change")
    assert actor.user_id is not None
    # Whoever uses such a link at this moment takes the same rows in another order.
    accounts.hold_addresses(work)
    work.change(people, actor.user_id, {"passphrase_hash": passphrase_hash})
    one_time_links.end_other_links(work, actor.email)
    ended = sessions.end_all_of(work, actor.user_id, but=actor.credential_id)
    renewed = sessions.renew_secret(work, actor)
    public_id = work.scalar(select(people.c.public_id).where(people.c.id == actor.user_id))
    access.record(work, actor, "passphrase.change", object_id=public_id, after={"ended": {"sessions": ended}})
    return renewed
