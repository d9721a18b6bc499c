"""Where models run, from Python: a part of the client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from modelkeep.addresses import Address, parse_model
from modelkeep.asking import Asking, When, flag_of, given, moment_of
from modelkeep.listing import Listing
from modelkeep.reading import read, read_page
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Environment(Told):
    """A place where models run. `kind` is STAGING or PRODUCTION; `ended_at` is None while it stands."""

    id: str
    name: str
    kind: str
    region: str | None = None
    created_by: str
    created_at: datetime
    ended_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class Live(Told):
    """A version's part of a live set. `share` is percent of the traffic; `state` the version's now."""

    version: str
    state: str
    share: float
    endpoint_url: str | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Deployment(Told):
    """
    What was live of one model in one environment from `at` to `superseded_at`; an empty `live`: nothing was. `cause` is
    RECORD, MOVE or ROLLBACK.
    """

    id: str
    environment: str
    environment_id: str
    kind: str
    model: str
    live: tuple[Live, ...]
    at: datetime
    superseded_at: datetime | None = None
    by: str
    reason: str | None = None
    cause: str


class Deployments(Asking):
    """What SREs tell the registry of where models run. It tells only: no version changes its state by it."""

    def list_environments(self) -> Listing[Environment]:
        """The environments that stand, by name."""
        return self._list("/environments", Environment)

    def create_environment(self, name: str, kind: str, *, region: str | None = None) -> Environment:
        """
        Create an environment of the kind STAGING or PRODUCTION. SREs only, with the scope `deploy`.

        Raises Conflict (the name is taken), Forbidden, Invalid.
        """
        return read(Environment, self._transport.post("/environments", given(name=name, kind=kind, region=region)))

    def get_environment(self, environment: str) -> Environment:
        """An environment by its name or id. Raises NotFound."""
        return read(Environment, self._transport.get(_environment(environment)))

    def update_environment(
        self, environment: str, changes: Mapping[str, Any], *, revision: int | None = None
    ) -> Environment:
        """Change `name` or `region`, or both: a JSON Merge Patch. Raises Conflict, Stale, Forbidden, Invalid."""
        return read(Environment, self._transport.patch(_environment(environment), dict(changes), revision=revision))

    def end_environment(self, environment: str, *, reason: str | None = None) -> Environment:
        """Retire an environment in which nothing is live. Raises Conflict, Forbidden, NotFound."""
        return read(Environment, self._transport.post(f"{_environment(environment)}/end", given(reason=reason)))

    def list_deployments(
        self,
        *,
        environment: str = "",
        model: str | Address = "",
        kind: str = "",
        current: bool | None = None,
        at: When | None = None,
    ) -> Listing[Deployment]:
        """
        What was recorded of the models that you see, newest first; of one environment, of one `GROUP/NAME`.

        Args:
            kind: Only in environments of this kind: STAGING or PRODUCTION.
            current: Only what is live now: production first, then by environment and model.
            at: What was live then, in the same order; a bare day means its end.
        """
        filters = {
            "environment": environment, "model": _model(model) if model else "", "kind": kind,
            "current": flag_of(current), "at": moment_of(at),
        }  # fmt: skip
        return self._list("/deployments", Deployment, filters)

    def get_deployment(self, deployment_id: str) -> Deployment:
        """One deployment. Raises NotFound."""
        return read(Deployment, self._transport.get(f"/deployments/{quote(deployment_id, safe='')}"))

    def record_deployment(
        self,
        environment: str,
        live: Sequence[Mapping[str, Any]],
        *,
        model: str | Address | None = None,
        reason: str | None = None,
        replaces: str | None = None,
    ) -> Deployment:
        """
        Say what is live of a model in an environment from now on. SREs only, with the scope `deploy`. Where the very
        same is live already, nothing is recorded, and the deployment that stands is given.

        Args:
            live: `{"version": "GROUP/NAME:VERSION", "share": 90}` each, and `endpointUrl` and `region` where known;
                shares come to at most 100. Empty: nothing is live any more, of `model`.
            replaces: The id of the deployment that it follows, or `none`; Conflict where another came between.
        Raises:
            Conflict: Also where a version may not run there. Forbidden, Invalid, NotFound.
        """
        document = given(
            environment=environment, live=[dict(part) for part in live], model=_model(model) if model else None,
            reason=reason, replaces=replaces,
        )  # fmt: skip
        return read(Deployment, self._transport.post("/deployments", document))

    def roll_back(self, deployment_id: str, *, reason: str) -> Deployment:
        """
        Make live again what was live before the deployment that stands.

        Raises:
            Conflict: Another took its place meanwhile, nothing was live before, or what was may not run any more.
            Forbidden, Invalid, NotFound.
        """
        route = f"/deployments/{quote(deployment_id, safe='')}/rollback"
        return read(Deployment, self._transport.post(route, {"reason": reason}))

    def list_live(self, model: str | Address, *, at: When | None = None) -> list[Deployment]:
        """
        What is live of a model in each environment, or was at a moment; a bare day means its end. Raises NotFound.
        """
        where = parse_model(model)
        moment = moment_of(at)
        query = {} if moment is None else {"at": moment}
        answer = self._transport.get(f"{where.model_route}/live", query)
        return list(read_page(Deployment, answer).items)


def _environment(named: str) -> str:
    return f"/environments/{quote(named, safe='')}"


def _model(named: str | Address) -> str:
    where = parse_model(named)
    return f"{where.group}/{where.name}"
