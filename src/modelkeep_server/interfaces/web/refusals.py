"""
Forms that were refused, whatever refused them: the page comes again with what was typed, what is wrong at the control,
and at the top.

A handler names the page by `door.posts(act, again=...)`; that function gives the page's context a `Refusal`, and the
template asks the context by the form's name (contexts/base.py: `FormContext`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from modelkeep_server.interfaces.web.forms import errors_by_field, text_of
from modelkeep_server.rules.errors import FieldError, Invalid, RegistryError

#: Controls that every form has for the doorway.
_OF_EVERY_FORM = frozenset({"csrf_token", "once"})


@dataclass(frozen=True)
class Refusal:
    """
    What became of a form of a page.

    `form` is its name there; `typed` what it held, `errors` what is wrong, both by control; `labels` what the page
    calls its controls. `written` is what a person wrote, with its label, for where the form itself is not offered any
    more. `others` are faults of no control.
    """

    form: str
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    labels: Mapping[str, str]
    written: tuple[tuple[str, str], ...]
    others: tuple[str, ...]
    status: int
    title: str
    detail: str
    remedy: str
    help: str | None = None
    is_of_controls: bool = False


@dataclass(frozen=True)
class FormOf:
    """A form of a page: its name, and its controls with their labels; people write into those of `texts`."""

    name: str
    texts: Mapping[str, str]
    choices: Mapping[str, str] = field(default_factory=dict)

    def refuse(
        self, form: FormData | Mapping[str, str], error: RegistryError, faults: Iterable[FieldError] | None = None
    ) -> Refusal:
        """
        What the page of this form shows, once `error` refused it.

        Args:
            faults: Those of the error under the names that the page has for them, where they differ.
        """
        typed = {name: text_of(form, name) for name in form if name not in _OF_EVERY_FORM}
        labels = {**self.texts, **self.choices}
        told = errors_by_field(error.errors if faults is None else faults)
        errors = {name: message for name, message in told.items() if name in labels}
        return Refusal(
            form=self.name,
            typed=typed,
            errors=errors,
            labels=labels,
            written=tuple((label, typed[name]) for name, label in self.texts.items() if typed.get(name, "").strip()),
            others=tuple(dict.fromkeys(message for name, message in told.items() if name not in labels)),
            status=error.status,
            title=error.title,
            detail=error.detail,
            remedy=error.remedy,
            help=error.help,
            is_of_controls=isinstance(error, Invalid) and len(errors) == len(told) > 0,
        )
