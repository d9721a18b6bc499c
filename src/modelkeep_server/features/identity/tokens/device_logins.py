"""
A command line that asks to be let in: it shows a short code, which a signed-in person enters and allows (RFC 8628).

The token is made when the command line comes to fetch it, in one transaction, from a session that is still alive then.
Both codes are stored hashed. The short one has 34 bits, so its hash is keyed, its tries are counted, and it lives for
15 minutes.
"""

import hashlib
import hmac
import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update

from modelkeep_server.db.tables import device_logins
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, actors, secrets
from modelkeep_server.features.identity.sign_in import throttle
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor, NewToken
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, RegistryError, StateForbids
from modelkeep_server.rules.permissions import DEFAULT_SCOPES, Scope

LIFE_SECONDS = 900
INTERVAL_SECONDS = 5
#: A network that is slower one time than the next must not make an obedient client look hasty.
EARLY_SECONDS = 1
NAME_CHARS = 80
#: RFC 8628, section 6.1: no vowels, so that no word comes of it, and nothing that looks like something else.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LETTERS = 8
_KEPT_AFTER = timedelta(hours=1)
_NAMELESS = "A command line without a name"


class DeviceStatus(StrEnum):
    """What was said to a command line so far."""

    WAITING = "WAITING"
    ALLOWED = "ALLOWED"
    DENIED = "DENIED"


