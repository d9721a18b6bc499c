"""Registering and editing models."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import PersonRef, Veiled
from modelkeep_server.db.tables import model_owners, models
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import checks, queries, tiers
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.models.views import EDITS, Model, ModelStatus
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, StateForbids


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
    insert_owners(work, key, new.owners)
    access.record(
        work, actor, "model.create", object_id=public_id, object_label=f"{new.group}/{new.name}", after=_facts(new)
    )
    return queries.get_model(work, actor, new.group, new.name)


#: What an owner may edit: the name of the column and of NewModel's field, and its JSON name.
EDITABLE_FIELDS: dict[str, str] = {
    "description": "description",
    "risk_tier": "riskTier",
    "risk_rationale": "riskRationale",
    "origin": "origin",
    "tags": "tags",
    "documentation_url": "documentationUrl",
    "repository_url": "repositoryUrl",
    "visibility": "visibility",
}

#: What an edit may name only as it is, and why.
FIXED_FIELDS: dict[str, str] = {
    "name": "A model is never renamed.",
    "group": "A model stays in its group.",
    "owners": "Owners change by a transfer, which an Admin makes.",
}


def update_model(
    work: Work,
    actor: Actor,
    group: str,
    name: str,
    changes: Mapping[str, Any],
    *,
    expected: Collection[int] | None,
    reason: str | None = None,
    when_raised: tiers.WhenRaised,
) -> Model:
    """
    Edit a model: by its owners, or its risk tier alone by an MRC who lowers it (features/models/tiers.py).

    Args:
        changes: New values by the names of `EDITABLE_FIELDS`; None or the empty text takes an optional one away.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
        reason: Why, in the editor's words, for the record.
        when_raised: What a raised risk tier brings about; features/promotion/findings/tier_raises.py, above, knows.
    Raises:
        NotFound: There is no such model that the actor can see.
        NotPermitted: The actor is no owner of the model with the role Model Owner, or an owner who lowers the tier of
            what was submitted.
        DutiesOverlap: An MRC who lowers the tier owned the model, or touched a version of it.
        StateForbids: The model is retired.
        Stale: Somebody else edited it since; says what.
        Invalid: Fields at fault, all of them at once.
    """
    model = queries.lock_model(work, actor, group, name)
    if tiers.is_lowering(work, actor, model, changes):
        demand_active(model)
        tiers.lower_tier(work, actor, model, changes["risk_tier"], expected=expected, reason=reason)
        return queries.get_model(work, actor, group, name)
    access.require(work, actor, "model.update", queries.relations_of(actor, model), owners=model.owners)
    demand_active(model)
    demand_fresh(work, model.address, model.id, EDITS, expected=expected, present=model.revision)
    before = _as_sent(model)
    given = {key: changes[key] for key in EDITABLE_FIELDS if key in changes}
    after = replace(before, **{key: _settle(key, value) for key, value in given.items()})
    if faults := _find_edit_faults(work, model, after, changes, reason):
        raise Invalid.of(faults)
    changed = [key for key in given if getattr(before, key) != getattr(after, key)]
    if not changed:
        return model
    values = {key: list(after.tags) if key == "tags" else getattr(after, key) or None for key in changed}
    work.change(
        models, model.key, {**values, "updated_at": work.now, "revision": model.revision + 1},
        expect={"revision": model.revision},
    )  # fmt: skip
    names = [EDITABLE_FIELDS[key] for key in changed]
    access.record(
        work, actor, "model.update", object_id=model.id, object_label=model.address,
        before={REVISION: model.revision} | _pick(_facts(before), names),
        after={REVISION: model.revision + 1} | _pick(_facts(after), names),
        reason=reason or None,
    )  # fmt: skip
    made = queries.get_model(work, actor, group, name)
    if tiers.is_lower(made.risk_tier, model.risk_tier.value):
        when_raised(work, actor, made, model.risk_tier)
    return made


def demand_active(model: Model) -> None:
    """Raises StateForbids where the model is retired, and so read-only."""
    if model.status is ModelStatus.RETIRED:
        raise StateForbids(f"{model.address} is retired.", remedy="A retired model is read-only. Register a new one.")


def _as_sent(model: Model) -> NewModel:
    """The model as somebody would send it to register it."""
    return NewModel(
        group=model.group,
        name=model.name,
        description=model.description,
        owners=model.owners,
        risk_tier=model.risk_tier.value,
        tags=model.tags,
        documentation_url=model.documentation_url,
        repository_url=model.repository_url,
        risk_rationale=model.risk_rationale,
        origin=model.origin.value,
        visibility=model.visibility.value,
    )


def _settle(key: str, value: Any) -> Any:
    """A value as NewModel holds it: a field that was taken away is the empty list or text, or None where it may be."""
    if key == "tags":
        return tuple(value or ())
    if key in ("documentation_url", "repository_url", "risk_rationale"):
        return value or None
    return value or ""


def _find_edit_faults(
    work: Work, model: Model, after: NewModel, changes: Mapping[str, Any], reason: str | None
) -> list[FieldError]:
    touched = {field for key, field in EDITABLE_FIELDS.items() if key in changes}
    faults = [fault for fault in checks.find_faults(after) if fault.field in touched]
    faults += [*_find_fixed_faults(_as_sent(model), changes), *checks.find_reason_faults(reason)]
    return faults + tiers.find_tier_faults(work, model, changes.get("risk_tier"), reason)


def _find_fixed_faults(before: NewModel, changes: Mapping[str, Any]) -> list[FieldError]:
    now = {"name": before.name, "group": before.group, "owners": list(before.owners)}
    return [FieldError(key, why) for key, why in FIXED_FIELDS.items() if key in changes and changes[key] != now[key]]


def _pick(facts: Mapping[str, object], names: Sequence[str]) -> dict[str, object]:
    return {name: facts[name] for name in names}


def insert_owners(work: Work, model_key: int, owners: Sequence[str]) -> None:
    """Write a list of owners, in its order."""
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
