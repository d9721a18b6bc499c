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

from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.rules.errors import RegistryError, Stale

BASE = "base."
REVISION = "revision"
SHOWN_CHARS = 200


@dataclass(frozen=True)
class Edit:
    """A posted form: the controls it had with what was typed, those that were changed, and the revision it showed."""

    typed: Mapping[str, str]
    changed: frozenset[str]
    revision: int


def print_of(text: str, *, is_json: bool = False) -> str:
    """
    A short print of a control's value: the same for the same text, however a browser laid it out; of JSON, for the same
    value.
    """
    text = text.replace("\r\n", "\n").strip()
    if is_json:
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
    def of(
        cls, values: Mapping[str, str], controls: Iterable[str], revision: int, *, as_json: frozenset[str] = frozenset()
    ) -> "Base":
        """The base of a page that shows these values; `as_json` names the controls that hold JSON."""
        return cls(revision, {c: print_of(values.get(c, ""), is_json=c in as_json) for c in controls})

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


def read_edit(form: FormData, controls: Iterable[str], *, as_json: frozenset[str] = frozenset()) -> Edit:
    """What a posted form says of those controls that it has; `as_json` names those that hold JSON."""
    typed = {control: text_of(form, control) for control in controls if control in form}
    changed = frozenset(
        control
        for control, text in typed.items()
        if text_of(form, BASE + control) != print_of(text, is_json=control in as_json)
    )
    return Edit(typed, changed, _number(text_of(form, REVISION)))


@dataclass(frozen=True)
class FormState:
    """
    What an editing form shows (contexts/base.py: `EditContext`): the values, the base it is made on, the faults, and
    what others changed, by control.
    """

    values: Mapping[str, str]
    shown: Base
    errors: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False


def redraw(form: FormData, edit: Edit, now: FormState, error: RegistryError) -> FormState:
    """
    A form that was refused, to be sent again: nothing typed is lost.

    Where it is stale it stands on what is there now, and follows what others alone changed. Else it keeps its base.

    Args:
        now: The form as it would open now.
    """
    told = errors_by_field(error.errors)
    reason = {"reason": text_of(form, "reason")}
    if not isinstance(error, Stale):
        return FormState({**now.values, **edit.typed, **reason}, now.shown.as_sent(form), errors=told)
    by_others = [
        control for control in edit.typed if text_of(form, BASE + control) != print_of(now.values.get(control, ""))
    ]
    notes = {control: f"{_told_of(control, told)} {_say(control, edit, now.values)}" for control in by_others}
    mine = {control: edit.typed[control] for control in edit.changed}
    return FormState({**now.values, **mine, **reason}, now.shown, notes=notes, is_stale=True)


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
