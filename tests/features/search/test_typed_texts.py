"""Whatever people type is a value to both databases: none of it reaches a statement, and none of it breaks one."""

import time

import pytest
from sqlalchemy import text

from modelkeep_server.features.search.compiling import pages
from modelkeep_server.features.search.compiling.ranking import LIVE
from modelkeep_server.features.search.compiling.starts import Way
from modelkeep_server.features.search.compiling.ways import Search
from modelkeep_server.features.search.facets import counting
from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Fit,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    WithId,
)
from modelkeep_server.features.search.queries import list_models
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.kit.paging import CursorRefused
from modelkeep_server.rules.errors import TookTooLong
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.statements import counted

#: Stands in every text that is tried, and in no model.
MARK = "zebraquux"
#: What means something to SQL, FTS5, GLOB, LIKE, tsquery, regular expressions, or SQLAlchemy.
NASTY = (
    "'", '"', "''", '""', "\\", "\\'", '\\"', "`", ";", "--", "/*", "*/", ")", "(", "{name}:", ":*", ":b0", "%(b0)s",
    "%s", "%", "_", "*", "?", "[", "]", "[^", "^", "$", "|", "&", "!", "<->", "~", "{", "}", "+", "-", "#", "@",
    " AND ", " OR ", " NOT ", "NEAR(", "¶", " ¶ ", "n/", "k/", "\t", "\n", "\uffff", "😀", "\u202e", "' OR 1=1 --",
    '" OR "a',
)  # fmt: skip


def nodes_with(typed: str) -> list[Node]:
    """Leaves of every kind that hold a text, and some joined."""
    found: list[Node] = [
        Text((Pattern(typed, fit), *more), place)
        for fit in Fit
        for place in Place
        for more in ((), (Pattern("a"),), (Pattern("a", Fit.BEGINNING),))
    ]
    found += [Text((Pattern("a"), Pattern(typed, fit))) for fit in Fit]
    found += [
        Value(field, (Pattern(typed, fit),)) for field in ("tag", "version", "is") for fit in (Fit.WHOLE, Fit.WILD)
    ]
    found += [WithId(typed), And((Text((Pattern(typed),)), Not(Text((Pattern("b"),))), During("created", 0, None)))]
    return [*found, Or((Text((Pattern(typed),)), Value("tag", (Pattern(typed),))))]


@pytest.mark.parametrize("places", [1, pytest.param(3, marks=pytest.mark.endurance)], ids=["a-place", "every-place"])
@pytest.mark.parametrize("nasty", NASTY)
def test_nothing_typed_breaks_out_of_where_it_is_bound(registry: Registry, make: Make, nasty: str, places: int) -> None:
    """
    Operators and quotes of every language on the way, in every kind of leaf: nothing is found, and no fault.

    Each stands at the beginning, at the end or within, in turn with the leaves; `make endurance` tries all three.
    """
    actor, turn = make.owner().actor, NASTY.index(nasty)
    typed = (nasty + MARK, MARK + nasty, f"{MARK}{nasty}{MARK}")

    for number, nodes in enumerate(zip(*map(nodes_with, typed), strict=True)):
        for place in range(places):
            node = nodes[(turn + number + place) % 3]
            with registry.reading() as work, counted() as sent:
                search = Search(work, actor, node, beside=[LIVE], only=(None, *Way)[number % 4])
                rows, total = pages.list_rows(search, ("relevance", "name")[number % 2], limit=3)
                counts = counting.count_values(search)

            assert (rows, total, counts.models) == ([], 0, 0)
            assert not any(MARK in statement for statement in sent)


def test_a_cursor_of_another_search_is_refused(registry: Registry, make: Make) -> None:
    """Another query, another filter or another order: where a page ended says nothing of where that one would."""
    owner = make.owner()
    group = make.group()
    for number in range(3):
        make.model(owner, group=group, name=f"model-{number}")
    asked = CatalogueFilter(text=f"group:{group}")
    with registry.reading() as work:
        cursor = list_models(work, owner.actor, asked, limit=1).next_cursor
    others = [
        CatalogueFilter(text=f"group:{group} model"), CatalogueFilter(group=group),
        CatalogueFilter(text=f"group:{group}", sort="name"), CatalogueFilter(text=f"group:{group}", risk_tier="LOW"),
    ]  # fmt: skip

    for other in others:
        with registry.reading() as work, pytest.raises(CursorRefused):
            list_models(work, owner.actor, other, limit=1, cursor=cursor)


#: What takes half a minute, or has no end.
SLOW = {
    "sqlite": text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"),
    "postgresql": text("SELECT pg_sleep(30)"),
}


def test_a_question_that_takes_too_long_is_stopped(registry: Registry) -> None:
    """Whatever the database is at, it stops when the time is over, and says so; the next question is answered."""
    with pytest.raises(TookTooLong), registry.reading() as work, work.hurried(0.2):
        work.all(SLOW[registry.kind])

    with registry.reading() as work:
        assert work.scalar(text("SELECT 1")) == 1
        with work.hurried(5):
            assert work.all(text("SELECT 1"))
        assert work.scalar(text("SELECT 2")) == 2


def test_what_took_too_long_apart_leaves_the_rest_of_a_work(registry: Registry) -> None:
    """Even within more time of its own than the block around it has left."""
    began = time.monotonic()
    with registry.reading() as work:
        with pytest.raises(TookTooLong), work.hurried(0.2, apart=True), work.hurried(30):
            work.all(SLOW[registry.kind])

        assert work.scalar(text("SELECT 1")) == 1
        with work.hurried(5):
            assert work.all(text("SELECT 1"))
    assert time.monotonic() - began < 10
