"""
Which events are about a version: found by the ids of what belongs to it, by the addresses it had, and by its model.

Each part walks the index of objects, so that it costs what the version has, however long the log is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy import String as SqlString

from modelkeep_server.db.activity import SUBJECTS
from modelkeep_server.db.tables import access_requests, audit_events, deployment_shares, deployments
from modelkeep_server.db.work import Work
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.trail.views import TrailKind, actions_of
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.events import ACTIONS, Outcome

#: What is done to a model and bears on each of its versions.
MODEL_ACTS = (
    "model.update", "model.lower_tier", "model.transfer", "model.retire", "collaborator.add", "collaborator.end",
)  # fmt: skip
#: What is done to a version and what belongs to it. A refused act on something else may have been given an id of these.
OWN_ACTS = tuple(
    name for name, action in ACTIONS.items() if action.object_kind in ({*SUBJECTS, "access"} - {"model"})
)  # fmt: skip
#: Of the edits of a model, those of one of these fields bear on its versions.
MODEL_FIELDS = ("riskTier", "visibility", "owners")

_number = audit_events.c.sequence
_REFUSED = audit_events.c.outcome == literal_column(f"'{Outcome.REFUSED}'", SqlString)


@dataclass(frozen=True)
class Span:
    """An address that a version had, from one event of the log to before another; None: it has it now."""

    address: str
    start: int
    end: int | None


def list_addresses(work: Work, version: Version) -> tuple[Span, ...]:
    """The addresses that a version had, oldest first: the number of a draft may be corrected. One statement."""
    rows = work.all(
        select(audit_events.c.sequence, audit_events.c.body)
        .where(
            audit_events.c.object_id == version.id,
            (audit_events.c.action + "").in_(("version.create", "version.update")),
            audit_events.c.body.contains('"version":'),
            ~_REFUSED,
        )
        .order_by(_number)
    )
    numbers = [(row.sequence, _number_in(row.body)) for row in rows]
    begun = [(sequence, number) for sequence, number in numbers if number]
    if not begun:
        return (Span(version.address, 0, None),)
    ends = [sequence for sequence, _ in begun[1:]]
    return tuple(
        Span(f"{version.model}:{number}", start, end) for (start, number), end in zip(begun, [*ends, None], strict=True)
    )


def _number_in(body: str) -> str | None:
    try:
        number = json.loads(body)["after"]["version"]
    except (ValueError, KeyError, TypeError):
        return None
    return number if isinstance(number, str) else None


def select_events(
    model: Model, version: Version, spans: Sequence[Span], kind: TrailKind | None, outcome: Outcome | None
) -> CompoundSelect[Any]:
    """The sequences of every event about a version, those of one kind or outcome only where that is asked."""
    among: list[ColumnElement[bool]] = []
    if kind is not None:
        # Looked at in each row: without statistics SQLite takes any index, also a useless one.
        among.append((audit_events.c.action + "").in_(actions_of(kind)))
    if outcome is not None:
        among.append((audit_events.c.outcome + "") == outcome.value)
    columns = audit_events.c
    by_address = or_(
        *(
            and_(
                columns.object_id == span.address,
                _number >= span.start,
                *(() if span.end is None else (_number <= span.end,)),
            )
            for span in spans
        )
    )
    bears = or_(
        columns.action != "model.update",
        _REFUSED,
        *(columns.body.contains(f'"{field}":') for field in MODEL_FIELDS),
    )
    of_model = and_(
        columns.object_id.in_((model.id, model.address)),
        (columns.action + "").in_(MODEL_ACTS),
        _number > spans[0].start,
        bears,
    )
    by_id = and_(columns.object_id.in_(_select_ids(model, version)), (columns.action + "").in_(OWN_ACTS))
    parts = (by_id, by_address, of_model)
    return union_all(*(select(_number).where(part, *among) for part in parts))


def _select_ids(model: Model, version: Version) -> CompoundSelect[Any]:
    """The public ids of the version and all that belongs to it, also of deployments that carried it or took it away."""
    of_version: list[Select[Any]] = [
        select(subject.public_id).select_from(subject.tables).where(subject.version == version.key)
        for kind, subject in SUBJECTS.items()
        if kind not in ("model", "deployment")
    ]
    of_version.append(
        select(access_requests.c.public_id).where(
            access_requests.c.model_id == model.key, access_requests.c.version_id == version.key
        )
    )
    carrying = select(deployment_shares.c.deployment_id).where(deployment_shares.c.version_id == version.key)
    earlier = deployments.alias("earlier")
    taken_away = (
        select(deployments.c.public_id)
        .join(
            earlier,
            and_(
                earlier.c.model_id == deployments.c.model_id,
                earlier.c.environment_id == deployments.c.environment_id,
                earlier.c.superseded_at == deployments.c.at,
            ),
        )
        .where(deployments.c.model_id == model.key, earlier.c.id.in_(carrying), deployments.c.id.not_in(carrying))
    )
    carried = select(deployments.c.public_id).where(deployments.c.id.in_(carrying))
    return union_all(*of_version, carried, taken_away)
