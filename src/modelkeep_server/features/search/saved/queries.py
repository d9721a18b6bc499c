"""Reading saved searches: one's own, and those that others share."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Row, Select, bindparam, func, or_, select, union_all

from modelkeep_server.db.keyset import read_rows
from modelkeep_server.db.tables import models, people, saved_searches, search_alerts, search_matches, search_models
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.separation import answered_for
from modelkeep_server.features.models.visibility import visible_to
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.saved.views import Followed, SavedSearch, TakenDown
from modelkeep_server.kit import clock, ids
from modelkeep_server.kit.paging import DEFAULT_LIMIT, Page
from modelkeep_server.kit.remembering import Remembered
from modelkeep_server.kit.words import fold_value
from modelkeep_server.rules.errors import FieldError, Invalid, NotFound
from modelkeep_server.rules.saved_searches import COUNTED_MAX, RESTORED_DAYS, Sharing

#: Who asks, by inside id, or where that stands in a statement built once.
Asker = int | None | BindParameter[int]

#: Whose searches a list shows.
WHOSE = ("all", "mine", "shared")
#: Of so many by name the first that others share are chosen, so many of each person before further ones.
_OTHERS_MOST, _OF_ONE = 500, 4
#: So many of what an alert found lately are counted, and one for more.
FOUND_MAX = 99
#: So many characters of queries are kept in mind, with what is wrong with them.
_READ_CHARS = 500_000


def list_searches(
    work: Work, actor: Actor, *, whose: str = "all", limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[SavedSearch]:
    """
    One page of saved searches by name: the actor's own, those that others share, or all. Two statements.

    Raises Invalid for another `whose`, CursorRefused.
    """
    if whose not in WHOSE:
        raise Invalid.of([FieldError("whose", f"Choose one of {', '.join(WHOSE)}.")])
    found = _WHOSE[whose](actor.user_id)
    rows, following = read_rows(
        work, _select(actor.user_id).where(*found), saved_searches.c.name_key, saved_searches.c.id,
        filters={"list": "searches", "of": str(actor.user_id), "whose": whose}, limit=limit, cursor=cursor,
    )  # fmt: skip
    total = work.scalar(select(func.count()).select_from(saved_searches).where(*found))
    return Page(tuple(_to_search(row, actor, _find_fault(row.query)) for row in rows), following, total)


def list_first(work: Work, actor: Actor, *, limit: int) -> Page[SavedSearch]:
    """
    The first that the actor finds, their own before others', by name; a few of each person come before more of one, so
    that nobody fills the list. Whether their queries can be read is not asked. `total` is how many there are,
    `COUNTED_MAX` and one for more of others than are counted. One statement, which costs the same however many share
    theirs.
    """
    rows = work.all(_select_first(), {"asker": actor.user_id, "most": limit})
    return Page(tuple(_to_search(row, actor, None) for row in rows), None, rows[0].total if rows else 0)


@cache
def _select_first() -> Select[Any]:
    kept, asker, most = saved_searches.c, bindparam("asker", type_=BigInteger), bindparam("most", type_=BigInteger)
    by_name = kept.name_key, kept.id
    own = select(kept.id).where(*_mine(asker)).order_by(*by_name).limit(most)
    begun = select(*by_name, kept.person_id).where(*_of_others(asker)).order_by(*by_name).limit(_OTHERS_MOST).subquery()
    place = func.row_number().over(partition_by=begun.c.person_id, order_by=(begun.c.name_key, begun.c.id))
    placed = select(begun.c.id, begun.c.name_key, (place > _OF_ONE).label("is_further")).subquery()
    others = select(placed.c.id).order_by(placed.c.is_further, placed.c.name_key, placed.c.id).limit(most)
    first = union_all(*(select(found.subquery()) for found in (own, others)))
    mine = select(func.count()).select_from(saved_searches).where(*_mine(asker)).scalar_subquery()
    counted = select(kept.id).where(*_of_others(asker)).limit(COUNTED_MAX + 1).subquery()
    total = mine + select(func.count()).select_from(counted).scalar_subquery()
    order = (kept.person_id != asker, *by_name)
    found = _select(asker).add_columns(total.label("total")).where(kept.id.in_(first)).order_by(*order)
    return found.limit(most)


def count_mine(work: Work, actor: Actor) -> int:
    """How many searches the actor saved. One statement."""
    return int(work.scalar(select(func.count()).select_from(saved_searches).where(*_mine(actor.user_id))))


def count_alerts(work: Work, actor: Actor) -> int:
    """
    By how many searches the actor is told of new models. Those that they do not find count for nothing: what others
    deleted, or share no more, nobody could turn off. One statement.
    """
    told = (search_alerts.c.person_id == actor.user_id, search_alerts.c.ended_at.is_(None))
    found = select(func.count()).join_from(
        search_alerts, saved_searches, saved_searches.c.id == search_alerts.c.search_id
    )
    return int(work.scalar(found.where(*told, *_found_by(actor.user_id))))


def get_search(work: Work, actor: Actor, public_id: str) -> SavedSearch:
    """A search of the actor, or one that is shared. One statement. Raises NotFound."""
    found = find_search(work, actor, public_id)
    if found is None:
        raise NotFound(
            "There is no such saved search.", remedy="Whoever saved it may have deleted it, or stopped sharing it."
        )
    return found


def lock_search(work: Work, actor: Actor, public_id: str) -> SavedSearch:
    """The same, which nobody changes until this transaction ends. Three statements. Raises NotFound."""
    work.lock(saved_searches, get_search(work, actor, public_id).key)
    return get_search(work, actor, public_id)


def find_search(work: Work, actor: Actor, public_id: str) -> SavedSearch | None:
    """What `get_search` finds; None where there is none. One statement, none where it is no id at all."""
    if not ids.is_uuid(public_id):
        return None
    row = work.first(
        _select(actor.user_id).where(saved_searches.c.public_id == public_id.lower(), *_found_by(actor.user_id))
    )
    return None if row is None else _to_search(row, actor, _find_fault(row.query))


def find_named(work: Work, actor: Actor, name: str) -> SavedSearch | None:
    """The actor's own search of a name; None where there is none. One statement."""
    row = work.first(_select(actor.user_id).where(saved_searches.c.name_key == fold_value(name), *_mine(actor.user_id)))
    return None if row is None else _to_search(row, actor, _find_fault(row.query))


