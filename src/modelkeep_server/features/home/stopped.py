"""
What has come to a stop though nothing of it is asked of anybody: findings that keep a version from being asked for
again, what is live though it is deprecated, what stands in staging.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from modelkeep_server.db.tables import (
    deployment_shares,
    deployments,
    environments,
    findings,
    models,
    people,
    promotions,
    version_passages,
    versions,
)
from modelkeep_server.features.deployments.rows import CURRENT
from modelkeep_server.features.home.arms import ON_VERSION, arm, us
from modelkeep_server.features.home.views import Kind
from modelkeep_server.features.models.separation import was_owned, was_touched
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.models.visibility import Sight, visible_by
from modelkeep_server.features.promotion.views import FindingStatus, Status
from modelkeep_server.features.versions.conditions import has_flag, versions_of
from modelkeep_server.rules.lifecycle import State

_raisers = people.alias("finding_raisers")
#: Where a version stands that its reviewers sent back.
SENT_BACK_TO = (State.CHANGES_REQUESTED.value, State.STAGING.value)
_FAR = (State.STAGING.value, State.APPROVED_PROD.value, State.PRODUCTION.value)


def is_last(rounds: Any) -> ColumnElement[bool]:
    """Whether no round of the version came after one of these."""
    later = promotions.alias("later_round")
    return ~exists().where(later.c.version_id == rounds.c.version_id, later.c.round > rounds.c.round)


def find_blocking() -> ColumnElement[Any]:
    """The public id of the oldest finding that blocks a row of `versions`, or NULL."""
    return (
        select(func.min(findings.c.public_id))
        .where(findings.c.version_id == versions.c.id, *_blocks())
        .correlate(versions)
        .scalar_subquery()
    )


def to_settle(sight: Sight) -> Select[Any]:
    """For those who decide and are apart: what blocks a version that came back from its reviewers."""
    rounds = promotions.alias("sent_back")
    sent_back = exists().where(
        rounds.c.version_id == versions.c.id, rounds.c.status == Status.CHANGES_REQUESTED.value, is_last(rounds)
    )
    told = (
        versions_of(findings)
        .join(_raisers, _raisers.c.id == findings.c.raised_by)
        .where(*_blocks(), versions.c.state.in_(SENT_BACK_TO), sent_back, *_stands(sight))
        .where(~was_owned(), ~was_touched())
    )
    return arm(Kind.SETTLE, told, {
        **ON_VERSION, "since": us(findings.c.raised_at), "who": _raisers.c.email, "said": findings.c.text,
        "ref": findings.c.public_id,
    })  # fmt: skip


def to_take_off(sight: Sight) -> Select[Any]:
    """For those who record deployments: each place where a deprecated version is live."""
    told = (
        versions_of(version_passages)
        .join(deployment_shares, deployment_shares.c.version_id == versions.c.id)
        .join(deployments, and_(deployments.c.id == deployment_shares.c.deployment_id, CURRENT))
        .join(environments, environments.c.id == deployments.c.environment_id)
        .where(version_passages.c.state == State.DEPRECATED.value, versions.c.state == State.DEPRECATED.value)
        .where(visible_by(sight))
    )
    return arm(Kind.TAKE_OFF, told, {
        **ON_VERSION, "since": us(version_passages.c.at), "word": environments.c.name,
    })  # fmt: skip


def to_ask(sight: Sight, owns: ColumnElement[bool]) -> Select[Any]:
    """For owners: the newest version of each model that is in staging, where nothing is asked and nothing blocks it."""
    newer, rounds = versions.alias("newer"), promotions.alias("rounds")
    overtaken = exists().where(
        newer.c.model_id == versions.c.model_id, newer.c.number > versions.c.number, newer.c.state.in_(_FAR),
        ~has_flag(newer.c.id, "CLOSED"),
    )  # fmt: skip
    waits = exists().where(
        rounds.c.version_id == versions.c.id, is_last(rounds),
        rounds.c.status.in_([Status.OPEN.value, Status.CHANGES_REQUESTED.value]),
    )  # fmt: skip
    # It comes to staging again from each round that did not lead on.
    last_came = (
        select(func.max(version_passages.c.at))
        .where(version_passages.c.version_id == versions.c.id, version_passages.c.state == State.STAGING.value)
        .correlate(versions)
        .scalar_subquery()
    )
    told = select(versions).join(models, models.c.id == versions.c.model_id).where(
        owns, versions.c.state == State.STAGING.value, ~overtaken,
        ~waits, ~exists().where(findings.c.version_id == versions.c.id, *_blocks()),
        ~has_flag(versions.c.id, "HOLD"), *_stands(sight),
    )  # fmt: skip
    return arm(Kind.ASK, told, {**ON_VERSION, "since": us(last_came)})


def _blocks() -> Sequence[ColumnElement[bool]]:
    return (findings.c.status == FindingStatus.OPEN.value, findings.c.blocking.is_(True))


def _stands(sight: Sight) -> Sequence[ColumnElement[bool]]:
    return (models.c.status == ModelStatus.ACTIVE.value, visible_by(sight), ~has_flag(versions.c.id, "CLOSED"))
