"""What all page contexts share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from modelkeep_server.interfaces.web.editing import Base


@dataclass(frozen=True)
class Context:
    """The root of all page contexts. `template` is the file under templates/."""

    template: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class FormContext(Context):
    """A page with a form: what was typed, and one sentence for each control at fault."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EditContext(FormContext):
    """
    A page with an editing form (interfaces/web/editing.py: `FormState`). `shown` is what the form is made on; where it
    `is_stale`, `notes` says what others changed since, by control.
    """

    shown: Base
    notes: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False
