"""Reading what is live where, now or at a moment, and what may be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import deployment_shares, deployments, environments, models, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments.rows import (
    CURRENT,
    IS_LIVE,
    narrowed,
    select_deployments,
    select_environments,
    to_environment,
    with_parts,
)
from modelkeep_server.features.deployments.views import (
    STATES,
    Candidate,
    Deployment,
    Environment,
    Kind,
    LiveAt,
    Place,
    Spot,
)
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.rules import wording
from modelkeep_server.rules.lifecycle import State

#: The most environments that are shown side by side, or offered in a choice.
PLACES_MAX = 100
#: The most models that are offered while one is typed.
MODELS_OFFERED = 300


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
    asked = [IS_LIVE, *_when(at), *narrowed(environment, model, kind)]
    filters = {
        "list": "live",
        "at": at.isoformat() if at else None,
        "kind": kind.value if kind else None,
        "environment": environment.id if environment else None,
        "model": model.id if model else None,
    }
    order = (environments.c.kind, environments.c.name_key, models.c.path_key, deployments.c.id)
    statement = select_deployments(actor).where(*asked)
    rows, following = read_rows(work, statement, *order, filters=filters, limit=limit, cursor=cursor)
    counted = (
        select(func.count())
        .select_from(deployments)
        .join(environments, environments.c.id == deployments.c.environment_id)
        .join(models, models.c.id == deployments.c.model_id)
    )
    total = work.scalar(counted.where(visible_to(actor), *asked))
    return Page(with_parts(work, rows), following, total)


def list_live(work: Work, actor: Actor, model: Model, at: datetime | None = None) -> tuple[Deployment, ...]:
    """What was live of a model at a moment, or is now, by environment; nothing before anything was. Two statements."""
    statement = select_deployments(actor).where(IS_LIVE, *_when(at), *narrowed(None, model))
    rows = work.all(statement.order_by(environments.c.kind, environments.c.name_key, deployments.c.id))
    return with_parts(work, rows)


def find_current(work: Work, actor: Actor, environment: Environment, model: Model) -> Deployment | None:
    """What stands now for a model in an environment, also where that says that nothing is live. Two statements."""
    here = (deployments.c.environment_id == environment.key, deployments.c.model_id == model.key, CURRENT)
    row = work.first(select_deployments(actor).where(*here))
    return None if row is None else with_parts(work, [row])[0]


def is_live(version_key: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a version has a share of what is live somewhere now."""
    shares = deployment_shares.c
    return exists().where(shares.version_id == version_key, shares.deployment_id == deployments.c.id, CURRENT)


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
        .where(deployment_shares.c.version_id.in_(version_keys), CURRENT)
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
        .where(deployment_shares.c.version_id == version_key, CURRENT)
        .subquery("live")
    )  # fmt: skip
    statement = (
        select_environments()
        .outerjoin(live, live.c.environment_id == environments.c.id)
        .add_columns(live.c.share, live.c.endpoint_url, live.c.at)
        .where(environments.c.ended_at.is_(None))
        .order_by(live.c.share.is_(None), environments.c.kind, environments.c.name_key)
        .limit(PLACES_MAX)
    )
    return tuple(
        Spot(
            to_environment(row),
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
            refusal = f"It {wording.say_stands(row.state)}; here runs only what is {wording.say_states(fits)}."
        elif row.HOLD:
            refusal = "It is on hold."
        elif row.CLOSED:
            refusal = "It is closed."
        found.append(Candidate(row.version, State(row.state), refusal))
    return tuple(found)


def list_deployable(work: Work, actor: Actor, kind: Kind | None) -> tuple[str, ...]:
    """
    The models, as `group/name`, that have a version which may run in environments of a kind, any for None; the first
    `MODELS_OFFERED` that the actor sees. One statement.
    """
    fits = {state.value for one in ([kind] if kind else Kind) for state in STATES[one]}
    may_run = exists().where(versions.c.model_id == models.c.id, versions.c.state.in_(fits))
    rows = work.all(
        select(models.c.group_name, models.c.name)
        .where(visible_to(actor), may_run)
        .order_by(models.c.path_key)
        .limit(MODELS_OFFERED)
    )
    return tuple(f"{row.group_name}/{row.name}" for row in rows)


def count_live_in(work: Work, environment: Environment) -> int:
    """Of how many models something is live in an environment, seen or not. One statement."""
    parts = select(deployment_shares.c.deployment_id)
    here = (deployments.c.environment_id == environment.key, CURRENT, deployments.c.id.in_(parts))
    return int(work.scalar(select(func.count()).select_from(deployments).where(*here)))


def list_places(work: Work, actor: Actor, *, kind: Kind | None = None) -> tuple[Place, ...]:
    """The environments that stand, production first, at most `PLACES_MAX`. One statement."""
    here = (deployments.c.environment_id == environments.c.id, CURRENT, IS_LIVE, visible_to(actor))
    counted = (
        select(func.count())
        .select_from(deployments)
        .join(models, models.c.id == deployments.c.model_id)
        .where(*here)
        .correlate(environments)
        .scalar_subquery()
    )
    statement = select_environments().add_columns(counted.label("models")).where(environments.c.ended_at.is_(None))
    if kind is not None:
        statement = statement.where(environments.c.kind == kind.value)
    rows = work.all(statement.order_by(environments.c.kind, environments.c.name_key).limit(PLACES_MAX))
    return tuple(Place(to_environment(row), row.models) for row in rows)


def _when(at: datetime | None) -> list[ColumnElement[bool]]:
    if at is None:
        return [CURRENT]
    return [deployments.c.at <= at, or_(CURRENT, deployments.c.superseded_at > at)]
