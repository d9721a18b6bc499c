"""
Settling what notices ask for, in the transaction that does it: they count as read from then on, so that the bell
counts what still asks and what is news.
"""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select, update

from modelkeep_server.db.tables import notices, role_grants
from modelkeep_server.db.work import Work
from modelkeep_server.rules.permissions import Role


def settle(work: Work, kinds: Sequence[str], *, model_key: int, href: str | None = None) -> int:
    """
    Settle the unread notices of these kinds about a model, for everybody. One statement.

    Args:
        href: Only those that lead there, as they were told.
    Returns:
        How many there were.
    """
    here = [notices.c.model_id == model_key, notices.c.read_at.is_(None), notices.c.kind.in_(kinds)]
    if href is not None:
        here.append(notices.c.href == href)
    return work.keep(notices, update(notices).where(*here).values(read_at=work.now))


def settle_done(
    work: Work, kinds: Sequence[str], *, model_key: int, href: str, by: int | None, still: Sequence[Role]
) -> int:
    """
    Settle those of whoever did their part, by inside id, and of everybody who can do none any more, having none of the
    roles that are `still` asked. One statement.
    """
    asked = (
        select(role_grants.c.id)
        .where(role_grants.c.person_id == notices.c.person_id, role_grants.c.ended_at.is_(None))
        .where(role_grants.c.role.in_([role.value for role in still]))
        .exists()
    )
    here = and_(notices.c.model_id == model_key, notices.c.href == href, notices.c.read_at.is_(None))
    done = update(notices).where(here, notices.c.kind.in_(kinds), or_(notices.c.person_id == by, ~asked))
    return work.keep(notices, done.values(read_at=work.now))
