"""Reading environments and what is live in them. A deployment is visible where its model is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import deployment_shares, deployments, environments, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments.views import (
    STATES,
    Candidate,
    Cause,
    Deployment,
    Environment,
    Kind,
    LiveAt,
    Part,
    Place,
    Spot,
)
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules.errors import NotFound
from modelkeep_server.rules.lifecycle import State

#: The most environments that are shown side by side, or offered in a choice.
PLACES_MAX = 100
#: How far back a rollback looks for another live set.
_LOOKED_BACK = 50
_CURRENT = deployments.c.superseded_at.is_(None)
_IS_LIVE = exists().where(deployment_shares.c.deployment_id == deployments.c.id)


def _select_environments() -> Select[Any]:
    return select(environments, people.c.email).join(people, people.c.id == environments.c.created_by)


def _select_deployments(actor: Actor) -> Select[Any]:
    return (
        select(
            deployments,
            environments.c.name.label("environment_name"),
            environments.c.public_id.label("environment_public_id"),
            environments.c.kind,
            environments.c.name_key,
            models.c.group_name,
            models.c.name.label("model_name"),
            models.c.path_key,
            people.c.email,
        )
        .join(environments, environments.c.id == deployments.c.environment_id)
        .join(models, models.c.id == deployments.c.model_id)
        .join(people, people.c.id == deployments.c.person_id)
        .where(visible_to(actor))
    )


def list_environments(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Environment]:
    """The environments that stand, by name. Two statements. Raises CursorRefused."""
    standing = environments.c.ended_at.is_(None)
    rows, following = read_rows(
        work, _select_environments().where(standing), environments.c.name_key,
        filters={"list": "environments"}, limit=limit, cursor=cursor,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(environments).where(standing))
    return Page(tuple(_to_environment(row) for row in rows), following, total)


def get_environment(work: Work, named: str) -> Environment:
    """An environment by its id, also an ended one, or a standing one by its name. Raises NotFound. One statement."""
    by_name = (environments.c.name_key == named.strip().lower()) & environments.c.ended_at.is_(None)
    found = work.all(_select_environments().where(or_(environments.c.public_id == named, by_name)))
    if not found:
        raise NotFound(f"There is no environment {named[:100]}.", remedy="GET /api/v1/environments lists them.")
    return _to_environment(min(found, key=lambda row: row.public_id != named))


def list_deployments(
    work: Work,
    actor: Actor,
    *,
    environment: Environment | None = None,
    model: Model | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Deployment]:
    """What was recorded, newest first, of what the actor may see. Three statements. Raises CursorRefused."""
    asked = _narrowed(environment, model)
    filters = {
        "list": "deployments",
        "environment": environment.id if environment else None,
        "model": model.id if model else None,
    }
    statement = _select_deployments(actor).where(*asked)
    rows, following = read_rows(
        work, statement, deployments.c.id, filters=filters, limit=limit, cursor=cursor, descending=True
    )
    counted = select(func.count()).select_from(deployments).join(models, models.c.id == deployments.c.model_id)
    total = work.scalar(counted.where(visible_to(actor), *asked))
    return Page(_with_parts(work, rows), following, total)


def list_current(
    work: Work,
    actor: Actor,
    *,
    at: datetime | None = None,
    kind: Kind | None = None,
    environment: Environment | None = None,
    model: Model | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Deployment]:
    """
    What is live now, or was at a moment, of what the actor may see: production first, then by environment and model,
    the empty sets left out. Three statements. Raises CursorRefused.
    """
    asked = [_IS_LIVE, *_when(at), *_narrowed(environment, model)]
    if kind is not None:
        asked.append(environments.c.kind == kind.value)
    filters = {
        "list": "live",
        "at": at.isoformat() if at else None,
        "kind": kind.value if kind else None,
        "environment": environment.id if environment else None,
        "model": model.id if model else None,
    }
    order = (environments.c.kind, environments.c.name_key, models.c.path_key, deployments.c.id)
    statement = _select_deployments(actor).where(*asked)
    rows, following = read_rows(work, statement, *order, filters=filters, limit=limit, cursor=cursor)
    counted = (
        select(func.count())
        .select_from(deployments)
        .join(environments, environments.c.id == deployments.c.environment_id)
        .join(models, models.c.id == deployments.c.model_id)
    )
    total = work.scalar(counted.where(visible_to(actor), *asked))
    return Page(_with_parts(work, rows), following, total)


def list_live(work: Work, actor: Actor, model: Model, at: datetime | None = None) -> tuple[Deployment, ...]:
    """What was live of a model at a moment, or is now, by environment; nothing before anything was. Two statements."""
    statement = _select_deployments(actor).where(_IS_LIVE, *_when(at), *_narrowed(None, model))
    rows = work.all(statement.order_by(environments.c.kind, environments.c.name_key, deployments.c.id))
    return _with_parts(work, rows)


def get_deployment(work: Work, actor: Actor, deployment_id: str) -> Deployment:
    """One deployment. Raises NotFound, also where the actor may not see its model. Two statements."""
    row = work.first(_select_deployments(actor).where(deployments.c.public_id == deployment_id))
    if row is None:
        raise NotFound("There is no such deployment that you can see.")
    return _with_parts(work, [row])[0]


def find_current(work: Work, actor: Actor, environment: Environment, model: Model) -> Deployment | None:
    """What stands now for a model in an environment, also where that says that nothing is live. Two statements."""
    here = (deployments.c.environment_id == environment.key, deployments.c.model_id == model.key, _CURRENT)
    row = work.first(_select_deployments(actor).where(*here))
    return None if row is None else _with_parts(work, [row])[0]


def list_before(work: Work, actor: Actor, deployment: Deployment, most: int) -> tuple[Deployment, ...]:
    """What was there before a deployment, of the same model in the same environment, newest first. Two statements."""
    here = (
        deployments.c.environment_id == deployment.environment_key,
        deployments.c.model_id == deployment.model_key,
        deployments.c.id < deployment.key,
    )
    rows = work.all(_select_deployments(actor).where(*here).order_by(deployments.c.id.desc()).limit(most))
    return _with_parts(work, rows)


def find_earlier(work: Work, actor: Actor, present: Deployment) -> Deployment | None:
    """
    What a rollback of what stands brings again: the latest before it that had another live set, and one that was not
    empty. What was rolled back from is passed over, so that rolling back twice leads further back and not forth again.
    Two statements.
    """
    before = list_before(work, actor, present, _LOOKED_BACK)
    known = {one.key: one for one in before}
    now, bound = _set_of(present), _origin_of(present, known)
    for one in before:
        if one.key < bound:
            if one.live and _set_of(one) != now:
                return one
            bound = _origin_of(one, known)
    return None


def _origin_of(deployment: Deployment, known: Mapping[int, Deployment]) -> int:
    """The key of the deployment that was first told of what a rollback, or a rollback to one, brought again."""
    key = deployment.key
    one: Deployment | None = deployment
    while one is not None and one.restores_key is not None:
        key = one.restores_key
        one = known.get(key)
    return key


def _set_of(deployment: Deployment) -> frozenset[tuple[int, int, str | None, str | None]]:
    return frozenset((part.version_key, part.share, part.endpoint_url, part.region) for part in deployment.live)


def is_live(version_key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a version has a share of what is live somewhere now."""
    shares = deployment_shares.c
    return exists().where(shares.version_id == version_key, shares.deployment_id == deployments.c.id, _CURRENT)


