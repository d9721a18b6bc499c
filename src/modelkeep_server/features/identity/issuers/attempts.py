"""
Sign-ins on their way to an issuer and back: single-use, for ten minutes, in one browser.

What has to be kept meanwhile is sealed and stored under the hash of the `state`; the browser holds a
secret of its own in a cookie. Source: RFC 9700, 2.1 and 4.7; OpenID Connect Core 1.0, 15.5.2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from modelkeep_server.db import sealing
from modelkeep_server.db.tables import sign_in_attempts
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import secrets
from modelkeep_server.kit import canonical, clock

KEPT_FOR = timedelta(minutes=10)
_PURPOSE = "sign-in-attempts"
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Attempt:
    """
    A sign-in on its way. `purpose` is `sign-in`, `link` or `confirm`; `next` an address of ours to go on to.

    `invitation` is the secret of a one-time link that is accepted by it; `session` the inside id of the session that
    began it. `problem` is the fault for which it must be refused, a key of FAULTS.
    """

    purpose: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    began_at: datetime
    next: str = "/"
    invitation: str = field(default="", repr=False)
    session: int | None = None
    problem: str | None = None


def browser_secret(cookie: str | None) -> str:
    """What binds an attempt to a browser: the secret that its cookie holds already, else a new one."""
    return cookie if cookie is not None and _BROWSER.fullmatch(cookie) else secrets.new_secret()


def keep_attempt(work: Work, attempt: Attempt, *, state: str, browser: str, issuer: str) -> None:
    """Keep an attempt until its person comes back. Two statements."""
    facts = {
        "purpose": attempt.purpose,
        "nonce": attempt.nonce,
        "verifier": attempt.verifier,
        "beganAt": clock.to_us(attempt.began_at),
        "next": attempt.next,
        "invitation": attempt.invitation,
        "session": attempt.session,
    }
    put(work, key=f"attempt {state}", browser=browser, issuer=issuer, facts=facts, until=work.now + KEPT_FOR)


def take_attempt(work: Work, *, state: str, browser: str | None, issuer: str) -> Attempt | None:
    """
    The attempt of this state, which is thereby used up, whoever brings it. None where there is none.

    Its `problem` says where it belongs to another browser or issuer. Two statements.
    """
    # A stranger may say any state: it must not name what is kept for signing out.
    found = take(work, key=f"attempt {state}")
    if found is None:
        return None
    facts, browser_hash, began_with = found
    problem = None
    if browser is None or not secrets.is_same(browser_hash, browser):
        problem = "other_browser"
    elif began_with != issuer:
        problem = "other_issuer"
    return Attempt(
        purpose=facts["purpose"],
        nonce=facts["nonce"],
        verifier=facts["verifier"],
        began_at=clock.from_us(facts["beganAt"]),
        next=facts["next"],
        invitation=facts["invitation"],
        session=facts["session"],
        problem=problem,
    )


def put(work: Work, *, key: str, browser: str, issuer: str, facts: Mapping[str, Any], until: datetime) -> None:
    """Keep facts (JSON) under a secret, and forget what is past its time. Two statements."""
    work.keep(sign_in_attempts, delete(sign_in_attempts).where(sign_in_attempts.c.expires_at <= work.now))
    name = secrets.hash_secret(key)
    sealed = sealing.seal(work, _PURPOSE, canonical.dumps(facts).encode(), place=name)
    row = {
        "state_hash": name,
        "browser_hash": secrets.hash_secret(browser),
        "issuer": issuer,
        "facts": sealed,
        "expires_at": until,
    }
    work.keep(sign_in_attempts, work.upsert(sign_in_attempts).values(**row).on_conflict_do_nothing())


def take(work: Work, *, key: str) -> tuple[dict[str, Any], str, str] | None:
    """The facts kept under a secret, the browser's hash and the issuer's slug; gone thereby. Two statements."""
    name = secrets.hash_secret(key)
    table = sign_in_attempts
    # Of two that come at once, the second waits here and then finds nothing.
    row = work.first(select(table).where(table.c.state_hash == name, table.c.expires_at > work.now).with_for_update())
    if row is None:
        return None
    work.keep(table, delete(table).where(table.c.state_hash == name))
    try:
        opened = sealing.unseal(work, _PURPOSE, row.facts, place=name)
    except sealing.SealBroken:
        return None
    facts: dict[str, Any] = canonical.loads(opened.decode())
    return facts, row.browser_hash, row.issuer
