"""Creating, changing and ending environments. What kind one is never changes."""

from collections.abc import Collection, Mapping
from typing import Any

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import environments
from modelkeep_server.db.work import Work
from modelkeep_server.features.deployments import live as live_queries
from modelkeep_server.features.deployments import queries
from modelkeep_server.features.deployments.views import Environment, Kind
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, NameTaken, StateForbids

NAME_CHARS = 60
_EDITS = ("environment.update",)


def create_environment(work: Work, actor: Actor, name: str, kind: str, region: str | None = None) -> Environment:
    """
    Create an environment.

    Raises NotPermitted; Invalid: fields at fault; NameTaken: one of this name stands already, in any case.
    """
    access.require(work, actor, "environment.create")
    faults = _find_faults(name, region) or _find_clashes(name)
    if kind not in list(Kind):
        choices = " or ".join(Kind)
        said = f"{kind[:60]!r} is no kind. Write {choices}." if kind else f"Choose what it is for: {choices}."
        faults.append(FieldError("kind", said))
    if faults:
        raise Invalid.of(faults)
    public_id = ids.uuid7(clock.to_us(work.now))
    work.insert(
        environments,
        {
            "public_id": public_id,
            "name": name,
            "name_key": name.lower(),
            "kind": kind,
            "region": region or None,
            "created_by": actor.user_id,
            "created_at": work.now,
            "revision": 1,
        },
        taken=_taken(name),
    )
    access.record(
        work, actor, "environment.create", object_id=public_id, object_label=name,
        after={"name": _veil(name), "kind": kind, "region": _veil(region), REVISION: 1},
    )  # fmt: skip
    return queries.get_environment(work, public_id)


def update_environment(
    work: Work,
    actor: Actor,
    environment_id: str,
    changes: Mapping[str, Any],
    *,
    expected: Collection[int] | None = None,
    reason: str | None = None,
) -> Environment:
    """
    Change the name or region of an environment, the keys of `changes`.

    Raises NotFound, NotPermitted, Stale, NameTaken; StateForbids: it has ended; Invalid: fields at fault.
    """
    access.require(work, actor, "environment.update")
    found = _lock(work, environment_id)
    demand_fresh(
        work, f"The environment {found.name}", found.id, _EDITS, expected=expected, present=found.revision
    )  # fmt: skip
    before = {"name": found.name, "region": found.region}
    after = {"name": changes.get("name", found.name), "region": changes.get("region", found.region) or None}
    faults = [*_find_faults(after["name"] or "", after["region"]), *find_reason_faults(reason)]
    if after["name"] != before["name"] and not faults:
        faults += _find_clashes(str(after["name"]))
    if faults:
        raise Invalid.of(faults)
    changed = [key for key in after if before[key] != after[key]]
    if not changed:
        return found
    name = str(after["name"])
    work.change(
        environments, found.key, {**after, "name_key": name.lower(), "revision": found.revision + 1},
        expect={"revision": found.revision}, taken=_taken(name),
    )  # fmt: skip
    access.record(
        work, actor, "environment.update", object_id=found.id, object_label=name, reason=reason or None,
        before={REVISION: found.revision} | {key: _veil(before[key]) for key in changed},
        after={REVISION: found.revision + 1} | {key: _veil(after[key]) for key in changed},
    )  # fmt: skip
    return queries.get_environment(work, found.id)


def end_environment(work: Work, actor: Actor, environment_id: str, *, reason: str | None = None) -> Environment:
    """
    End an environment. Its history stays, and its name is free again.

    Raises NotFound, NotPermitted, Invalid; StateForbids: something is live in it, or it has ended already.
    """
    access.require(work, actor, "environment.end")
    found = _lock(work, environment_id)
    faults = find_reason_faults(reason)
    if faults:
        raise Invalid.of(faults)
    count = live_queries.count_live_in(work, found)
    if count:
        models = "one model" if count == 1 else f"{count} models"
        raise StateForbids(
            f"Something of {models} is live in {found.name}.",
            remedy="Record first that nothing is live there any more: a deployment with an empty live set.",
        )
    work.change(
        environments, found.key,
        {"ended_by": actor.user_id, "ended_at": work.now, "revision": found.revision + 1},
        expect={"revision": found.revision, "ended_at": None},
    )  # fmt: skip
    access.record(
        work, actor, "environment.end", object_id=found.id, object_label=found.name, reason=reason or None,
        before={REVISION: found.revision, "ended": False}, after={REVISION: found.revision + 1, "ended": True},
    )  # fmt: skip
    return queries.get_environment(work, found.id)


def demand_standing(environment: Environment) -> None:
    """Raises StateForbids where an environment has ended."""
    if environment.ended_at is not None:
        raise StateForbids(
            f"{environment.name} ended on {clock.say_moment(environment.ended_at)}.",
            remedy="Name another environment, or create one.",
        )


def _lock(work: Work, environment_id: str) -> Environment:
    work.lock(environments, queries.get_environment(work, environment_id).key)
    found = queries.get_environment(work, environment_id)
    demand_standing(found)
    return found


def _find_faults(name: str, region: str | None) -> list[FieldError]:
    faults = []
    for key, text, required in (("name", name, True), ("region", region or "", False)):
        fault = texts.find_text_fault(text, max_chars=NAME_CHARS, required=required)
        if fault is None and text != text.strip():
            fault = "It neither begins nor ends with a blank."
        if fault:
            faults.append(FieldError(key, fault))
    return faults


def _find_clashes(name: str) -> list[FieldError]:
    """What keeps a name from standing in addresses and commands; asked of new names alone."""
    if name[0] in "-." or "/" in name or "\\" in name:
        said = "It stands in addresses and commands, so it begins with neither - nor a dot, and has no / or \\ in it."
        return [FieldError("name", said)]
    return []


def _veil(text: str | None) -> Veiled | None:
    return Veiled(text) if text else None


def _taken(name: str) -> NameTaken:
    return NameTaken(
        f"There is an environment {name} already.",
        remedy="Choose another name, or use that one.",
        errors=[FieldError("name", f"{name} exists already. Choose another name.")],
    )
