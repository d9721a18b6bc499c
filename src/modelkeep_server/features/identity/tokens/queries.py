"""Reading the tokens of a person or a program."""

from datetime import timedelta

from sqlalchemy import select

from modelkeep_server.db.tables import token_activity, tokens
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor, TokenRow
from modelkeep_server.rules.permissions import Scope


def list_tokens(work: Work, actor: Actor) -> tuple[TokenRow, ...]:
    """The actor's own tokens that still work, newest first. One statement."""
    return list_tokens_of(work, actor.user_id)


def list_tokens_of(work: Work, person_id: int | None) -> tuple[TokenRow, ...]:
    """The tokens of a person or program that still work, newest first. One statement."""
    rows = work.all(
        select(tokens, token_activity.c.last_used_at)
        .outerjoin(token_activity, token_activity.c.token_id == tokens.c.id)
        .where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None), tokens.c.expires_at > work.now)
        .order_by(tokens.c.id.desc())
    )
    return tuple(
        TokenRow(
            row.public_id,
            row.name,
            tuple(Scope(scope) for scope in row.scopes),
            row.created_at,
            row.expires_at,
            row.last_used_at,
        )
        for row in rows
    )


def list_expiring_tokens(work: Work, actor: Actor, *, days: int) -> tuple[TokenRow, ...]:
    """
    The actor's own tokens that end within so many days, the first to end first. One statement.

    A token that was made for a shorter time than that is left out: whoever made it knows.
    """
    span = timedelta(days=days)
    return tuple(
        row
        for row in sorted(list_tokens(work, actor), key=lambda row: row.expires_at)
        if row.expires_at - work.now <= span < row.expires_at - row.created_at
    )
