"""What the pages of exceptions are drawn from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from modelkeep_server.features.policies.exception_views import DAYS_MAX, ExceptionStatus, PolicyException
from modelkeep_server.features.policies.views import Policy
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext, Walk, Walked
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.permissions import Relation


@dataclass(frozen=True, kw_only=True)
class ExceptionsContext(Context, Walked):
    """GET /exceptions. Filters: status, policy (an id); `policies` are those to choose from."""

    template: ClassVar[str] = "exceptions/list.html"
    may_own: ClassVar[tuple[Relation, ...]] = (Relation.OWNER,)
    exceptions: Rows[PolicyException]
    policies: tuple[Policy, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    cursor: str | None = None

    @property
    def statuses(self) -> tuple[ExceptionStatus, ...]:
        """What it may be narrowed to."""
        return tuple(ExceptionStatus)

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/exceptions", self.exceptions, {name: value for name, value in self.filters.items() if value})


@dataclass(frozen=True, kw_only=True)
class NewExceptionContext(FormContext):
    """GET /exceptions/new. Controls: version, policy, justification, risk, mitigation, expiresAt."""

    template: ClassVar[str] = "exceptions/new.html"
    may_own: ClassVar[tuple[Relation, ...]] = (Relation.OWNER,)
    policies: tuple[Policy, ...]
    latest_day: str

    @property
    def days(self) -> int:
        """The longest that one may last."""
        return DAYS_MAX


@dataclass(frozen=True, kw_only=True)
class ExceptionContext(FormContext):
    """
    GET /exceptions/{id}. Its forms, by name: decide (comment, as), end (reason). `relations` are those of the reader to
    the model.
    """

    template: ClassVar[str] = "exceptions/show.html"
    exception: PolicyException
    relations: Collection[Relation]
