"""What the pages of deployments are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import ClassVar

from modelkeep_server.features.deployments.views import Candidate, Deployment, Environment, Kind, Part, Place, Plan
from modelkeep_server.features.models.views import Model
from modelkeep_server.interfaces.web.contexts.base import Context, FormContext, Walk, Walked
from modelkeep_server.interfaces.web.contexts.models import Standing
from modelkeep_server.interfaces.web.forms import href_of
from modelkeep_server.kit.paging import Page as Rows
from modelkeep_server.rules.permissions import Relation

FILTERS = ("model", "kind", "at")


@dataclass(frozen=True)
class Group:
    """An environment in a list, with what is live in it; `region` where it is known."""

    id: str
    name: str
    kind: Kind
    region: str | None
    deployments: tuple[Deployment, ...]


@dataclass(frozen=True, kw_only=True)
class DeploymentsContext(Context, Walked):
    """
    GET /deployments. Controls: model (GROUP/NAME), kind, at (2026-01-31). `at` is the moment asked about, None for now;
    `is_to_come` says that it is not over, `is_today` that it is of today; `rootless` are the ids of what cannot be
    rolled back, as nothing was before.
    """

    template: ClassVar[str] = "deployments/list.html"
    rows: Rows[Deployment]
    places: tuple[Place, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    is_to_come: bool = False
    is_today: bool = False
    cursor: str | None = None
    rootless: frozenset[str] = frozenset()

    @property
    def asked(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name, value in self.values.items() if value}

    @property
    def walk(self) -> Walk:
        """The list."""
        return Walk("/deployments", self.rows, self.asked)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The choices of a kind, production first."""
        return (Kind.PRODUCTION, Kind.STAGING)

    @property
    def groups(self) -> tuple[Group, ...]:
        """What is live, an environment after the other; on an unfiltered first page also those in which nothing is."""
        regions = {place.environment.id: place.environment.region for place in self.places}
        found = [
            Group(key, name, kind, regions.get(key), tuple(rows))
            for (key, name, kind), rows in groupby(
                self.rows.items, lambda row: (row.environment_id, row.environment, row.kind)
            )
        ]
        if not self.asked and not self.cursor and not self.rows.next_cursor:
            empty = [place.environment for place in self.places if not place.models]
            found += [Group(one.id, one.name, one.kind, one.region, ()) for one in empty]
        return tuple(sorted(found, key=lambda group: (group.kind.value, group.name.lower())))


@dataclass(frozen=True, kw_only=True)
class NewEnvironmentContext(FormContext):
    """
    GET and POST /deployments/environments/new. Controls: name, kind, region, and back: the address of this registry to
    go back to, empty for the environment's own.
    """

    template: ClassVar[str] = "deployments/new_environment.html"


@dataclass(frozen=True, kw_only=True)
class EnvironmentContext(FormContext, Walked):
    """
    GET /deployments/environments/{id}. `history` is a page of what was recorded in it, of one model where `only` names
    one; `rootless` the ids of what cannot be rolled back. Forms: `edit` (name, region, revision), `end` (reason).
    """

    template: ClassVar[str] = "deployments/environment.html"
    environment: Environment
    live: Rows[Deployment]
    history: Rows[Deployment]
    only: str = ""
    cursor: str | None = None
    rootless: frozenset[str] = frozenset()

    @property
    def href(self) -> str:
        """The address of this page."""
        return f"/deployments/environments/{self.environment.id}"

    @property
    def walk(self) -> Walk:
        """The history."""
        return Walk(self.href, self.history, {"model": self.only} if self.only else {})


@dataclass(frozen=True)
class RecordRow:
    """A version in the form: its controls end in `place`."""

    place: int
    candidate: Candidate
    share: str
    endpoint: str
    region: str


