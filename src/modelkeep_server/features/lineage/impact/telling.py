"""
Telling the owners of what a change reaches: each once a day of the same thing by the same person, of their own versions
alone. By another it may be told again: who tells of it first keeps nobody's warning from those it is for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import Select, bindparam, case, func, literal, or_, select, union_all

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import (
    model_owners,
    models,
    people,
    service_accounts,
    team_members,
    teams,
    told,
    versions,
)
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.graph import labels
from modelkeep_server.features.lineage.impact.reaching import find_impact
from modelkeep_server.features.lineage.views import Impact, Node, Reached
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.notify.telling import tell
from modelkeep_server.features.versions.bases import digest_name
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import FieldError, Invalid, TooMany

#: All of it stands in the notice and in the mail: there is no other place that it leads to.
MESSAGE_CHARS = 1_000
KIND = "lineage.change"
#: Of so many things one person tells others in a day: each writes to everybody who owns what it reaches.
TELLS_MAX = 20
_NODE_CHARS = 500
#: Said instead of a node that somebody may not see by all that leads from it to them.
_UNNAMED = "something it comes from"


@dataclass(frozen=True)
class _Owner:
    """
    Somebody to be told: a person, by inside id, or an address that is nobody's. `mails`: they are written to as well;
    who owns through a team alone is not, since the team's address is.
    """

    address: str
    person_id: int | None = None
    mails: bool = True


def tell_owners(work: Work, actor: Actor, node_id: str, message: str) -> int:
    """
    Tell the owners of every version that a change of a node reaches, as far as the actor sees, and give how many were
    told. Whoever the actor told of the same node today is not told again.

    Raises:
        NotPermitted. NotFound: There is no such node that the actor sees.
        Invalid: The message does not fit, or nobody else owns anything that is reached.
        TooMany: The actor told everybody today, or told of `TELLS_MAX` other things.
    """
    access.require(work, actor, "lineage.tell")
    impact = find_impact(work, actor, node_id)
    owners = _find_owners(work, actor, {item.model_key for item in impact.items})
    _judge(impact, owners, message)
    _demand_few(work, actor, impact.node)
    fresh = _note_told(work, actor, impact.node, owners)
    if not fresh:
        raise TooMany(
            f"You told everybody today who owns what a change of {labels.say(impact.node)} reaches.",
            remedy="Tell them more tomorrow, or write a comment on the version that matters.",
        )
    together: dict[frozenset[int], list[_Owner]] = defaultdict(list)
    for owner in fresh:
        together[frozenset(owners[owner])].append(owner)
    restricted = _find_restricted(work, impact)
    places: dict[int, list[int]] = defaultdict(list)
    for place, item in enumerate(impact.items):
        places[item.model_key].append(place)
    for model_keys, some in together.items():
        items = [impact.items[place] for place in sorted(place for key in model_keys for place in places[key])]
        _tell(work, actor, impact.node, items, some, message, _is_open(items, restricted))
    _record(work, actor, impact, message, len(fresh))
    return len(fresh)


def _judge(impact: Impact, owners: Collection[_Owner], message: str) -> None:
    fault = texts.find_text_fault(message, max_chars=MESSAGE_CHARS, lines=True, required=True)
    faults = [FieldError("message", fault)] if fault else []
    if not impact.items:
        faults.append(FieldError("node", "No version that you can see comes from it, so there is nobody to tell."))
    elif not owners:
        faults.append(FieldError("node", "Nobody but you owns what comes from it, so there is nobody to tell."))
    if faults:
        raise Invalid.of(faults)


def _find_owners(work: Work, actor: Actor, model_keys: Collection[int]) -> dict[_Owner, set[int]]:
    """The owners of models, but not the actor, each with those that they own. One statement, or none."""
    mailed: dict[tuple[str, int | None], bool] = {}
    owned: dict[tuple[str, int | None], set[int]] = defaultdict(set)
    for row in work.all(_OWNERS, {"keys": model_keys}) if model_keys else ():
        if row.person_id == actor.user_id or (row.person_id is None and "@" not in row.address):
            continue
        who = (row.address, row.person_id)
        mailed[who] = mailed.get(who, False) or bool(row.mails)
        owned[who].add(row.model_id)
    return {_Owner(*who, mailed[who]): keys for who, keys in owned.items()}


def _select_owners() -> Select[Any]:
    """
    Owners by address: a person's, a team's whose members own as well, or one that is nobody's; and who registered.
    Programs and disabled people are told nothing.
    """
    owning = (in_keys(model_owners.c.model_id, "keys"), model_owners.c.removed_at.is_(None))
    by_address = (
        select(model_owners.c.model_id, people.c.id.label("person_id"), model_owners.c.email_key.label("address"),
               literal(1).label("mails"))
        .outerjoin(people, people.c.email_key == model_owners.c.email_key)
        .where(*owning)
    )  # fmt: skip
    by_team = (
        select(model_owners.c.model_id, people.c.id, people.c.email_key, literal(0))
        .join(teams, (teams.c.email_key == model_owners.c.email_key) & teams.c.ended_at.is_(None))
        .join(team_members, (team_members.c.team_id == teams.c.id) & team_members.c.ended_at.is_(None))
        .join(people, people.c.id == team_members.c.person_id)
        .where(*owning)
    )
    registered = (
        select(models.c.id, people.c.id, people.c.email_key, literal(1))
        .join(people, people.c.id == models.c.registrar_id)
        .where(in_keys(models.c.id, "keys"))
    )
    found = union_all(by_address, by_team, registered).subquery()
    silent = select(service_accounts.c.person_id).union_all(select(people.c.id).where(people.c.disabled))
    return select(found).where(or_(found.c.person_id.is_(None), found.c.person_id.not_in(silent)))


_OWNERS = _select_owners()


def _demand_few(work: Work, actor: Actor, node: Node) -> None:
    """Go on only where the actor told of few other things today. Two statements."""
    day = f"{KIND}/by/{actor.user_id}/{work.now:%Y-%m-%d}/"
    # Of two who come at once, the second counts what the first did.
    work.lock(people, actor.user_id or 0)
    here = f"{day}{digest_name(node.id)[:32]}"
    count = select(func.count()).select_from(told).where(told.c.key.startswith(day), told.c.key != here)
    if work.scalar(count) >= TELLS_MAX:
        raise TooMany(
            f"You told people of {TELLS_MAX} changes today, the most of one day.",
            remedy="Tell of what they have in common, a dataset or a base model that leads to all of it, tomorrow.",
        )
    work.keep(told, work.upsert(told).on_conflict_do_nothing(), [{"key": here, "at": work.now}])


def _note_told(work: Work, actor: Actor, node: Node, owners: Iterable[_Owner]) -> list[_Owner]:
    """Those of the owners whom the actor did not tell of this node today. Two statements."""
    day = f"{KIND}/{digest_name(node.id)[:32]}/{work.now:%Y-%m-%d}/{actor.user_id}"
    keys = {f"{day}/{owner.person_id or digest_name(owner.address)[:32]}": owner for owner in owners}
    adding = work.upsert(told).on_conflict_do_nothing()
    work.keep(told, adding, [{"key": key, "at": work.now} for key in sorted(keys)])
    # What somebody noted first has another moment.
    noted = work.all(select(told.c.key).where(told.c.key.startswith(day), told.c.at == work.now))
    return [keys[row.key] for row in noted if row.key in keys]


def _find_restricted(work: Work, impact: Impact) -> frozenset[str]:
    """The ids of the versions among what is reached, and the node itself, that not everybody sees. One statement."""
    keys = {item.model_key for item in impact.items}
    rows = work.all(_RESTRICTED, {"keys": keys, "path_key": (impact.node.model or "").lower()})
    hidden = {row.id for row in rows}
    ids = {item.path[-1] for item in impact.items if item.model_key in hidden}
    if any(row.path_key == (impact.node.model or "").lower() for row in rows):
        ids.add(impact.node.id)
    return frozenset(ids)


_RESTRICTED = select(models.c.id, models.c.path_key).where(
    or_(in_keys(models.c.id, "keys"), models.c.path_key == bindparam("path_key")),
    models.c.visibility == Visibility.RESTRICTED.value,
)


def _is_open(items: Sequence[Reached], restricted: Collection[str]) -> bool:
    """Whether whoever owns these sees, by one way at least, all that leads to them from the node."""
    own = {item.path[-1] for item in items}
    return any(all(on in own or on not in restricted for on in item.path) for item in items)


def _tell(
    work: Work, actor: Actor, node: Node, items: Sequence[Reached], owners: Sequence[_Owner], message: str, named: bool
) -> None:
    """Tell those who own the same of what is reached, nearest first."""
    first = items[0]
    more = len(items) - 1
    facts = {
        "node": labels.say(node)[:_NODE_CHARS] if named else _UNNAMED,
        "reached": f"{first.model}:{first.version}" + (f" and {more} more of your versions" if more else ""),
        "text": message,
    }
    persons = [owner.person_id for owner in owners if owner.person_id is not None]
    mailed = [owner.person_id for owner in owners if owner.person_id is not None and owner.mails]
    who = select(people.c.id.label("person_id"), case((people.c.id.in_(mailed), 1), else_=0).label("mails"))
    href = f"/lineage?node={quote(node.id, safe='')}" if named else _tab_of(first)
    tell(
        work, actor, KIND, facts, who.where(people.c.id.in_(persons)), href=href, model_key=first.model_key,
        addresses=[owner.address for owner in owners if owner.person_id is None],
    )  # fmt: skip


def _tab_of(item: Reached) -> str:
    return f"/models/{item.model}/versions/{quote(item.version, safe='')}/lineage"


def _record(work: Work, actor: Actor, impact: Impact, message: str, count: int) -> None:
    """One event, on the version that is the node, or the nearest that is reached."""
    model, version = impact.node.model, impact.node.version
    if model is None or version is None:
        model, version = impact.items[0].model, impact.items[0].version
    at = (models.c.path_key == model.lower(), versions.c.version == version)
    object_id = work.scalar(select(versions.c.public_id).join(models, models.c.id == versions.c.model_id).where(*at))
    access.record(
        work, actor, "lineage.tell", object_id=object_id, object_label=f"{model}:{version}", reason=message,
        after={
            "node": Veiled(impact.node.id[:_NODE_CHARS]), "versions": impact.total, "live": impact.live_count,
            "told": count,
        },
    )  # fmt: skip
