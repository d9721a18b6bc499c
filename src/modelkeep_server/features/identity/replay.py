"""
Writes that come twice: under one `Idempotency-Key` an act happens once, and the second asking gets the first answer.

The answer is kept in the transaction of the act, for 24 hours, sealed (AES-256-GCM), since it may hold a link. Only the
same person under the same roles, at the same route, is given it, where they still may do what it tells of. A request
that was refused, or that changed nothing, keeps nothing: sent again, it is judged again.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, select, update

from modelkeep_server.db import sealing
from modelkeep_server.db.tables import idempotency_answers
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import canonical
from modelkeep_server.rules.errors import FieldError, Invalid

KEPT_FOR = timedelta(hours=24)
#: A link is dead after minutes: its answer is no use for longer.
LINK_KEPT_FOR = timedelta(minutes=5)
_UNDER_WAY = 0
_PURPOSE = "idempotency"
#: No name of a header has a colon in it.
_ACTS = ":acts"


@dataclass(frozen=True)
class Attempt:
    """
    One request that may come again. `route` is its method and path; `body_digest` is over what was sent.

    `kept_for` is how long its answer is given again; `model` the group and name in its address, where it has them.
    """

    route: str
    key: str
    body_digest: str
    kept_for: timedelta = KEPT_FOR
    model: tuple[str, str] | None = None


@dataclass(frozen=True)
class Kept:
    """An answer as it left. `acts` are those that were asked for, and allowed, to make it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    acts: tuple[str, ...] = ()


def find_or_claim(work: Work, actor: Actor, attempt: Attempt) -> Kept | None:
    """
    The answer that this attempt got before, or None where this is the first; then `keep` its answer.

    A second request that comes while the first is under way waits for it. Three statements.

    Raises:
        Invalid: The key was used for another body.
    """
    work.keep(idempotency_answers, delete(idempotency_answers).where(idempotency_answers.c.expires_at <= work.now))
    name, mine = _name_of(actor, attempt), os.urandom(16)
    work.keep(
        idempotency_answers,
        work.upsert(idempotency_answers)
        .values(
            key=name, body_digest=attempt.body_digest, status=_UNDER_WAY, headers={}, answer=mine,
            expires_at=work.now + attempt.kept_for,
        )
        .on_conflict_do_nothing(),
    )  # fmt: skip
    row = work.first(select(idempotency_answers).where(idempotency_answers.c.key == name))
    if row is None or row.answer == mine:
        return None
    if row.body_digest != attempt.body_digest:
        raise Invalid.of([FieldError("Idempotency-Key", "This key was used for another request. Take a new one.")])
    try:
        body = sealing.unseal(work, _PURPOSE, row.answer, place=name)
    except sealing.SealBroken:
        return None
    headers = dict(row.headers)
    return Kept(row.status, headers, body, tuple(headers.pop(_ACTS, "").split()))


def keep(work: Work, actor: Actor, attempt: Attempt, kept: Kept) -> None:
    """Keep the answer of an attempt that was claimed in this transaction."""
    name = _name_of(actor, attempt)
    sealed = sealing.seal(work, _PURPOSE, kept.body, place=name)
    statement = update(idempotency_answers).where(idempotency_answers.c.key == name)
    headers = {**kept.headers, _ACTS: " ".join(kept.acts)}
    work.keep(idempotency_answers, statement.values(status=kept.status, headers=headers, answer=sealed))


def release(work: Work, actor: Actor, attempt: Attempt) -> None:
    """Forget an attempt whose answer is not one to be kept."""
    statement = delete(idempotency_answers).where(idempotency_answers.c.key == _name_of(actor, attempt))
    work.keep(idempotency_answers, statement)


def _name_of(actor: Actor, attempt: Attempt) -> str:
    """What the answer is kept under: the person with their rights of now, the route and the key, hashed."""
    return canonical.digest(
        {
            "actor": actor.pseudonym,
            "method": actor.method,
            "roles": sorted(actor.roles),
            "scopes": None if actor.scopes is None else sorted(actor.scopes),
            "route": attempt.route,
            "key": attempt.key,
        }
    )
