"""
Saving searches, changing, sharing, copying and deleting them, putting deleted ones back, and taking down what others
share.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.edits import REVISION, demand_fresh
from modelkeep_server.db.ledger import Veiled
from modelkeep_server.db.tables import people, saved_searches
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.checks import find_reason_faults
from modelkeep_server.features.models.separation import answered_for
from modelkeep_server.features.notify.telling import tell
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import Node
from modelkeep_server.features.search.saved import alerts, queries
from modelkeep_server.features.search.saved.needles import keep_needles
from modelkeep_server.features.search.saved.views import NewSearch, SavedSearch
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.words import fold_value
from modelkeep_server.rules.errors import (
    DutiesOverlap,
    FieldError,
    Invalid,
    NameTaken,
    NotFound,
    NotPermitted,
    StateForbids,
)
from modelkeep_server.rules.notices import QUOTED_CHARS
from modelkeep_server.rules.saved_searches import (
    NAME_CHARS,
    RESTORED_DAYS,
    SEARCHES_MAX,
    SORTS,
    Sharing,
    find_choice_fault,
    find_name_fault,
    find_query_fault,
)

#: What makes a new revision of a saved search.
EDITS = ("search.update", "search.restore", "search.take_down", "search.allow")
_TAKEN = "Another saved search of yours has this name."


def save_search(work: Work, actor: Actor, new: NewSearch, *, copied_from: str | None = None) -> SavedSearch:
    """
    Save a search under a name.

    Args:
        copied_from: The id of the search that this one is a copy of.
    Raises:
        Invalid: Fields at fault, all of them at once; of a query that cannot be read with the place.
        NameTaken: The actor saved another one under the name.
        StateForbids: The actor has as many as one may have.
    """
    access.require(work, actor, "search.save")
    # One after the other, so that what is counted is what there is.
    work.lock(people, actor.user_id or 0)
    values, node = _judge(
        work, {"name": new.name, "query": new.query, "sort": new.sort, "sharing": new.sharing}, read=True
    )
    _demand_room(work, actor)
    public_id = ids.uuid7(clock.to_us(work.now))
    key = work.insert(
        saved_searches,
        {"public_id": public_id, "person_id": actor.user_id, **values, "name_key": fold_value(values["name"]),
         "created_at": work.now, "updated_at": work.now, "revision": 1},
        taken=_taken(),
    )  # fmt: skip
    keep_needles(work, key, node)
    after = {name: _told(name, value) for name, value in values.items()} | {REVISION: 1}
    if copied_from is not None:
        after["copiedFrom"] = copied_from
    access.record(work, actor, "search.save", object_id=public_id, after=after)
    made = queries.get_search(work, actor, public_id)
    return alerts.turn_on(work, actor, made.id) if new.alert else made


def update_search(
    work: Work, actor: Actor, public_id: str, changes: Mapping[str, Any], *, expected: Collection[int] | None
) -> SavedSearch:
    """
    Rename a search, change what it asks, share it or stop that. Whoever is told by it goes on being told.

    Args:
        changes: New values of `name`, `query`, `sort` and `sharing`.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
    Raises:
        NotFound: There is none that the actor finds.
        NotPermitted: It is somebody else's.
        Stale: It was changed since; says what.
        StateForbids: It is to be shared, and an Admin took it down.
        Invalid, NameTaken: As `save_search`.
    """
    access.require(work, actor, "search.update")
    search = _lock_own(work, actor, public_id)
    demand_fresh(work, search.name, search.id, EDITS, expected=expected, present=search.revision)
    present = {
        "name": search.name, "query": search.query, "sort": search.sort, "sharing": search.sharing.value,
    }  # fmt: skip
    # One whose query is not understood any more can still be renamed or kept to oneself.
    read = changes.get("query", search.query) != search.query
    values, node = _judge(work, {name: changes.get(name, value) for name, value in present.items()}, read=read)
    changed = {name: value for name, value in values.items() if value != present[name]}
    if not changed:
        return search
    if changed.get("sharing") == Sharing.SHARED:
        _demand_not_taken_down(work, search)
    _change(work, search.key, search.revision, {**changed, "name_key": fold_value(values["name"])})
    if "query" in changed:
        keep_needles(work, search.key, node)
    access.record(
        work, actor, "search.update", object_id=search.id,
        before={REVISION: search.revision} | {name: _told(name, present[name]) for name in changed},
        after={REVISION: search.revision + 1} | {name: _told(name, value) for name, value in changed.items()},
    )  # fmt: skip
    return queries.get_search(work, actor, public_id)


def delete_search(work: Work, actor: Actor, public_id: str, *, expected: Collection[int] | None = None) -> None:
    """Delete a search: nobody finds it, nor is told by it, until it is put back. Raises as `update_search`."""
    access.require(work, actor, "search.delete")
    search = _lock_own(work, actor, public_id)
    demand_fresh(work, search.name, search.id, EDITS, expected=expected, present=search.revision)
    _change(work, search.key, search.revision, {"ended_at": work.now})
    keep_needles(work, search.key, None)
    access.record(
        work, actor, "search.delete", object_id=search.id,
        before={REVISION: search.revision}, after={REVISION: search.revision + 1},
    )  # fmt: skip


def restore_search(work: Work, actor: Actor, public_id: str) -> SavedSearch:
    """
    Put a search back that the actor deleted in the last `RESTORED_DAYS`, with whoever was told by it.

    Raises:
        NotFound: The actor deleted none by this id, or too long ago, or it is back.
        NameTaken: The actor saved another one under its name meanwhile.
        StateForbids: The actor has as many as one may have.
    """
    access.require(work, actor, "search.restore")
    work.lock(people, actor.user_id or 0)
    search = queries.find_deleted(work, actor, public_id)
    if search is None:
        raise NotFound(
            "There is no such search of yours that was deleted.",
            remedy=f"It can be put back for {RESTORED_DAYS} days. Save it anew.",
        )
    _demand_room(work, actor)
    _change(work, search.key, search.revision, {"ended_at": None})
    keep_needles(work, search.key, None if search.fault else read_query(search.query, now=work.now))
    access.record(
        work, actor, "search.restore", object_id=search.id,
        before={REVISION: search.revision}, after={REVISION: search.revision + 1},
    )  # fmt: skip
    return queries.get_search(work, actor, public_id)


def take_down_search(work: Work, actor: Actor, public_id: str, *, reason: str) -> None:
    """
    Let nobody but whoever saved a search find it, who keeps it, is told why, and shares it no more until an Admin
    allows it. Whoever followed it is told by it no more, should it be shared again either, until they follow it again.

    Raises:
        NotFound: There is none that the actor finds.
        StateForbids: Nobody else finds it. Invalid: The reason is missing.
    """
    access.require(work, actor, "search.take_down")
    search = queries.lock_search(work, actor, public_id)
    if not search.is_shared:
        raise StateForbids("Nobody else finds this search.", remedy="Delete it if it should be gone.")
    faults = find_reason_faults(reason, required=True)
    if faults:
        raise Invalid.of(faults)
    down = {"sharing": Sharing.PRIVATE.value, "taken_down_at": work.now, "taken_down_reason": reason}
    _change(work, search.key, search.revision, down)
    alerts.end_of_others(work, search)
    access.record(
        work, actor, "search.take_down", object_id=search.id,
        before={REVISION: search.revision, "sharing": search.sharing.value},
        after={REVISION: search.revision + 1, "sharing": Sharing.PRIVATE.value}, reason=reason,
    )  # fmt: skip
    facts = {"search": search.name, "text": reason[:QUOTED_CHARS]}
    tell(
        work, actor, "search.taken_down", facts, [search.person_key], href=f"/searches#search-{search.id}",
        model_key=None,
    )  # fmt: skip


def allow_search(work: Work, actor: Actor, public_id: str) -> None:
    """
    Let whoever saved a search that was taken down share it again, and tell them so; what it asks is not told.

    Raises:
        NotFound: None by this id is taken down.
        DutiesOverlap: The actor saved it, or answers for the program that did.
    """
    access.require(work, actor, "search.allow")
    found = queries.find_taken_down(work, public_id)
    if found is not None:
        work.lock(saved_searches, found.id)
        found = queries.find_taken_down(work, public_id)
    if found is None:
        raise NotFound("No search by this id is taken down.", remedy="Saved searches lists those that are.")
    if found.person_id in answered_for(work, actor.user_id or 0):
        raise DutiesOverlap(
            "This search is yours, so another Admin allows it to be shared again.", remedy="Ask another Admin."
        )
    _change(work, found.id, found.revision, {"taken_down_at": None, "taken_down_reason": None})
    access.record(
        work, actor, "search.allow", object_id=public_id.lower(),
        before={REVISION: found.revision}, after={REVISION: found.revision + 1},
    )  # fmt: skip
    tell(
        work, actor, "search.allowed", {"search": found.name}, [found.person_id],
        href=f"/searches#search-{public_id.lower()}", model_key=None,
    )  # fmt: skip


def copy_search(work: Work, actor: Actor, public_id: str, *, name: str | None = None) -> SavedSearch:
    """
    Save a search that one finds as one's own, private and without an alert; without a `name` under its own one, with a
    number behind it where the actor has that. Raises as `save_search`; NotFound; StateForbids where it was taken down,
    since a copy could be shared.
    """
    access.require(work, actor, "search.save")
    search = queries.get_search(work, actor, public_id)
    _demand_not_taken_down(work, search)
    new = NewSearch(_free_name(work, actor, search.name) if name is None else name, search.query, search.sort)
    return save_search(work, actor, new, copied_from=search.id)


def _demand_room(work: Work, actor: Actor) -> None:
    """One statement. Raises StateForbids where the actor has as many as one may have."""
    if queries.count_mine(work, actor) >= SEARCHES_MAX:
        raise StateForbids(f"You saved {SEARCHES_MAX} searches already.", remedy="Delete one that you do not need.")


def _free_name(work: Work, actor: Actor, name: str) -> str:
    mine = (saved_searches.c.person_id == actor.user_id, saved_searches.c.ended_at.is_(None))
    taken = {row.name_key for row in work.all(select(saved_searches.c.name_key).where(*mine))}
    tried, number = name, 1
    while fold_value(tried) in taken:
        number += 1
        tried = f"{name[: NAME_CHARS - len(str(number)) - 1]} {number}"
    return tried


def _lock_own(work: Work, actor: Actor, public_id: str) -> SavedSearch:
    """A search of the actor that nobody changes meanwhile. Three statements. Raises NotFound, NotPermitted."""
    search = queries.lock_search(work, actor, public_id)
    if not search.is_mine:
        raise NotPermitted(
            f"{search.saved_by} saved this search, and nobody else changes it.", remedy="Copy it, and change the copy."
        )
    return search


def _demand_not_taken_down(work: Work, search: SavedSearch) -> None:
    if search.taken_down_reason is not None:
        told = f"An Admin took this search down: {search.taken_down_reason}"
        told = told if told.endswith((".", "!", "?")) else f"{told}."
        remedy = f"It can be shared once that is allowed. {access.say_whom_to_ask(work, 'search.allow')}"
        raise StateForbids(told, remedy=remedy, errors=[FieldError("sharing", f"{told} {remedy}")])


def _change(work: Work, key: int, revision: int, values: Mapping[str, Any]) -> None:
    work.change(
        saved_searches, key, {**values, "updated_at": work.now, "revision": revision + 1},
        expect={"revision": revision}, taken=_taken(),
    )  # fmt: skip


def _judge(work: Work, values: Mapping[str, Any], *, read: bool) -> tuple[dict[str, str], Node | None]:
    """The values as they are kept, and what the query means where it is to be read. Raises Invalid."""
    kept = {name: str(value).strip() for name, value in values.items()}
    kept["sharing"] = kept["sharing"].upper()
    faults = {
        "name": find_name_fault(kept["name"]),
        "query": find_query_fault(kept["query"]),
        "sort": find_choice_fault(kept["sort"], ("", *SORTS)),
        "sharing": find_choice_fault(kept["sharing"], tuple(Sharing)),
    }
    told = [FieldError(field, fault) for field, fault in faults.items() if fault]
    node = None
    if read and not faults["query"]:
        try:
            node = read_query(kept["query"], now=work.now)
        except QueryMistake as mistake:
            told.extend(
                FieldError("query", one.message, one.position, one.length, one.suggestion) for one in mistake.errors
            )
    if told:
        raise Invalid.of(told)
    return kept, node


def _taken() -> NameTaken:
    return NameTaken(_TAKEN, errors=[FieldError("name", _TAKEN)])


def _told(name: str, value: Any) -> Any:
    """How the log tells a value: people type names and queries."""
    return Veiled(value) if name in ("name", "query") else value
