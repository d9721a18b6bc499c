"""Choosing by which searches one is told of new models: one's own, and those that others share."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, select

from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.tables import people, search_alerts, search_matches
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.saved import queries
from modelkeep_server.features.search.saved.views import SavedSearch
from modelkeep_server.rules.errors import StateForbids
from modelkeep_server.rules.saved_searches import ALERTS_MAX


def turn_on(work: Work, actor: Actor, public_id: str) -> SavedSearch:
    """
    Tell the actor from now on of models that are registered and match a search. Nothing where they are told already.

    Raises:
        NotFound: There is none that the actor finds.
        StateForbids: The actor is a program, or is told by as many as one may be.
    """
    access.require(work, actor, "search.alert")
    work.lock(people, actor.user_id or 0)
    # Whoever takes it down at this moment ends this alert too, or nobody finds it here any more.
    search = queries.lock_search(work, actor, public_id)
    if search.alert:
        return search
    if actor.is_service:
        raise StateForbids("A service account has no inbox.", remedy="Ask for `GET /api/v1/models` with the query.")
    if queries.count_alerts(work, actor) >= ALERTS_MAX:
        raise StateForbids(
            f"You are told by {ALERTS_MAX} searches already.", remedy="Turn off an alert that you do not need."
        )
    work.insert(search_alerts, {"search_id": search.key, "person_id": actor.user_id, "since": work.now})
    _record(work, actor, search, is_on=True)
    return queries.get_search(work, actor, public_id)


def turn_off(work: Work, actor: Actor, public_id: str) -> SavedSearch:
    """Tell the actor no more by a search. Nothing where they are not told. Raises NotFound."""
    access.require(work, actor, "search.alert")
    work.lock(people, actor.user_id or 0)
    search = queries.get_search(work, actor, public_id)
    if not search.alert:
        return search
    key = work.scalar(select(search_alerts.c.id).where(*_standing(actor, search)))
    work.change(search_alerts, key, {"ended_at": work.now}, expect={"ended_at": None})
    work.keep(search_matches, delete(search_matches).where(search_matches.c.alert_id == key))
    _record(work, actor, search, is_on=False)
    return queries.get_search(work, actor, public_id)


def end_of_others(work: Work, search: SavedSearch) -> None:
    """
    Tell nobody any more by a search but whoever saved it, shared again or not: who does not find it could not turn it
    off. The caller records it. Two statements, and one for each of them.
    """
    told = (search_alerts.c.search_id == search.key, search_alerts.c.ended_at.is_(None))
    rows = work.all(select(search_alerts.c.id).where(*told, search_alerts.c.person_id != search.person_key))
    for row in rows:
        work.change(search_alerts, row.id, {"ended_at": work.now})
    forgotten = delete(search_matches).where(in_keys(search_matches.c.alert_id, "alerts"))
    work.keep(search_matches, forgotten, {"alerts": [row.id for row in rows]})


def _standing(actor: Actor, search: SavedSearch) -> Sequence[ColumnElement[bool]]:
    return (
        search_alerts.c.search_id == search.key, search_alerts.c.person_id == actor.user_id,
        search_alerts.c.ended_at.is_(None),
    )  # fmt: skip


def _record(work: Work, actor: Actor, search: SavedSearch, *, is_on: bool) -> None:
    access.record(work, actor, "search.alert", object_id=search.id, before={"alert": not is_on}, after={"alert": is_on})
