"""What the page of a comparison is drawn from."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.features.comparison.views import Comparison
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.forms import href_of, href_of_version
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Relation


@dataclass(frozen=True, kw_only=True)
class ComparisonContext(Context):
    """
    GET /models/{group}/{name}/versions/{version}/compare. `offered` are the other versions with their states
    and whether they are closed.

    `before` and `compared` are None where there is nothing to compare with, and `fault` says why. The partials under
    templates/comparison/ take `compared` alone.
    """

    template: ClassVar[str] = "comparison/show.html"
    model: Model
    version: Version
    before: Version | None = None
    compared: Comparison | None = None
    offered: tuple[tuple[str, State, bool], ...] = ()
    fault: str = ""
    relations: frozenset[Relation] = frozenset()

    @property
    def base(self) -> str:
        """The address of the version's page."""
        return href_of_version(self.version.model, self.version.version)

    @property
    def swapped_href(self) -> str | None:
        """The same two the other way round."""
        if self.before is None:
            return None
        there = href_of_version(self.version.model, self.before.version)
        return href_of(f"{there}/compare", {"with": self.version.version})