class Outcome(StrEnum):
    """What a command line is told when it comes to fetch its token."""

    GIVEN = "GIVEN"
    PENDING = "PENDING"
    TOO_FAST = "TOO_FAST"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class NewDeviceLogin:
    """Both codes, at the one moment when they can be told. `user_code` is `XXXX-XXXX`."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class AskingDevice:
    """
    What a person is shown of a command line that asks. `name` is what it says of itself, so anybody's word.

    `source` is the address it came from; `is_same_place`: this person's browser comes from there too.
    """

    user_code: str
    name: str
    source: str | None
    is_same_place: bool
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Polled:
    """What came of fetching. `token` is there where it was given."""

    outcome: Outcome
    token: NewToken | None = None


def start(work: Work, *, name: str = "", scopes: Sequence[Scope] = DEFAULT_SCOPES) -> NewDeviceLogin:
    """
    Note that a command line asks to be let in. Anybody may.

    Raises:
        Invalid: The name is no name, or no scope is asked for.
        TooMany: One address asks too often.
    """
    limits = work.parts.limits
    throttle.limit(
        work, f"device:from:{work.circumstances.source or 'nowhere'}",
        tries=limits.sign_in_tries * throttle.LINK_FACTOR, window_seconds=limits.sign_in_window_seconds,
    )  # fmt: skip
    errors = []
    if fault := texts.find_text_fault(name, max_chars=NAME_CHARS):
        errors.append(FieldError("clientName", fault))
    if not scopes:
        errors.append(FieldError("scopes", "Ask for at least one scope."))
    if errors:
        raise Invalid.of(errors)
    work.keep(device_logins, delete(device_logins).where(device_logins.c.expires_at < work.now - _KEPT_AFTER))
    device_code = secrets.new_secret()
    expires_at = work.now + timedelta(seconds=LIFE_SECONDS)
    row = {
        "device_hash": secrets.hash_secret(device_code),
        "name": name.strip() or _NAMELESS,
        "scopes": [scope.value for scope in Scope if scope in scopes],
        "source": work.circumstances.source,
        "created_at": work.now,
        "expires_at": expires_at,
        "status": DeviceStatus.WAITING,
    }
    while True:
        user_code = "".join(chance.choice(ALPHABET) for _ in range(CODE_LETTERS))
        values = {**row, "user_code": _hash_user_code(work, user_code)}
        if work.keep(device_logins, work.upsert(device_logins).values(**values).on_conflict_do_nothing()):
            return NewDeviceLogin(device_code, _spell(user_code), expires_at)


def count_try(work: Work, actor: Actor) -> None:
    """Count one code that a person entered. Raises TooMany."""
    limits = work.parts.limits
    tries, seconds = limits.sign_in_tries, limits.sign_in_window_seconds
    throttle.limit(work, f"device:as:{actor.pseudonym}", tries=tries, window_seconds=seconds)
    where = work.circumstances.source or "nowhere"
    throttle.limit(work, f"device:at:{where}", tries=tries * throttle.PLACE_FACTOR, window_seconds=seconds)


def get_asking(work: Work, actor: Actor, user_code: str) -> AskingDevice:
    """
    The command line that shows this code. One statement. Raises Invalid where none waits with it.

    Whoever asks counts the try first, in a transaction of its own.
    """
    access.require(work, actor, "token.create")
    row = _get_waiting(work, user_code)
    return AskingDevice(
        user_code=_spell(_letters_of(user_code)),
        name=row.name,
        source=row.source,
        is_same_place=row.source is not None and row.source == work.circumstances.source,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def allow(work: Work, actor: Actor, user_code: str, *, scopes: Sequence[Scope], days: int | None = None) -> None:
    """
    Let a command line in with these of the scopes it asked for. It gets its token when it comes to fetch it.

    Raises:
        Invalid: None waits with this code, a scope was not asked for or is beyond the roles, or the days are wrong.
        ConfirmNeeded: A scope is of those that need a session as fresh as for changing rights.
        StateForbids: It was answered meanwhile.
    """
    access.require(work, actor, "token.create")
    row = _get_waiting(work, user_code)
    beyond = [scope.value for scope in scopes if scope.value not in row.scopes]
    if beyond:
        raise Invalid.of([FieldError("scopes", f"It did not ask for: {', '.join(beyond)}.")])
    lives = tokens.check_new_token(actor, row.name, scopes, days)
    tokens.demand_fresh_for(actor, scopes)
    values = {
        "status": DeviceStatus.ALLOWED, "session_id": actor.credential_id, "days": lives,
        "scopes": [scope.value for scope in scopes],
    }  # fmt: skip
    _answer(work, row, values)


def deny(work: Work, actor: Actor, user_code: str) -> None:
    """Turn a command line away. Raises Invalid where none waits with this code, StateForbids."""
    access.require(work, actor, "token.create")
    _answer(work, _get_waiting(work, user_code), {"status": DeviceStatus.DENIED})


def poll(work: Work, device_code: str) -> Polled:
    """
    Fetch the token, once. What was said before is kept however this ends, so it raises only TooMany, for guesses.

    The token is made here, as the person whose session allowed it: with the rights they have now.
    """
    row = work.first(select(device_logins).where(device_logins.c.device_hash == secrets.hash_secret(device_code)))
    if row is None:
        limits = work.parts.limits
        throttle.limit(
            work, f"device:guess:{work.circumstances.source or 'nowhere'}",
            tries=limits.sign_in_tries * throttle.LINK_FACTOR, window_seconds=limits.sign_in_window_seconds,
        )  # fmt: skip
        return Polled(Outcome.EXPIRED)
    if row.expires_at <= work.now:
        return Polled(Outcome.EXPIRED)
    this = device_logins.c.device_hash == row.device_hash
    work.keep(device_logins, update(device_logins).where(this).values(polled_at=work.now))
    if row.polled_at is not None and (work.now - row.polled_at).total_seconds() < INTERVAL_SECONDS - EARLY_SECONDS:
        return Polled(Outcome.TOO_FAST)
    if row.status == DeviceStatus.WAITING:
        return Polled(Outcome.PENDING)
    # Of two that fetch at once, one takes the row away and the other finds none.
    if not work.keep(device_logins, delete(device_logins).where(this, device_logins.c.status == row.status)):
        return Polled(Outcome.EXPIRED)
    if row.status == DeviceStatus.DENIED:
        return Polled(Outcome.DENIED)
    return _give(work, row)


def _give(work: Work, row: Row[Any]) -> Polled:
    actor = actors.find_actor_by_credential(work, session_id=row.session_id, token_id=None)
    if actor is None:
        return Polled(Outcome.DENIED)
    scopes = [Scope(scope) for scope in row.scopes]
    try:
        token = tokens.create_token(work, actor, name=row.name, scopes=scopes, days=row.days, device=True)
    except RegistryError:
        # The person lost a role since; nothing was written.
        return Polled(Outcome.DENIED)
    return Polled(Outcome.GIVEN, token)


def _answer(work: Work, row: Row[Any], values: dict[str, Any]) -> None:
    waits = (device_logins.c.device_hash == row.device_hash, device_logins.c.status == DeviceStatus.WAITING)
    if not work.keep(device_logins, update(device_logins).where(*waits).values(values)):
        raise StateForbids("This code was answered already.", remedy="Start again in the terminal.")


def _get_waiting(work: Work, user_code: str) -> Row[Any]:
    letters = _letters_of(user_code)
    row = None
    if len(letters) == CODE_LETTERS:
        row = work.first(
            select(device_logins).where(
                device_logins.c.user_code == _hash_user_code(work, letters),
                device_logins.c.status == DeviceStatus.WAITING,
                device_logins.c.expires_at > work.now,
            )
        )
    if row is None:
        raise Invalid.of(
            [FieldError("code", "No terminal waits with this code. Check the letters; it lives for 15 minutes.")]
        )
    return row


def _letters_of(user_code: str) -> str:
    """A code without what people add to it or change about it. RFC 8628, section 6.1."""
    return "".join(letter for letter in user_code[:100].upper() if letter in ALPHABET)


def _spell(letters: str) -> str:
    return f"{letters[:4]}-{letters[4:]}"


def _hash_user_code(work: Work, letters: str) -> str:
    return hmac.new(work.parts.keys.derive("device-codes"), letters.encode(), hashlib.sha256).hexdigest()
