"""
What a link to a file and one to all files of a version share: how it is made, and how it is judged at each use.

The handle in the address is 256 bits of chance, stored hashed. A use is allowed only while the minter's session or
token lives, they may still download, and the link meets what the version's state asks of one by now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row, Select, Table, bindparam, select

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.downloading import rights
from modelkeep_server.features.identity import actors, secrets
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts, wording
from modelkeep_server.rules.errors import FieldError, Invalid, LinkExpired, LinkRefused
from modelkeep_server.rules.fields import DESCRIPTION_CHARS
from modelkeep_server.rules.links import LinkTerms, say_missing, terms_for

PATH_PREFIX = "/d"


@dataclass(frozen=True)
class Handle:
    """A link just made. `path` is the URL's path with the handle, shown once; `id` is what events call it."""

    id: str
    path: str = field(repr=False)
    expires_at: datetime
    purpose: str | None


def mint(
    work: Work,
    actor: Actor,
    table: Table,
    opens: Mapping[str, int],
    terms: LinkTerms,
    *,
    purpose: str | None,
    file_name: str,
) -> Handle:
    """
    Make a link for somebody who was found to be allowed one. The caller records the event.

    Args:
        table: `links` or `bundle_links`; `opens` is its column that says what the link is to.
        purpose: As told.
        file_name: What stands last in the address.
    Raises:
        Invalid: A purpose is asked and missing, or is no text.
    """
    told = _read_purpose(purpose, terms) or None
    secret = secrets.new_secret()
    public_id = ids.uuid7(clock.to_us(work.now))
    expires_at = work.now + timedelta(seconds=terms.ttl_seconds)
    work.insert(
        table,
        {
            "public_id": public_id,
            "handle_hash": secrets.hash_secret(secret),
            **opens,
            "person_id": actor.user_id,
            "session_id": actor.credential_id if actor.method == "session" else None,
            "token_id": actor.credential_id if actor.method == "token" else None,
            "purpose": told,
            "created_at": work.now,
            "expires_at": expires_at,
        },
    )
    return Handle(public_id, f"{PATH_PREFIX}/{secret}/{quote(file_name)}", expires_at, told)


def find(work: Work, table: Table, secret: str) -> Row[Any] | None:
    """The row of the link with this handle, or None. One statement."""
    return work.first(_by_hash(table), {"hash": secrets.hash_secret(secret)})


@cache
def _by_hash(table: Table) -> Select[Any]:
    return select(table).where(table.c.handle_hash == bindparam("hash"))


def get_minter(work: Work, link: Row[Any]) -> Actor:
    """Who made a link that has not expired. Raises LinkExpired; LinkRefused: their session or token has ended."""
    if link.expires_at <= work.now:
        raise LinkExpired("This download link has expired.")
    minter = actors.find_actor_by_credential(work, session_id=link.session_id, token_id=link.token_id)
    if minter is None:
        raise LinkRefused("The session or token that made this link has ended.")
    return minter


def demand_allowed(work: Work, visitor: Actor, minter: Actor, link: Row[Any], version: Version) -> None:
    """
    Go on only where whoever made a link may still download, comes with it themselves from production on, and the link
    meets what the version's state asks of one by now: made before production, it lives no longer than those made since,
    and needs a purpose as they do.

    Raises:
        NotFound: The minter no longer sees the model. LinkExpired, LinkRefused: Says what has changed.
        StateForbids: The version is on hold.
    """
    group, _, name = version.model.partition("/")
    judged = rights.judge(work, minter, model_queries.get_model(work, minter, group, name), version)
    rights.demand_not_held(version)
    if judged.refusal is not None:
        raise LinkRefused(f"Whoever made this link may no longer download. {judged.refusal}")
    if not judged.terms.alone and visitor.user_id != minter.user_id:
        raise LinkRefused(f"{version.standing}: the link opens with its maker's own session or token.")
    terms = terms_for(version.state)
    moved = f"{version.address} moved on since this link was made and {wording.say_stands(version.state)} now"
    if link.created_at + timedelta(seconds=terms.ttl_seconds) <= work.now:
        raise LinkExpired(f"{moved}, and links to it live {terms.ttl_seconds // 60} minutes.")
    if terms.needs_purpose and not link.purpose:
        raise LinkRefused(f"{moved}, and downloads from it name a purpose.")


def _read_purpose(told: str | None, terms: LinkTerms) -> str:
    purpose = (told or "").strip()
    fault = texts.find_text_fault(purpose, max_chars=DESCRIPTION_CHARS, lines=True, required=terms.needs_purpose)
    if fault:
        raise Invalid.of([FieldError("purpose", fault if purpose else say_missing(terms))])
    return purpose
