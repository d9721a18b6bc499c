"""Registering models."""

from collections.abc import Sequence

from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import model_owners, models
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import checks, queries
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.models.views import Model, ModelStatus
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken


def create_model(work: Work, actor: Actor, new: NewModel) -> Model:
    """
    Register a model. Whoever registers it owns it too, beside the owners named.

    Raises:
        NotPermitted: The role Model Owner is missing.
        Invalid: Fields at fault, all of them at once.
        NameTaken: The name is in use in its group, ignoring case.
    """
    access.require(work, actor, "model.create")
    faults = checks.find_faults(new)
    if faults:
        raise Invalid.of(faults)
    taken = NameTaken(
        f"The group {new.group} has a model {new.name} already.",
        remedy="Choose another name, or add a version to the model that is there.",
        errors=[
            FieldError("name", f"{new.group} already has this model. Add a version to it, or choose another name.")
        ],
    )
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        models,
        {
            "public_id": public_id,
            "group_name": new.group,
            "name": new.name,
            "path_key": f"{new.group}/{new.name}".lower(),
            "description": new.description,
            "registrar_id": actor.user_id,
            "risk_rationale": new.risk_rationale or None,
            "origin": new.origin,
            "risk_tier": new.risk_tier,
            "tags": list(new.tags),
            "documentation_url": new.documentation_url or None,
            "repository_url": new.repository_url or None,
            "visibility": new.visibility,
            "status": ModelStatus.ACTIVE.value,
            "created_at": work.now,
            "created_by": actor.user_id,
            "updated_at": work.now,
            "revision": 1,
        },
        taken=taken,
    )
    _insert_owners(work, key, new.owners)
    access.record(
        work, actor, "model.create", object_id=public_id, object_label=f"{new.group}/{new.name}", after=_facts(new)
    )
    return queries.get_model(work, actor, new.group, new.name)


def _insert_owners(work: Work, model_key: int, owners: Sequence[str]) -> None:
    for position, owner in enumerate(owners):
        work.insert(
            model_owners,
            {
                "model_id": model_key,
                "position": position,
                "email": owner,
                "email_key": owner.casefold(),
                "added_at": work.now,
            },
        )


def _facts(new: NewModel) -> dict[str, object]:
    """What the event says of the new model: names and enums plainly, people as pseudonyms, texts as commitments."""
    return {
        "group": new.group,
        "name": new.name,
        "description": Veiled(new.description),
        "owners": [PersonRef(owner) for owner in new.owners],
        "riskTier": new.risk_tier,
        "riskRationale": Veiled(new.risk_rationale) if new.risk_rationale else None,
        "origin": new.origin,
        "visibility": new.visibility,
        "tags": [Veiled(tag) for tag in new.tags],
        "documentationUrl": Veiled(new.documentation_url) if new.documentation_url else None,
        "repositoryUrl": Veiled(new.repository_url) if new.repository_url else None,
    }