def list_followed(work: Work, actor: Actor, *, days: int, limit: int) -> Page[Followed]:
    """
    The searches by which the actor is told of new models, those that found most of them lately first, with how many
    there are; whether their queries can be read is not asked. What they found is counted up to `FOUND_MAX`, and one for
    more. One statement.
    """
    begin = work.now - timedelta(days=days)
    # Inside ids grow with time: what was told of longer ago is not even read.
    first = (
        select(search_models.c.model_id)
        .where(search_models.c.created_at >= clock.to_us(begin))
        .order_by(search_models.c.created_at, search_models.c.model_id)
        .limit(1)
        .scalar_subquery()
    )
    lately = (
        select(models.c.id)
        .join(search_matches, search_matches.c.model_id == models.c.id)
        .where(search_matches.c.alert_id == search_alerts.c.id, search_matches.c.model_id >= first)
        .where(models.c.created_at >= begin)
        .where(visible_to(actor))
        .limit(FOUND_MAX + 1)
        .correlate(search_alerts)
        .subquery()
    )
    found = select(func.count()).select_from(lately).scalar_subquery().label("found")
    followed = (
        _select(actor.user_id)
        .add_columns(found, func.count().over().label("total"))
        .where(search_alerts.c.id.is_not(None), *_found_by(actor.user_id))
        .order_by(found.desc(), saved_searches.c.name_key, saved_searches.c.id)
        .limit(limit)
    )
    rows = work.all(followed)
    items = tuple(Followed(_to_search(row, actor, None), row.found) for row in rows)
    return Page(items, None, rows[0].total if rows else 0)


