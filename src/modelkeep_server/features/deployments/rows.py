"""How environments and deployments are selected and read from their rows: what queries.py and live.py share."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, select

from modelkeep_server.db.tables import deployment_shares, deployments, environments, models, people, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments.views import Cause, Deployment, Environment, Kind, Part
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.versions.conditions import has_flag
from modelkeep_server.rules.lifecycle import State

#: Of a row of deployments: it stands now; it had anything live.
CURRENT = deployments.c.superseded_at.is_(None)
IS_LIVE = exists().where(deployment_shares.c.deployment_id == deployments.c.id)


def select_environments() -> Select[Any]:
    return select(environments, people.c.email).join(people, people.c.id == environments.c.created_by)


def select_deployments(actor: Actor) -> Select[Any]:
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


def narrowed(
    environment: Environment | None, model: Model | None, kind: Kind | None = None
) -> list[ColumnElement[bool]]:
    """What is asked of a row of deployments: its environment, its model, the kind of its environment."""
    asked: list[ColumnElement[bool]] = []
    if environment is not None:
        asked.append(deployments.c.environment_id == environment.key)
    if model is not None:
        asked.append(deployments.c.model_id == model.key)
    if kind is not None:
        of_kind = select(environments.c.id).where(environments.c.kind == kind.value)
        asked.append(deployments.c.environment_id.in_(of_kind))
    return asked


def with_parts(work: Work, rows: Sequence[Row[Any]]) -> tuple[Deployment, ...]:
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


def to_environment(row: Row[Any]) -> Environment:
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
