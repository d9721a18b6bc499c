"""The issuers that people may sign in by, and how somebody can sign in."""

from sqlalchemy import select

from modelkeep_server.db.tables import identities, people
from modelkeep_server.db.work import Parts, Work
from modelkeep_server.features.identity.views import Actor, Identity, IssuerChoice, WaysIn


def list_issuers(work: Work) -> tuple[IssuerChoice, ...]:
    """The issuers that people may sign in by, in the order they were set up. No statement."""
    return choices_of(work.parts)


def choices_of(parts: Parts) -> tuple[IssuerChoice, ...]:
    """The same where no work is open."""
    return tuple(IssuerChoice(issuer.slug, issuer.name) for issuer in parts.issuers.values())


def get_ways_in(work: Work, actor: Actor) -> WaysIn:
    """How the actor can sign in, and by which issuers they could. Two statements."""
    by_url = {issuer.url: issuer for issuer in work.parts.issuers.values()}
    rows = work.all(
        select(identities)
        .where(identities.c.person_id == actor.user_id, identities.c.ended_at.is_(None))
        .order_by(identities.c.id)
    )
    mine = tuple(
        Identity(
            row.public_id,
            by_url[row.issuer].slug if row.issuer in by_url else None,
            by_url[row.issuer].name if row.issuer in by_url else row.issuer,
            row.linked_at,
        )
        for row in rows
    )
    connected = {identity.slug for identity in mine}
    offered = tuple(choice for choice in list_issuers(work) if choice.slug not in connected)
    hashed = work.scalar(select(people.c.passphrase_hash).where(people.c.id == actor.user_id))
    return WaysIn(hashed is not None and work.parts.local_accounts, mine, offered)
