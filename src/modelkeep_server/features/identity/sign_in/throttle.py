"""
Counting tries: how often something happened in a stretch of time, kept in housekeeping so that all replicas count
together.
"""

from sqlalchemy import delete, select

from modelkeep_server.db.tables import rate_counters
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.rules.errors import TooMany

PLACE_FACTOR = 10
LINK_FACTOR = 3


def count(work: Work, key: str, *, window_seconds: int) -> int:
    """Count one more of `key` in the stretch of time that is running, and say how many that makes."""
    now = int(work.now.timestamp())
    window = now - now % window_seconds
    statement = work.upsert(rate_counters).values(key=key, window=window, count=1)
    statement = statement.on_conflict_do_update(
        index_elements=["key", "window"], set_={"count": rate_counters.c.count + 1}
    )
    work.keep(rate_counters, statement)
    work.keep(rate_counters, delete(rate_counters).where(rate_counters.c.window < now - 24 * 3600))
    return int(
        work.scalar(select(rate_counters.c.count).where(rate_counters.c.key == key, rate_counters.c.window == window))
    )


def limit(work: Work, key: str, *, tries: int, window_seconds: int) -> None:
    """Count one try. Raises TooMany, with the seconds to wait, beyond `tries` in a window."""
    if count(work, key, window_seconds=window_seconds) > tries:
        wait = window_seconds - int(work.now.timestamp()) % window_seconds
        raise TooMany(f"More than {tries} tries in {window_seconds // 60} minutes.", retry_after_seconds=max(1, wait))


def count_sign_in(work: Work, email: str) -> None:
    """
    Count one try to sign in. Raises TooMany.

    A whole company may sign in from one address, and one person be guessed at from many: both get more room than one
    person from one address.
    """
    limits = work.parts.limits
    source, person = work.circumstances.source or "nowhere", secrets.hash_secret(email.strip().casefold())
    for key, room in ((f"{source}:{person}", 1), (f"from:{source}", PLACE_FACTOR), (f"as:{person}", PLACE_FACTOR)):
        tries, seconds = limits.sign_in_tries * room, limits.sign_in_window_seconds
        limit(work, f"sign-in:{key}", tries=tries, window_seconds=seconds)


def count_link(work: Work) -> None:
    """Count one try to use a one-time link, from one address. Raises TooMany."""
    limits = work.parts.limits
    key = f"link:from:{work.circumstances.source or 'nowhere'}"
    limit(work, key, tries=limits.sign_in_tries * LINK_FACTOR, window_seconds=limits.sign_in_window_seconds)


def count_issuer(work: Work, step: str) -> None:
    """Count one step of a sign-in by an issuer, `begin` or `return`, from one address. Raises TooMany."""
    limits = work.parts.limits
    key = f"issuer:{step}:from:{work.circumstances.source or 'nowhere'}"
    limit(work, key, tries=limits.sign_in_tries * PLACE_FACTOR, window_seconds=limits.sign_in_window_seconds)
