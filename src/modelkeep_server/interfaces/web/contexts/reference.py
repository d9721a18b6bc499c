"""What the API reference is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.interfaces.reference.reading import Reference
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.rules.errors import RegistryError


@dataclass(frozen=True, kw_only=True)
class ReferenceContext(Context):
    """GET /api/v1/docs. `refusals` are the kinds of errors, by status; `example` is one of them, as JSON."""

    template: ClassVar[str] = "reference/show.html"
    reference: Reference
    refusals: tuple[type[RegistryError], ...]
    example: str

    @property
    def route_count(self) -> int:
        """How many routes there are."""
        return sum(len(noun.routes) for noun in self.reference.nouns)
