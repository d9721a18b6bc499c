"""Creating versions."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import models, version_passages, versions
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.versions import checks, queries
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import canonical, clock, ids
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, StateForbids
from modelkeep_server.rules.lifecycle import State


def create_version(work: Work, actor: Actor, group: str, name: str, new: NewVersion) -> Version:
    """
    Add a version to a model, in DRAFT, with the next number.

    Raises:
        NotFound: There is no such model that the actor can see.
        NotPermitted: The actor is no owner of the model with the role Model Owner, and no collaborator with WRITE.
        StateForbids: The model is retired.
        Invalid: Fields at fault, all of them at once.
        NameTaken: The model has this version already.
    """
    model = model_queries.get_model(work, actor, group, name)
    access.require(work, actor, "version.create", model_queries.relations_of(actor, model))
    if model.status is ModelStatus.RETIRED:
        raise StateForbids(f"{model.address} is retired.", remedy="A retired model is read-only. Register a new one.")
    faults = checks.find_faults(new)
    if faults:
        raise Invalid.of(faults)
    taken = NameTaken(
        f"{model.address} has a version {new.version} already.",
        remedy="Choose the next number.",
        errors=[FieldError("version", f"{new.version} exists already. Choose the next number.")],
    )
    number = _take_number(work, model.key)
    metadata = checks.gather_metadata(new.metadata)
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        versions,
        {
            "public_id": public_id,
            "model_id": model.key,
            "version": new.version,
            "number": number,
            "description": new.description or None,
            "state": State.DRAFT.value,
            "commit_sha": new.commit_sha or None,
            "training_job_id": new.training_job_id or None,
            "metadata": metadata,
            "created_at": work.now,
            "created_by": actor.user_id,
            "updated_at": work.now,
            "revision": 1,
        },
        taken=taken,
    )
    passage = {"version_id": key, "state": State.DRAFT.value, "at": work.now, "person_id": actor.user_id}
    work.insert(version_passages, passage)
    work.change(models, model.key, {"updated_at": work.now})
    access.record(
        work,
        actor,
        "version.create",
        object_id=public_id,
        object_label=f"{model.address}:{new.version}",
        after={"model": model.id, "number": number, "state": State.DRAFT.value, **_facts(new, metadata)},
    )
    return queries.get_version(work, actor, group, name, new.version)


def _take_number(work: Work, model_key: int) -> int:
    """The next number of the model's versions. The model's row stays locked, so that nobody else takes the same."""
    work.first(select(models.c.id).where(models.c.id == model_key).with_for_update())
    last = work.scalar(select(func.max(versions.c.number)).where(versions.c.model_id == model_key))
    return (last or 0) + 1


def _facts(new: NewVersion, metadata: Mapping[str, Any]) -> dict[str, object]:
    """What the event says of the version as sent: numbers plainly, texts as commitments."""
    return {
        "version": new.version,
        "commitSha": new.commit_sha,
        "trainingJobId": Veiled(new.training_job_id) if new.training_job_id else None,
        "description": Veiled(new.description) if new.description else None,
        "metadata": Veiled(canonical.dumps(metadata)),
    }
