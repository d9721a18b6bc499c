"""What all page contexts share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from modelkeep_server.interfaces.web.editing import Base
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.interfaces.web.refusals import Refusal
from modelkeep_server.kit.paging import Page as Rows


@dataclass(frozen=True)
class Context:
    """
    The root of all page contexts. `template` is the file under templates/; `section` the entry of the top bar that it
    belongs to, by address, where its own address does not say.
    """

    template: ClassVar[str]
    section: ClassVar[str] = ""


@dataclass(frozen=True)
class Chip:
    """One active filter of a list: its name, its value, and the address of the same list without it."""

    name: str
    value: str
    href: str


@dataclass(frozen=True)
class Walk:
    """A list that is walked by pages: at which address, by which filters, and the rows of this page."""

    at: str
    rows: Rows[Any]
    filters: Mapping[str, str] = field(default_factory=dict)


class Walked(ABC):
    """What a context of a list takes part in: links to the first page and the next one."""

    cursor: str | None

    @property
    @abstractmethod
    def walk(self) -> Walk:
        """The list."""

    @property
    def first_href(self) -> str | None:
        """The first page of this list, or None where this is it."""
        return href_of(self.walk.at, self.walk.filters) if self.cursor else None

    @property
    def next_href(self) -> str | None:
        """The next page, or None on the last one."""
        cursor = self.walk.rows.next_cursor
        return href_of(self.walk.at, {**self.walk.filters, "cursor": cursor}) if cursor else None


@dataclass(frozen=True, kw_only=True)
class FormContext(Context):
    """
    A page with a form: what was typed, and one sentence for each control at fault. A page with several has instead
    `refused`, the one of them that is to be sent again.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    refused: Refusal | None = None

    def is_refused(self, form: str) -> bool:
        """Whether it is this form that was refused."""
        return self.refused is not None and self.refused.form == form

    def typed_in(self, form: str) -> Mapping[str, str]:
        """What was typed into a form, by control; nothing where it opens."""
        return self.refused.typed if self.refused is not None and self.refused.form == form else {}

    def faults_in(self, form: str) -> Mapping[str, str]:
        """What is wrong in a form, by control."""
        return self.refused.errors if self.refused is not None and self.refused.form == form else {}


@dataclass(frozen=True, kw_only=True)
class EditContext(FormContext):
    """
    A page with an editing form (interfaces/web/editing.py: `FormState`). `shown` is what the form is made on; where it
    `is_stale`, `notes` says what others changed since, by control.
    """

    shown: Base
    notes: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False
