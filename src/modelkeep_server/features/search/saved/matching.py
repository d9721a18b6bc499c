"""
Telling people of new models that match their searches: noted in the transaction that changes a model, done by a job
after it, each in the sight that the person has by then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, or_, select

from modelkeep_server.db.contention import do_again
from modelkeep_server.db.engine import Database
from modelkeep_server.db.key_lists import in_keys
from modelkeep_server.db.queueing import enqueue
from modelkeep_server.db.tables import (
    collaborators,
    models,
    people,
    role_grants,
    saved_searches,
    search_alerts,
    search_matches,
    search_needles,
    search_news,
    team_members,
)
from modelkeep_server.db.work import Circumstances, Parts, Work
from modelkeep_server.features.identity.actors import find_actors
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.jobs.views import Handler, Schedule, Task
from modelkeep_server.features.models.views import Visibility
from modelkeep_server.features.models.visibility import seen_by_person
from modelkeep_server.features.notify.folding import News, ToldModel, tell_folded
from modelkeep_server.features.search import queries
from modelkeep_server.features.search.indexing.gathering import find_touched
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import Mine, Node
from modelkeep_server.features.search.saved.judging import Document, judge, read_documents
from modelkeep_server.kit.remembering import Remembered
from modelkeep_server.rules.saved_searches import NEW_DAYS, Sharing

MATCH = "match-searches"
KIND = "search.match"
#: What was noted by a transaction that took longer than others is found then.
SCHEDULES = (Schedule(MATCH, timedelta(minutes=10)),)
#: Changes within this time are held against searches together: of many, people are told in one notice.
_GATHERED_SECONDS = 4
_BATCH = 200
_NEEDLES_ASKED = 500
#: What stands in queries that mean another span of time later.
_RELATIVE = ("now", "today", "yesterday")
#: So many characters of queries are remembered as they were read, which takes up to 350 times as many bytes.
REMEMBERED_CHARS = 150_000

# The rule of who sees a model reads people by their own name.
_persons = people.alias("persons")
_STANDING = search_alerts.c.ended_at.is_(None)
_RESTRICTED = select(models.c.id).where(in_keys(models.c.id, "models"), models.c.visibility == Visibility.RESTRICTED)
_ANY_ALERT = select(search_alerts.c.id).where(_STANDING).limit(1)


@dataclass(frozen=True)
class Match:
    """A model that somebody is to be told of by an alert."""

    alert_key: int
    person_key: int
    search_id: str
    search_name: str
    model: ToldModel

    @property
    def pair(self) -> tuple[int, int]:
        """What is told once."""
        return self.alert_key, self.model.model_key


@dataclass(frozen=True)
class Batch:
    """What became of some of the news: rows of `search_news`, and who is to be told of what."""

    keys: tuple[int, ...]
    matches: tuple[Match, ...]


def note_changes(work: Work, touched: Sequence[tuple[str, int]]) -> None:
    """
    Note new models that changed, or that somebody sees from now on, where an alert is older than they are. One
    statement where nobody has an alert, else four at most.
    """
    written: dict[str, list[int]] = defaultdict(list)
    for table, key in touched:
        written[table].append(key)
    if work.first(_ANY_ALERT) is None:
        return
    changed = set(find_touched(work, touched).models)
    if collaborators.name in written:
        let_in = select(collaborators.c.model_id).where(collaborators.c.id.in_(written[collaborators.name]))
        changed |= {row.model_id for row in work.all(let_in)}
    noted = _note(work, models.c.id.in_(sorted(changed))) if changed else 0
    for granting in (role_grants, team_members):
        if granting.name in written:
            # Whoever sees further now sees RESTRICTED models that were registered since they asked to be told.
            persons = select(granting.c.person_id).where(granting.c.id.in_(written[granting.name]))
            noted += _note(work, models.c.visibility == Visibility.RESTRICTED, search_alerts.c.person_id.in_(persons))
    if noted:
        turn = int(work.now.timestamp() // _GATHERED_SECONDS) + 1
        due_at = datetime.fromtimestamp(turn * _GATHERED_SECONDS, UTC)
        enqueue(work, MATCH, {}, key=f"{MATCH}/{turn}", due_at=due_at)


def _note(work: Work, which: ColumnElement[bool], *whose: ColumnElement[bool]) -> int:
    older = select(search_alerts.c.id).where(_STANDING, search_alerts.c.since < models.c.created_at, *whose).exists()
    noted = insert(search_news).from_select(["model_id"], select(models.c.id).where(which, _is_new(work), older))
    return work.keep(search_news, noted.execution_options(preserve_rowcount=True))


def _is_new(work: Work) -> ColumnElement[bool]:
    return models.c.created_at >= work.now - timedelta(days=NEW_DAYS)


def make_match_handler(database: Database, parts: Parts) -> Handler:
    """What does the job: looks without holding anything up, then writes what it found, until no news is left."""

    def call(task: Task) -> None:
        del task
        while True:
            with database.reading(parts, Circumstances.of_the_house()) as work:
                batch = find_matches(work)
            if not batch.keys:
                return
            do_again(partial(tell_once, batch))

    def tell_once(batch: Batch) -> None:
        with database.writing(parts, Circumstances.of_the_house()) as work:
            tell_of(work, batch)

    return Handler(call)


def find_matches(work: Work) -> Batch:
    """
    Hold the oldest news against the searches that may match. Some nine statements for all of it, one a RESTRICTED
    model, and one a person and model of which a query asks whether it is theirs.
    """
    news = work.all(select(search_news).order_by(search_news.c.id).limit(_BATCH))
    keys = sorted({row.model_id for row in news})
    if not keys:
        return Batch((), ())
    changed = work.all(select(models).where(in_keys(models.c.id, "keys"), _is_new(work)), {"keys": keys})
    documents = read_documents(work, keys)
    alerts = _Alerts(work, documents)
    told = _read_told(work, keys)
    asked = {
        model.id: [
            alert for alert in alerts.worth_asking(documents[model.id].needles) if _may_be_news(alert, model, told)
        ]
        for model in changed
        if model.id in documents
    }
    actors = find_actors(work, {alert.person_id for found in asked.values() for alert in found})
    reader = _Reader(work, documents)
    named = {model.id: ToldModel(model.id, f"{model.group_name}/{model.name}") for model in changed}
    matches = [
        Match(alert.id, alert.person_id, alert.public_id, alert.name, named[model.id])
        for model in changed
        for alert in _seeing(work, model, asked.get(model.id, ()))
        if alert.person_id in actors and reader.fits(alert.query, actors[alert.person_id], model.id)
    ]
    return Batch(tuple(row.id for row in news), tuple(matches))


def tell_of(work: Work, batch: Batch) -> None:
    """
    Tell people what was found for them and they still see, each of a model once by one search. Eleven statements at
    most, and one a RESTRICTED model.
    """
    # Whoever else found the same waits here, and then finds it told.
    work.take_turn(MATCH)
    told = _read_told(work, {match.model.model_key for match in batch.matches})
    standing = _read_standing(work, {match.alert_key for match in batch.matches})
    untold = [match for match in batch.matches if match.pair not in told and match.alert_key in standing]
    fresh = _keep_seen(work, untold)
    by_alert: dict[int, list[Match]] = defaultdict(list)
    for match in fresh:
        by_alert[match.alert_key].append(match)
    if fresh:
        rows = [{"alert_id": alert_key, "model_id": model_key} for alert_key, model_key in (one.pair for one in fresh)]
        work.keep(search_matches, insert(search_matches), rows)
    tell_folded(work, KIND, [_to_news(found) for found in by_alert.values()])
    done = delete(search_news).where(search_news.c.id.in_(batch.keys))
    work.keep(search_news, done)


def _to_news(found: Sequence[Match]) -> News:
    first = found[0]
    return News(
        first.person_key, first.search_id, {"search": first.search_name}, [one.model for one in found],
        f"/searches/{first.search_id}?sort=created",
    )  # fmt: skip


class _Alerts:
    """The alerts of searches that may match what some models hold."""

    def __init__(self, work: Work, documents: Mapping[int, Document]) -> None:
        self._by_needle: dict[str, list[Row[Any]]] = defaultdict(list)
        needles = sorted({needle for document in documents.values() for needle in document.needles})
        for start in range(0, len(needles), _NEEDLES_ASKED):
            for row in work.all(_BY_NEEDLES, {"needles": needles[start : start + _NEEDLES_ASKED]}):
                self._by_needle[row.needle].append(row)

    def worth_asking(self, held: Collection[str]) -> Iterator[Row[Any]]:
        """Those for a model that holds this, each once."""
        found = (row for needle in self._by_needle.keys() & held for row in self._by_needle[needle])
        yield from {row.id: row for row in found}.values()


def _select_standing() -> Any:
    """Alerts of people who are not disabled, by searches that they find."""
    finds = or_(
        saved_searches.c.person_id == search_alerts.c.person_id, saved_searches.c.sharing == Sharing.SHARED.value
    )
    return (
        select(
            search_alerts.c.id, search_alerts.c.person_id, search_alerts.c.since, saved_searches.c.public_id,
            saved_searches.c.name, saved_searches.c.query,
        )
        .join(saved_searches, saved_searches.c.id == search_alerts.c.search_id)
        .join(people, people.c.id == search_alerts.c.person_id)
        .where(_STANDING, saved_searches.c.ended_at.is_(None), people.c.disabled.is_(False), finds)
    )  # fmt: skip


_BY_NEEDLES = (
    _select_standing()
    .add_columns(search_needles.c.needle)
    .join(search_needles, search_needles.c.search_id == saved_searches.c.id)
    .where(search_needles.c.needle.in_(bindparam("needles", expanding=True)))
)


def _read_standing(work: Work, alert_keys: Collection[int]) -> frozenset[int]:
    rows = work.all(_select_standing().where(in_keys(search_alerts.c.id, "alerts")), {"alerts": alert_keys})
    return frozenset(row.id for row in rows)


def _read_told(work: Work, model_keys: Collection[int]) -> frozenset[tuple[int, int]]:
    rows = work.all(select(search_matches).where(in_keys(search_matches.c.model_id, "models")), {"models": model_keys})
    return frozenset((row.alert_id, row.model_id) for row in rows)


def _may_be_news(alert: Row[Any], model: Row[Any], told: Collection[tuple[int, int]]) -> bool:
    """Whether a model was registered since, by somebody else, and was not told of yet."""
    since: datetime = alert.since
    is_own = alert.person_id in (model.registrar_id, model.created_by)
    return since < model.created_at and not is_own and (alert.id, model.id) not in told


def _seeing(work: Work, model: Row[Any], alerts: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """The alerts of those who see a model now. One statement for a RESTRICTED one."""
    if not alerts or model.visibility == Visibility.INTERNAL:
        return alerts
    found = _read_seeing(work, model.id, {alert.person_id for alert in alerts})
    return [alert for alert in alerts if alert.person_id in found]


def _keep_seen(work: Work, matches: Sequence[Match]) -> Sequence[Match]:
    """Those whose model is still seen by whom it is to be told. One statement, and one a RESTRICTED model."""
    if not matches:
        return matches
    persons: dict[int, set[int]] = defaultdict(set)
    for match in matches:
        persons[match.model.model_key].add(match.person_key)
    hidden = work.all(_RESTRICTED, {"models": list(persons)})
    seeing = {row.id: _read_seeing(work, row.id, persons[row.id]) for row in hidden}
    return [one for one in matches if one.person_key in seeing.get(one.model.model_key, persons[one.model.model_key])]


def _read_seeing(work: Work, model_key: int, person_keys: Collection[int]) -> Collection[int]:
    sees = seen_by_person(_persons.c.id, model_key, work.now)
    rows = work.all(select(_persons.c.id).where(in_keys(_persons.c.id, "persons"), sees), {"persons": person_keys})
    return {row.id for row in rows}


class _Reader:
    """Says whether queries fit models, each of which is read once."""

    def __init__(self, work: Work, documents: Mapping[int, Document]) -> None:
        self._work = work
        self._documents = documents
        self._nodes: dict[str, Node | None] = {}
        self._owned: dict[tuple[int | None, int], bool] = {}

    def fits(self, query: str, actor: Actor, model_key: int) -> bool:
        """Whether a query finds a model that the actor sees. False for one that cannot be read any more."""
        node, document = self._read(query), self._documents[model_key]
        if node is None:
            return False
        fits = judge(node, document)
        return bool(judge(node, document, is_mine=self._is_of(actor, model_key)) if fits is None else fits)

    def _is_of(self, actor: Actor, model_key: int) -> bool:
        pair = actor.user_id, model_key
        if pair not in self._owned:
            self._owned[pair] = queries.matches(self._work, actor, Mine(), model_key)
        return self._owned[pair]

    def _read(self, query: str) -> Node | None:
        if query not in self._nodes:
            self._nodes[query] = read_again(query, self._work.now)
        return self._nodes[query]


def read_again(query: str, now: datetime) -> Node | None:
    """A query of a saved search, which is read over and over; None where it cannot be read any more."""
    is_relative = any(word in query.casefold() for word in _RELATIVE)
    return _read(query, now) if is_relative else _read_fixed(query)


def _read(query: str, now: datetime) -> Node | None:
    try:
        return read_query(query, now=now)
    except QueryMistake:
        return None


#: A query that means the same at any moment: reading it costs more than all else that is done with it.
_read_fixed = Remembered(lambda query: _read(query, datetime.now(UTC)), REMEMBERED_CHARS)