def find_live_of(work: Work, version_keys: Sequence[int]) -> tuple[LiveAt, ...]:
    """Where versions are live now, for readers who were let to them, by environment. One statement, or none."""
    if not version_keys:
        return ()
    rows = work.all(
        select(
            deployment_shares.c.version_id, deployment_shares.c.share, deployment_shares.c.endpoint_url,
            environments.c.name, environments.c.kind, deployments.c.at,
        )
        .join(deployments, deployments.c.id == deployment_shares.c.deployment_id)
        .join(environments, environments.c.id == deployments.c.environment_id)
        .where(deployment_shares.c.version_id.in_(version_keys), _CURRENT)
        .order_by(environments.c.name_key)
    )  # fmt: skip
    return tuple(LiveAt(row.version_id, row.name, Kind(row.kind), row.share, row.at, row.endpoint_url) for row in rows)


def list_spots(work: Work, version_key: int) -> tuple[Spot, ...]:
    """
    The environments that stand, at most `PLACES_MAX`, each with where a version is live in it, for readers who were let
    to the version; production first. One statement.
    """
    live = (
        select(
            deployments.c.environment_id, deployment_shares.c.share, deployment_shares.c.endpoint_url,
            deployments.c.at,
        )
        .join(deployment_shares, deployment_shares.c.deployment_id == deployments.c.id)
        .where(deployment_shares.c.version_id == version_key, _CURRENT)
        .subquery("live")
    )  # fmt: skip
    statement = (
        _select_environments()
        .outerjoin(live, live.c.environment_id == environments.c.id)
        .add_columns(live.c.share, live.c.endpoint_url, live.c.at)
        .where(environments.c.ended_at.is_(None))
        .order_by(live.c.share.is_(None), environments.c.kind, environments.c.name_key)
        .limit(PLACES_MAX)
    )
    return tuple(
        Spot(
            _to_environment(row),
            None
            if row.share is None
            else LiveAt(version_key, row.name, Kind(row.kind), row.share, row.at, row.endpoint_url),
        )
        for row in work.all(statement)
    )


