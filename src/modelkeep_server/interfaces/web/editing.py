"""
Forms that edit: what was typed, against what the page showed, against what is there by now.

A page carries beside each control a print of the value it showed (`base.<control>`), and the revision. So a form that
is stale keeps what was typed, follows what others changed, and says where both did.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from modelkeep_server.interfaces.web.forms import text_of

BASE = "base."
REVISION = "revision"
SHOWN_CHARS = 200


@dataclass(frozen=True)
class Edit:
    """A posted form: the controls it had with what was typed, those that were changed, and the revision it showed."""

    typed: Mapping[str, str]
    changed: frozenset[str]
    revision: int


@dataclass(frozen=True)
class Rebased:
    """A stale form on what is there now: the values to show, and what to say at the controls that others changed."""

    values: Mapping[str, str]
    notes: Mapping[str, str] = field(default_factory=dict)


def print_of(text: str) -> str:
    """A short print of a control's value: the same for the same text, however a browser or a script laid it out."""
    text = text.replace("\r\n", "\n").strip()
    if text.startswith("{"):
        try:
            text = json.dumps(json.loads(text), sort_keys=True)
        except (ValueError, RecursionError):
            pass
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True)
class Base:
    """What a page with an editing form carries: the revision it shows, and a print of each control's value."""

    revision: int
    prints: Mapping[str, str]

    @classmethod
    def of(cls, values: Mapping[str, str], controls: Iterable[str], revision: int) -> "Base":
        """The base of a page that shows these values."""
        return cls(revision, {control: print_of(values.get(control, "")) for control in controls})

    def as_sent(self, form: FormData) -> "Base":
        """The base that a posted form came with; this one's for the controls that the form did not have."""
        prints = {
            control: text_of(form, BASE + control) if BASE + control in form else shown
            for control, shown in self.prints.items()
        }
        return Base(_number(text_of(form, REVISION)), prints)

    def only(self, *controls: str) -> "Base":
        """The base of a form that has some of the controls."""
        return Base(self.revision, {control: self.prints[control] for control in controls})


def read_edit(form: FormData, controls: Iterable[str]) -> Edit:
    """What a posted form says of those controls that it has."""
    typed = {control: text_of(form, control) for control in controls if control in form}
    changed = frozenset(control for control, text in typed.items() if text_of(form, BASE + control) != print_of(text))
    return Edit(typed, changed, _number(text_of(form, REVISION)))


def rebase(edit: Edit, form: FormData, now: Mapping[str, str], told: Mapping[str, str]) -> Rebased:
    """
    The form again, on what is there now.

    Args:
        now: The present value of each control.
        told: Who changed what, by control, where that is known.
    """
    values, notes = dict(now), {}
    for control, text in edit.typed.items():
        by_others = text_of(form, BASE + control) != print_of(now.get(control, ""))
        if control in edit.changed:
            values[control] = text
        if by_others:
            notes[control] = f"{_told_of(control, told)} {_say(control, edit, now)}"
    return Rebased(values, notes)


def _number(text: str) -> int:
    """The revision of a form; 0, which none is, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _told_of(control: str, told: Mapping[str, str]) -> str:
    """What is told of a control, or of the field that it is a part of."""
    return told.get(control) or told.get(control.rpartition(".")[0]) or "Changed since."


def _say(control: str, edit: Edit, now: Mapping[str, str]) -> str:
    if control not in edit.changed:
        return "This is how it is now."
    present = now.get(control, "").strip()
    if not present:
        return "It is empty now; what you typed stands here."
    shown = present if len(present) <= SHOWN_CHARS else f"{present[:SHOWN_CHARS]}…"
    return f"It is now “{shown}”; what you typed stands here."
