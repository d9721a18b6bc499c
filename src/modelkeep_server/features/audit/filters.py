"""What somebody asks of the log: each filter, what is wrong with it, and what a pasted text means."""

import difflib
import re
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from modelkeep_server.db.tables import audit_people
from modelkeep_server.db.work import Work
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.events import ACTIONS, Outcome
from modelkeep_server.rules.permissions import Role

SEQUENCE_MAX = 2**63 - 1

KINDS: tuple[str, ...] = tuple(sorted({action.object_kind for action in ACTIONS.values()}))

_NUMBER = re.compile(r"#?([0-9][0-9,]*)")
_REQUEST_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}", re.IGNORECASE)
OBJECT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PSEUDONYM = re.compile(r"p_[0-9a-f]{20}")


@dataclass(frozen=True)
class EventFilter:
    """
    What somebody asks of the log; what is empty asks nothing.

    `text` is whatever people paste: an e-mail, a name, an address, a request id, an act, an event's number. `person` is
    an e-mail, a pseudonym, or a part of either's name; `action` an act, or a noun as `artifact.` or `artifact.*`;
    `object` an id, or an address and all below it; `kind` a kind of object.
    """

    text: str = ""
    person: str = ""
    action: str = ""
    object: str = ""
    kind: str = ""
    role: str = ""
    outcome: str = ""
    request_id: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


def faults_of(asked: EventFilter) -> list[FieldError]:
    """Each field that cannot be understood, by its name in an address."""
    faults = []
    if asked.action and not actions_of(asked.action):
        near = difflib.get_close_matches(asked.action, ACTIONS, 1)
        hint = f" Did you mean {near[0]}?" if near else " Write one as model.create, or a noun as artifact.*."
        faults.append(FieldError("action", f"{asked.action[:60]!r} is no act.{hint}"))
    for name, value, known in (
        ("kind", asked.kind, KINDS),
        ("role", asked.role, tuple(Role)),
        ("outcome", asked.outcome, tuple(Outcome)),
    ):
        if value and value not in known:
            faults.append(FieldError(name, f"Choose one of {', '.join(known)}."))
    if asked.request_id and not _REQUEST_ID.fullmatch(asked.request_id):
        faults.append(FieldError("requestId", "A request id is 26 letters and digits, as X-Request-Id shows it."))
    if asked.from_at and asked.to_at and asked.to_at < asked.from_at:
        faults.append(FieldError("to", "This is before the beginning. Give a later moment, or leave one of them out."))
    number = find_number(asked.text)
    if number is not None and number > SEQUENCE_MAX:
        faults.append(FieldError("q", "No event has such a number."))
    return faults


def actions_of(asked: str) -> tuple[str, ...]:
    """The acts that an act, or a noun as `artifact.` or `artifact.*`, stands for; none where there is no such act."""
    noun = asked.removesuffix("*")
    if noun.endswith("."):
        return tuple(name for name in ACTIONS if name.startswith(noun))
    return (asked,) if asked in ACTIONS else ()


def trimmed(asked: EventFilter) -> EventFilter:
    """The same without blanks around its words."""
    texts = ("text", "person", "action", "object", "kind", "role", "outcome", "request_id")
    return replace(asked, **{name: getattr(asked, name).strip() for name in texts})


def find_number(text: str) -> int | None:
    """The number of an event that a pasted text is, as `#12,345`; None where it is none."""
    number = _NUMBER.fullmatch(text)
    return int(number[1].replace(",", "")) if number else None


def meaning_of(work: Work, text: str) -> EventFilter:
    """The one filter that a pasted text stands for. A plain word is a person's where one fits, else an object's."""
    if _REQUEST_ID.fullmatch(text):
        return EventFilter(request_id=text)
    if OBJECT_ID.fullmatch(text) or "/" in text:
        return EventFilter(object=text)
    if actions_of(text):
        return EventFilter(action=text)
    if "@" in text or PSEUDONYM.fullmatch(text) or work.first(select(audit_people.c.email).where(fits_person(text))):
        return EventFilter(person=text)
    return EventFilter(object=text)


def fits_person(typed: str) -> ColumnElement[bool]:
    """Whether a person's e-mail or name holds what was typed."""
    # SQLite folds the case of ASCII alone, so that other letters are looked for as people write names.
    spelled = dict.fromkeys((typed, typed.casefold(), typed.title(), typed.upper()))
    name = audit_people.c.name
    return or_(
        audit_people.c.email_key.contains(typed.casefold(), autoescape=True),
        func.lower(name).contains(typed.casefold(), autoescape=True),
        *(name.contains(spelling, autoescape=True) for spelling in spelled),
    )
