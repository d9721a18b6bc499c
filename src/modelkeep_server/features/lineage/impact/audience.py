"""
Whom a change concerns: the owners of what it reaches, each with their own versions, and what each may be told of it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, literal, or_, select, union_all

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import model_owners, models, people, service_accounts, team_members, teams
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.lineage.views import Impact, Reached
from modelkeep_server.features.models.views import Visibility


@dataclass(frozen=True)
class Owner:
    """
    Somebody to be told: a person, by inside id, or an address that is nobody's, for instance a team's. `mails`: they
    are written to as well; who owns through a team alone is not, since the team's address is.
    """

    address: str
    person_id: int | None = None
    mails: bool = True


@dataclass(frozen=True)
class Addressee:
    """
    An owner with those of their versions that are reached, in the order of the impact. `is_named`: they are told what
    it is that changes, for they see all that leads from it to one of these. `is_open`: that everybody may know, for
    one of these is seen by everybody.
    """

    owner: Owner
    items: tuple[Reached, ...]
    is_named: bool
    is_open: bool


@dataclass(frozen=True)
class Audience:
    """
    Who is told of a change by somebody, by address. `silent` are reached versions of which nobody hears of it: their
    owners left. `restricted` are the ids of versions, reached or the node, that not everybody sees.
    """

    addressees: tuple[Addressee, ...]
    silent: tuple[Reached, ...]
    restricted: frozenset[str]


def find_audience(work: Work, actor: Actor, impact: Impact) -> Audience:
    """The owners of all that is reached, but not the actor. Two statements, or none."""
    if not impact.items:
        return Audience((), (), frozenset())
    owners, heard = _find_owners(work, actor, {item.model_key for item in impact.items})
    restricted = _find_restricted(work, impact)
    by_model: dict[int, list[int]] = defaultdict(list)
    for place, item in enumerate(impact.items):
        by_model[item.model_key].append(place)
    # Many own the same: what each set of models has of it is gathered once.
    of_models: dict[frozenset[int], tuple[tuple[Reached, ...], bool, bool]] = {}
    addressees = []
    for owner, keys in sorted(owners.items(), key=lambda pair: (pair[0].address, pair[0].person_id or 0)):
        own = frozenset(keys)
        if own not in of_models:
            items = tuple(impact.items[place] for place in sorted(place for key in own for place in by_model[key]))
            is_open = any(item.path[-1] not in restricted for item in items)
            of_models[own] = items, _sees_a_way(items, restricted), is_open
        addressees.append(Addressee(owner, *of_models[own]))
    return Audience(tuple(addressees), tuple(item for item in impact.items if item.model_key not in heard), restricted)


def _find_owners(work: Work, actor: Actor, model_keys: Collection[int]) -> tuple[Mapping[Owner, set[int]], set[int]]:
    """The owners of models with those that they own, but not the actor; and the models that anybody owns with them."""
    mailed: dict[tuple[str, int | None], bool] = {}
    owned: dict[tuple[str, int | None], set[int]] = defaultdict(set)
    heard = set()
    for row in work.all(_OWNERS, {"keys": model_keys}):
        if row.person_id is None and "@" not in row.address:
            continue
        heard.add(row.model_id)
        if row.person_id == actor.user_id:
            continue
        who = (row.address, row.person_id)
        mailed[who] = mailed.get(who, False) or bool(row.mails)
        owned[who].add(row.model_id)
    return {Owner(*who, mailed[who]): keys for who, keys in owned.items()}, heard


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


def _find_restricted(work: Work, impact: Impact) -> frozenset[str]:
    """The ids of the versions among what is reached, and the node itself, that not everybody sees. One statement."""
    path_key = (impact.node.model or "").lower()
    rows = work.all(_RESTRICTED, {"keys": {item.model_key for item in impact.items}, "path_key": path_key})
    hidden = {row.id for row in rows}
    ids = {item.path[-1] for item in impact.items if item.model_key in hidden}
    if any(row.path_key == path_key for row in rows):
        ids.add(impact.node.id)
    return frozenset(ids)


_RESTRICTED = select(models.c.id, models.c.path_key).where(
    or_(in_keys(models.c.id, "keys"), models.c.path_key == bindparam("path_key")),
    models.c.visibility == Visibility.RESTRICTED.value,
)


def _sees_a_way(items: Sequence[Reached], restricted: Collection[str]) -> bool:
    """Whether whoever owns these sees, by one way at least, all that leads to them from the node."""
    own = {item.path[-1] for item in items}
    return any(all(on in own or on not in restricted for on in item.path) for item in items)
