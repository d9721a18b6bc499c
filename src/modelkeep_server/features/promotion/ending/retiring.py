"""Ending a whole model: an Admin's act. Nothing is deleted; everything of it is read-only from then on."""

from collections.abc import Collection, Sequence

from sqlalchemy import Row, select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.tables import artifacts, links, models, promotions, version_passages, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import access_requests, sharing
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.views import EDITS, Model, ModelStatus
from modelkeep_server.features.notify.settling import settle
from modelkeep_server.features.policies.exceptions import end_all
from modelkeep_server.features.promotion.ending import retirements
from modelkeep_server.features.promotion.gathering import NAMED, demand_none_live
from modelkeep_server.features.promotion.views import Status
from modelkeep_server.rules.errors import Invalid, StateForbids
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.notices import KINDS, QUOTED_CHARS

VersionRow = Row[tuple[int, str, str, str, int]]


def retire_model(
    work: Work, actor: Actor, group: str, name: str, *, reason: str, expected: Collection[int] | None = None
) -> Model:
    """
    Retire a model for good: all its versions become RETIRED, and what others were let in for ends.

    Uploads under way are refused when they finish, since the model is read-only by then; links end at once.

    Args:
        expected: The revisions that it was decided on, or None.
    Raises:
        NotFound, NotPermitted; StateForbids: it is retired already, or a version is in PRODUCTION.
        Stale: Somebody edited it since. Invalid: the reason is missing.
    """
    model = model_queries.lock_model(work, actor, group, name)
    access.require(work, actor, "model.retire")
    _demand_standing(work, model)
    demand_fresh(work, model.address, model.id, EDITS, expected=expected, present=model.revision)
    for key in work.all(select(versions.c.id).where(versions.c.model_id == model.key).order_by(versions.c.id)):
        work.lock(versions, key.id)
    rows = _list_versions(work, model)
    _demand_none_in_production(model, rows)
    demand_none_live(work, {row.id: f"{model.address}:{row.version}" for row in rows})
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)
    retired = [row for row in rows if row.state != State.RETIRED]
    for row in retired:
        _retire_version(work, actor, model, row, reason)
    after = {
        REVISION: model.revision + 1,
        "status": ModelStatus.RETIRED.value,
        "versions": len(retired),
        "collaborators": sharing.end_all(work, model),
        "requests": access_requests.end_all(work, actor, model, reason=f"The model was retired: {reason}"),
        "links": _end_links(work, model),
        "promotions": _end_promotions(work, actor, model, reason),
        "exceptions": end_all(work, actor, model, reason=f"The model was retired: {reason}"),
    }
    work.change(
        models, model.key,
        {"status": ModelStatus.RETIRED.value, "updated_at": work.now, "revision": model.revision + 1},
        expect={"status": ModelStatus.ACTIVE.value, "revision": model.revision},
    )  # fmt: skip
    access.record(
        work, actor, "model.retire", object_id=model.id, object_label=model.address,
        before={REVISION: model.revision, "status": model.status.value}, after=after, reason=reason,
    )  # fmt: skip
    settle(work, [kind.id for kind in KINDS.values() if kind.waits], model_key=model.key)
    facts = {"version": model.address, "state": State.RETIRED.value, "text": reason[:QUOTED_CHARS]}
    tell_about(work, actor, "version.moved", facts, About.of(model), href=f"/models/{model.address}")
    return model_queries.get_model(work, actor, group, name)


def plan_retirement(work: Work, actor: Actor, group: str, name: str) -> Model:
    """The model that `retire_model` would retire. Raises as it does, but for a reason, and changes nothing."""
    model = model_queries.get_model(work, actor, group, name)
    access.require(work, actor, "model.retire")
    _demand_standing(work, model)
    rows = _list_versions(work, model)
    _demand_none_in_production(model, rows)
    demand_none_live(work, {row.id: f"{model.address}:{row.version}" for row in rows})
    return model


def _demand_standing(work: Work, model: Model) -> None:
    ended = retirements.find_retirement(work, model)
    if ended is not None:
        raise StateForbids(ended.sentence, remedy="Nothing is left to retire.")


def _list_versions(work: Work, model: Model) -> Sequence[VersionRow]:
    return work.all(
        select(versions.c.id, versions.c.public_id, versions.c.version, versions.c.state, versions.c.revision)
        .where(versions.c.model_id == model.key)
        .order_by(versions.c.id)
    )


def _demand_none_in_production(model: Model, rows: Sequence[VersionRow]) -> None:
    live = [row.version for row in rows if row.state == State.PRODUCTION]
    if live:
        more = f" and {len(live) - NAMED} more" if len(live) > NAMED else ""
        verb = "is" if len(live) == 1 else "are"
        raise StateForbids(
            f"{', '.join(live[:NAMED])}{more} of {model.address} {verb} in PRODUCTION.",
            remedy="Deprecate what is in production first; an owner or an Admin can.",
        )


def _retire_version(work: Work, actor: Actor, model: Model, row: VersionRow, reason: str) -> None:
    work.change(
        versions, row.id, {"state": State.RETIRED.value, "updated_at": work.now, "revision": row.revision + 1},
        expect={"state": row.state, "revision": row.revision},
    )  # fmt: skip
    passage = {"version_id": row.id, "state": State.RETIRED.value, "at": work.now, "person_id": actor.user_id}
    work.insert(version_passages, passage)
    access.record(
        work, actor, "version.retire", object_id=row.public_id, object_label=f"{model.address}:{row.version}",
        before={REVISION: row.revision, "state": row.state},
        after={REVISION: row.revision + 1, "state": State.RETIRED.value},
        reason=reason,
    )  # fmt: skip


def _end_promotions(work: Work, actor: Actor, model: Model, reason: str) -> int:
    """End every request that waits for a decision on a version of the model."""
    of_model = select(versions.c.id).where(versions.c.model_id == model.key)
    rows = work.all(
        select(promotions.c.id, promotions.c.revision).where(
            promotions.c.version_id.in_(of_model), promotions.c.status == Status.OPEN.value
        )
    )
    for row in rows:
        ended = {"status": Status.WITHDRAWN.value, "ended_by": actor.user_id, "ended_at": work.now,
                 "end_reason": f"The model was retired: {reason}", "revision": row.revision + 1}  # fmt: skip
        work.change(promotions, row.id, ended, expect={"revision": row.revision})
    return len(rows)


def _end_links(work: Work, model: Model) -> int:
    """End every download link to a file of the model that would open still."""
    of_model = (
        select(artifacts.c.id)
        .join(versions, versions.c.id == artifacts.c.version_id)
        .where(versions.c.model_id == model.key)
    )
    rows = work.all(select(links.c.id).where(links.c.artifact_id.in_(of_model), links.c.expires_at > work.now))
    for row in rows:
        work.change(links, row.id, {"expires_at": work.now})
    return len(rows)