@dataclass(frozen=True, kw_only=True)
class RecordContext(FormContext):
    """
    GET and POST /deployments/record. Without an environment and a model it asks for them (controls: environment,
    model). Then a row a version: `version.N`, `share.N`, `endpointUrl.N`, `region.N`; and reason, replaces, confirm.
    `plan` is what would change, once it was judged; `offered` are models to choose from, as GROUP/NAME.
    """

    template: ClassVar[str] = "deployments/record.html"
    places: tuple[Place, ...] = ()
    environment: Environment | None = None
    model: Model | None = None
    present: Deployment | None = None
    rows: tuple[RecordRow, ...] = ()
    offered: tuple[str, ...] = ()
    plan: Plan | None = None

    @property
    def present_id(self) -> str:
        """The id of what is live now, `none` for nothing: what recording follows."""
        return self.present.id if self.present else "none"

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody recorded another since the page was opened, on which this was typed."""
        told = self.values.get("replaces")
        return self.plan is not None and bool(told) and told != self.present_id

    @property
    def changes(self) -> tuple[tuple[str, Part | None, Part | None], ...]:
        """Each version that recording concerns, with its part now and then."""
        if self.plan is None:
            return ()
        return changes_of(self.plan.present.live if self.plan.present else (), self.plan.live)

    @property
    def example(self) -> str:
        """A version that may be recorded, for the command that does it."""
        return next((row.candidate.version for row in self.rows if not row.candidate.refusal), "VERSION")

    @property
    def plan_total(self) -> float:
        """What the shares come to, in percent."""
        return sum(part.share for part in self.plan.live) / 100 if self.plan else 0

    @property
    def labels(self) -> dict[str, str]:
        """What the controls are called, in the order of the form."""
        named = {"environment": "Environment", "model": "Model", "live": "Shares"}
        for row in self.rows:
            version = row.candidate.version
            named |= {
                f"share.{row.place}": f"{version}, share",
                f"endpointUrl.{row.place}": f"{version}, endpoint",
                f"region.{row.place}": f"{version}, region",
            }
        return named | {"reason": "Reason"}


@dataclass(frozen=True, kw_only=True)
class DeploymentContext(FormContext, Walked):
    """
    GET /deployments/{id}. `earlier` is what rolling back would bring; `obstacle` what stands against that, with what to
    do. `current` is the id of what stands there now. Form: `rollback` (reason).
    """

    template: ClassVar[str] = "deployments/show.html"
    deployment: Deployment
    history: Rows[Deployment]
    earlier: Deployment | None = None
    obstacle: str | None = None
    cursor: str | None = None

    @property
    def walk(self) -> Walk:
        """What was recorded of the same model in the same environment."""
        return Walk(f"/deployments/{self.deployment.id}", self.history)

    @property
    def changes(self) -> tuple[tuple[str, Part | None, Part | None], ...]:
        """Each version that rolling back concerns, with its part now and then."""
        return changes_of(self.deployment.live, self.earlier.live if self.earlier else ())


@dataclass(frozen=True, kw_only=True)
class ModelDeploymentsContext(Context, Walked):
    """
    GET /models/{group}/{name}/deployments. Control: at. `live` is what was live then, or is now; `is_to_come` says that
    `at` is not over, `is_today` that it is of today; `rootless` are the ids of what cannot be rolled back, as nothing
    was before.
    """

    template: ClassVar[str] = "models/deployments.html"
    model: Model
    version_count: int
    relations: frozenset[Relation] = frozenset()
    standing: Standing = field(default_factory=Standing)
    tab: str = "deployments"
    live: tuple[Deployment, ...] = ()
    history: Rows[Deployment]
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None
    is_to_come: bool = False
    is_today: bool = False
    cursor: str | None = None
    rootless: frozenset[str] = frozenset()

    @property
    def walk(self) -> Walk:
        """The history."""
        return Walk(f"/models/{self.model.address}/deployments", self.history)

    @property
    def record_href(self) -> str:
        """Where a deployment of this model is recorded."""
        return href_of("/deployments/record", {"model": self.model.address})


def changes_of(before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[tuple[str, Part | None, Part | None], ...]:
    """Each version of two live sets, with its part before and after; what comes or stays first."""
    old = {part.version: part for part in before}
    new = {part.version: part for part in after}
    return tuple((version, old.get(version), new.get(version)) for version in dict.fromkeys([*new, *old]))