def list_candidates(
    work: Work, actor: Actor, kind: Kind, model: Model, also: Sequence[int], *, most: int
) -> tuple[Candidate, ...]:
    """
    The newest versions of a model whose states fit a kind of environment, and `also` these, by inside id. One
    statement.
    """
    fits = [state.value for state in STATES[kind]]
    statement = (
        select(
            versions.c.version,
            versions.c.state,
            *(has_flag(versions.c.id, flag).label(flag) for flag in ("HOLD", "CLOSED")),
        )
        .join(models, models.c.id == versions.c.model_id)
        .where(
            versions.c.model_id == model.key,
            visible_to(actor),
            or_(versions.c.state.in_(fits), versions.c.id.in_(list(also))),
        )
        .order_by(versions.c.id.in_(list(also)).desc(), versions.c.number.desc())
        .limit(most)
    )
    found = []
    for row in work.all(statement):
        refusal = None
        if row.state not in fits:
            refusal = f"It is {row.state}; here runs only what is {' or '.join(fits)}."
        elif row.HOLD:
            refusal = "It is on hold."
        elif row.CLOSED:
            refusal = "It is closed."
        found.append(Candidate(row.version, State(row.state), refusal))
    return tuple(found)


def count_live_in(work: Work, environment: Environment) -> int:
    """Of how many models something is live in an environment, seen or not. One statement."""
    parts = select(deployment_shares.c.deployment_id)
    here = (deployments.c.environment_id == environment.key, _CURRENT, deployments.c.id.in_(parts))
    return int(work.scalar(select(func.count()).select_from(deployments).where(*here)))


def list_places(work: Work, actor: Actor, *, kind: Kind | None = None) -> tuple[Place, ...]:
    """The environments that stand, production first, at most `PLACES_MAX`. One statement."""
    here = (deployments.c.environment_id == environments.c.id, _CURRENT, _IS_LIVE, visible_to(actor))
    counted = (
        select(func.count())
        .select_from(deployments)
        .join(models, models.c.id == deployments.c.model_id)
        .where(*here)
        .correlate(environments)
        .scalar_subquery()
    )
    statement = _select_environments().add_columns(counted.label("models")).where(environments.c.ended_at.is_(None))
    if kind is not None:
        statement = statement.where(environments.c.kind == kind.value)
    rows = work.all(statement.order_by(environments.c.kind, environments.c.name_key).limit(PLACES_MAX))
    return tuple(Place(_to_environment(row), row.models) for row in rows)


def _when(at: datetime | None) -> list[ColumnElement[bool]]:
    if at is None:
        return [_CURRENT]
    return [deployments.c.at <= at, or_(_CURRENT, deployments.c.superseded_at > at)]


def _narrowed(environment: Environment | None, model: Model | None) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if environment is not None:
        asked.append(deployments.c.environment_id == environment.key)
    if model is not None:
        asked.append(deployments.c.model_id == model.key)
    return asked


def _with_parts(work: Work, rows: Sequence[Row[Any]]) -> tuple[Deployment, ...]:
    parts: dict[int, list[Row[Any]]] = {row.id: [] for row in rows}
    if rows:
        on_hold = has_flag(versions.c.id, "HOLD").label("on_hold")
        found = work.all(
            select(deployment_shares, versions.c.version, versions.c.state, on_hold)
            .join(versions, versions.c.id == deployment_shares.c.version_id)
            .where(deployment_shares.c.deployment_id.in_(list(parts)))
            .order_by(deployment_shares.c.share.desc(), versions.c.number.desc())
        )
        for part in found:
            parts[part.deployment_id].append(part)
    return tuple(_to_deployment(row, parts[row.id]) for row in rows)


def _to_environment(row: Row[Any]) -> Environment:
    return Environment(
        row.id, row.public_id, row.name, Kind(row.kind), row.region, row.email, row.created_at, row.ended_at,
        row.revision,
    )  # fmt: skip


def _to_deployment(row: Row[Any], parts: Sequence[Row[Any]]) -> Deployment:
    model = f"{row.group_name}/{row.model_name}"
    return Deployment(
        key=row.id,
        id=row.public_id,
        environment_key=row.environment_id,
        environment_id=row.environment_public_id,
        environment=row.environment_name,
        kind=Kind(row.kind),
        model_key=row.model_id,
        model=model,
        cause=Cause(row.cause),
        at=row.at,
        superseded_at=row.superseded_at,
        by=row.email,
        reason=row.reason,
        live=tuple(
            Part(
                part.version_id, f"{model}:{part.version}", State(part.state), part.share, part.endpoint_url,
                part.region, bool(part.on_hold),
            )
            for part in parts
        ),
        restores_key=row.restores,
    )  # fmt: skip
