"""Environments, and what is live in them."""

from typing import Annotated

from fastapi import Path, Query

from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import environments, queries, service
from modelkeep_server.features.deployments import live as live_queries
from modelkeep_server.features.deployments.views import Environment, Kind
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.interfaces.api.face import Answer, Cursor, IfMatch, Limit, door, make_router, read_if_match
from modelkeep_server.interfaces.api.shapes.base import OptionalReasonIn, PageOut, ReasonIn, etag_of
from modelkeep_server.interfaces.api.shapes.deployments import (
    DeploymentIn,
    DeploymentOut,
    EnvironmentIn,
    EnvironmentOut,
    EnvironmentPatch,
    KindName,
)
from modelkeep_server.interfaces.query_strings import read_instant, read_model_address
from modelkeep_server.kit.paging import Page

router = make_router("deployments")

EnvironmentId = Annotated[str, Path(description="As the list of environments has it.")]
DeploymentId = Annotated[str, Path(description="As the list of deployments has it.")]


@router.get("/environments", response_model=PageOut[EnvironmentOut])
@door.reads("deployment.read")
def list_environments(work: Work, actor: Actor, limit: Limit = 50, cursor: Cursor = None) -> PageOut[EnvironmentOut]:
    """The environments that stand, by name."""
    page = queries.list_environments(work, limit=limit, cursor=cursor)
    return PageOut[EnvironmentOut].of(page, EnvironmentOut.model_validate)


@router.post("/environments", status_code=201, response_model=EnvironmentOut)
@door.writes("environment.create")
def create_environment(work: Work, actor: Actor, body: EnvironmentIn) -> Answer:
    """Create an environment, as an SRE."""
    made = environments.create_environment(work, actor, body.name, body.kind, body.region)
    return _with_etag(made, 201, {"Location": f"/api/v1/environments/{made.id}"})


@router.get("/environments/{id}", response_model=EnvironmentOut)
@door.reads("deployment.read")
def show_environment(work: Work, actor: Actor, id: EnvironmentId) -> Answer:
    """One environment, also one that ended."""
    return _with_etag(queries.get_environment(work, id))


@router.patch("/environments/{id}", response_model=EnvironmentOut)
@door.writes("environment.update")
def update_environment(
    work: Work, actor: Actor, id: EnvironmentId, body: EnvironmentPatch, if_match: IfMatch = None
) -> Answer:
    """Change the name or region of an environment: a JSON Merge Patch (RFC 7396). Its kind never changes."""
    changes: dict[str, object] = {key: getattr(body, key) for key in ("name", "region") if key in body.model_fields_set}
    expected = read_if_match(if_match)
    return _with_etag(
        environments.update_environment(work, actor, id, changes, expected=expected, reason=body.reason)
    )  # fmt: skip


@router.post("/environments/{id}/end", response_model=EnvironmentOut)
@door.writes("environment.end")
def end_environment(work: Work, actor: Actor, id: EnvironmentId, body: OptionalReasonIn) -> Answer:
    """End an environment in which nothing is live any more. Its history stays."""
    return _with_etag(environments.end_environment(work, actor, id, reason=body.reason))


@router.get("/deployments", response_model=PageOut[DeploymentOut])
@door.reads("deployment.read")
def list_deployments(
    work: Work,
    actor: Actor,
    environment: Annotated[str | None, Query(max_length=200, description="Only in this one, by name or id.")] = None,
    model: Annotated[str | None, Query(max_length=300, description="Only of this one: GROUP/NAME.")] = None,
    current: Annotated[
        bool, Query(description="Only what is live now: production first, then by environment and model.")
    ] = False,
    kind: Annotated[KindName | None, Query(description="Only in environments of this kind.")] = None,
    at: Annotated[
        str | None,
        Query(max_length=60, description="What was live then, in the order of `current`: 2026-01-31, or a moment."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOut[DeploymentOut]:
    """What was recorded of the models that you can see, newest first; or what is live now, or was at a moment."""
    where = queries.get_environment(work, environment) if environment else None
    of = model_queries.get_model(work, actor, *read_model_address("model", model)) if model else None
    of_kind = Kind(kind) if kind else None
    if current or at:
        moment = read_instant("at", at) if at else None
        live = live_queries.list_current(
            work, actor, at=moment, kind=of_kind, environment=where, model=of, limit=limit, cursor=cursor
        )
        return PageOut[DeploymentOut].of(live, DeploymentOut.of)
    page = queries.list_deployments(
        work, actor, environment=where, model=of, kind=of_kind, limit=limit, cursor=cursor
    )  # fmt: skip
    return PageOut[DeploymentOut].of(page, DeploymentOut.of)


@router.post(
    "/deployments",
    status_code=201,
    response_model=DeploymentOut,
    responses={200: {"model": DeploymentOut, "description": "The very same is live already; nothing was recorded."}},
)
@door.writes("deployment.record")
def record_deployment(work: Work, actor: Actor, body: DeploymentIn) -> Answer:
    """
    Say what is live of a model in an environment from now on, as an SRE. It takes the place of what was live of that
    model there, and moves no version to another state. Where the very same is live already, that deployment is the
    answer, with 200, and nothing is recorded: a pipeline may run twice.
    """
    recorded = service.record(work, actor, body.to_asked())
    made = recorded.deployment
    status = 201 if recorded.is_new else 200
    return Answer(DeploymentOut.of(made), status, {"Location": f"/api/v1/deployments/{made.id}"})


@router.get("/deployments/{id}", response_model=DeploymentOut)
@door.reads("deployment.read")
def show_deployment(work: Work, actor: Actor, id: DeploymentId) -> DeploymentOut:
    """One deployment."""
    return DeploymentOut.of(queries.get_deployment(work, actor, id))


@router.post("/deployments/{id}/rollback", status_code=201, response_model=DeploymentOut)
@door.writes("deployment.rollback")
def roll_back(work: Work, actor: Actor, id: DeploymentId, body: ReasonIn) -> Answer:
    """
    Roll back the deployment that stands: what was live of that model there before is live again. 409 where another took
    its place meanwhile, or a version of before is retired, closed, on hold or in quarantine.
    """
    made = service.roll_back(work, actor, id, reason=body.reason)
    return Answer(DeploymentOut.of(made), 201, {"Location": f"/api/v1/deployments/{made.id}"})


@router.get("/models/{group}/{name}/live", response_model=PageOut[DeploymentOut])
@door.reads("deployment.read")
def list_live(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    at: Annotated[
        str | None,
        Query(max_length=60, description="2026-01-31 (its end), or a moment (the end of its second); now if unsaid."),
    ] = None,
) -> PageOut[DeploymentOut]:
    """What is live of a model, or was at a moment, in each environment; nothing before anything was."""
    model = model_queries.get_model(work, actor, group, name)
    live = live_queries.list_live(work, actor, model, read_instant("at", at) if at else None)
    return PageOut[DeploymentOut].of(Page(live, None, len(live)), DeploymentOut.of)


def _with_etag(environment: Environment, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    shape = EnvironmentOut.model_validate(environment)
    return Answer(shape, status, {"ETag": etag_of(environment.revision), **(headers or {})})