def find_deleted(work: Work, actor: Actor, public_id: str) -> SavedSearch | None:
    """
    A search that the actor deleted and can put back; None where there is none. One statement, none where it is no id.
    """
    if not ids.is_uuid(public_id):
        return None
    lately = saved_searches.c.ended_at >= work.now - timedelta(days=RESTORED_DAYS)
    deleted = (saved_searches.c.person_id == actor.user_id, lately)
    row = work.first(_select(actor.user_id).where(saved_searches.c.public_id == public_id.lower(), *deleted))
    return None if row is None else _to_search(row, actor, _find_fault(row.query))


def list_taken_down(work: Work, actor: Actor, *, limit: int) -> tuple[TakenDown, ...]:
    """Those that were taken down and are not allowed again, the last first. Two statements at most."""
    kept = saved_searches.c
    found = (
        select(kept.public_id, kept.name, kept.person_id, people.c.email, kept.taken_down_at, kept.taken_down_reason)
        .join(people, people.c.id == kept.person_id)
        .where(*_taken_down())
        .order_by(kept.taken_down_at.desc(), kept.id.desc())
    )
    rows = work.all(found.limit(limit))
    own = answered_for(work, actor.user_id or 0) if rows else ()
    return tuple(
        TakenDown(row.public_id, row.name, row.email, row.taken_down_at, row.taken_down_reason, row.person_id in own)
        for row in rows
    )


def find_taken_down(work: Work, public_id: str) -> Row[Any] | None:
    """`id`, `revision`, `name` and `person_id` of one of these. One statement, none where it is no id at all."""
    if not ids.is_uuid(public_id):
        return None
    kept = saved_searches.c
    told = select(kept.id, kept.revision, kept.name, kept.person_id)
    return work.first(told.where(kept.public_id == public_id.lower(), *_taken_down()))


def _taken_down() -> Sequence[ColumnElement[bool]]:
    return saved_searches.c.taken_down_at.is_not(None), saved_searches.c.ended_at.is_(None)


def _select(asker: Asker) -> Select[Any]:
    told = (
        (search_alerts.c.search_id == saved_searches.c.id)
        & (search_alerts.c.person_id == asker)
        & search_alerts.c.ended_at.is_(None)
    )
    return (
        select(saved_searches, people.c.email.label("saved_by"), search_alerts.c.since.label("alert_since"))
        .join(people, people.c.id == saved_searches.c.person_id)
        .outerjoin(search_alerts, told)
    )


def _mine(asker: Asker) -> Sequence[ColumnElement[bool]]:
    return saved_searches.c.person_id == asker, saved_searches.c.ended_at.is_(None)


def _of_others(asker: Asker) -> Sequence[ColumnElement[bool]]:
    return (
        saved_searches.c.sharing == Sharing.SHARED.value, saved_searches.c.ended_at.is_(None),
        saved_searches.c.person_id != asker,
    )  # fmt: skip


def _found_by(asker: Asker) -> Sequence[ColumnElement[bool]]:
    own_or_shared = or_(saved_searches.c.person_id == asker, saved_searches.c.sharing == Sharing.SHARED.value)
    return own_or_shared, saved_searches.c.ended_at.is_(None)


_WHOSE = {"all": _found_by, "mine": _mine, "shared": _of_others}


def _to_search(row: Row[Any], actor: Actor, fault: str | None) -> SavedSearch:
    return SavedSearch(
        key=row.id,
        id=row.public_id,
        name=row.name,
        query=row.query,
        sort=row.sort,
        sharing=Sharing(row.sharing),
        saved_by=row.saved_by,
        person_key=row.person_id,
        is_mine=row.person_id == actor.user_id,
        alert_since=row.alert_since,
        fault=fault,
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision=row.revision,
        taken_down_reason=row.taken_down_reason,
    )


def _read_fault(query: str) -> str | None:
    """Why a query cannot be read now: one that could when it was saved may name what is no more."""
    try:
        read_query(query, now=clock.utc_now())
    except QueryMistake as mistake:
        return mistake.detail
    return None


#: Kept in mind: a page of long ones takes most of a second to read.
_find_fault = Remembered(_read_fault, _READ_CHARS)
