"""What is remembered of documents is what they have, whoever changes them, in whatever order they are asked for."""

from collections.abc import Iterable
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.features.search.facets.remembered import BETWEEN, RememberedCodes
from modelkeep_server.features.search.facets.tallies import Numbers, pack
from modelkeep_server.features.search.facets.tallying import remember_ahead
from modelkeep_server.features.search.indexing import works
from modelkeep_server.features.search.indexing.codes import RENEWALS_MAX, code_of
from modelkeep_server.features.search.queries import list_models
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.kit.remembering import Shelf
from modelkeep_server.rules.permissions import Role
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.statements import counted

#: Near each other and far apart, on one page and on many.
DOCS = st.one_of(st.integers(1, 40), st.integers(1, 3_000), st.integers(1, 2_000_000))
CODES = st.lists(st.integers(0, 500), max_size=6, unique=True)


class Documents:
    """A database of documents and their values, as it was after each renewal."""

    def __init__(self) -> None:
        self.states: list[dict[int, list[int]]] = [{}]
        self.renewed: list[int] = []
        self.read_docs = 0

    def put(self, doc: int, values: list[int]) -> None:
        """A new document, or another value of one that there is."""
        is_known = doc in self.states[-1]
        state = {**self.states[-1], doc: values}
        if is_known:
            self.renewed.append(doc)
            self.states.append(state)
        else:
            self.states[-1] = state

    def take(self, codes: RememberedCodes, docs: Iterable[int], renewal: int) -> list[int]:
        """What is remembered of documents, for who sees the database as it was after a renewal."""
        state = self.states[renewal]

        def read(missing: Numbers) -> tuple[bytes, Numbers]:
            self.read_docs += len(missing)
            texts = ("".join(code_of("A", value) for value in state[doc]) for doc in missing.tolist())
            return BETWEEN.join(texts).encode("ascii"), missing

        def find_renewed(last: int) -> Numbers:
            return np.array(self.renewed[last:renewal], np.int64)

        told = codes.take(np.array(sorted(docs), np.int64), renewal, find_renewed, read)
        return sorted(told.tolist())

    def have(self, docs: Iterable[int], renewal: int) -> list[int]:
        """What the documents have."""
        texts = "".join(code_of("A", value) for doc in docs for value in self.states[renewal][doc])
        return sorted(pack(texts.encode("ascii")).tolist())


@given(st.data(), st.sampled_from([20, 200, 100_000]))
@settings(max_examples=60, deadline=None)
def test_codes_are_those_of_the_database_however_it_changes(data: st.DataObject, room: int) -> None:
    """New documents, other values of old ones, and room for few or many: what is taken is what they have by then."""
    documents, codes = Documents(), RememberedCodes(room)

    for _ in range(data.draw(st.integers(1, 12))):
        for doc, values in data.draw(st.dictionaries(DOCS, CODES, max_size=12)).items():
            documents.put(doc, values)
        known = sorted(documents.states[-1])
        docs = data.draw(st.sets(st.sampled_from(known), max_size=30)) if known else set[int]()
        renewal = len(documents.states) - 1

        assert documents.take(codes, docs, renewal) == documents.have(docs, renewal)


def test_who_sees_an_older_database_brings_nothing_back() -> None:
    """A reader that began before a change reads after it: those that come later find what it changed."""
    documents, codes = Documents(), RememberedCodes()
    documents.put(1, [1])
    documents.put(2, [2])
    documents.take(codes, [1], 0)
    documents.put(2, [3])

    now = documents.take(codes, [1], 1)
    late = documents.take(codes, [1, 2], 0)

    assert now == documents.have([1], 1)
    assert late == documents.have([1, 2], 0)
    assert documents.take(codes, [1, 2], 1) == documents.have([1, 2], 1)


@pytest.mark.parametrize("count", [3, RENEWALS_MAX + 1], ids=["few", "more-than-are-kept"])
def test_what_is_remembered_is_read_once(count: int) -> None:
    """And once more what was renewed, however often; all of it where that was too much to look through."""
    documents, codes = Documents(), RememberedCodes()
    for doc in (1, 2, 3):
        documents.put(doc, [doc])
    for _ in range(2):
        documents.take(codes, [1, 2, 3], 0)
    first = documents.read_docs
    documents.states += [documents.states[-1]] * count
    documents.renewed += [2] * count

    documents.take(codes, [1, 2, 3], count)

    assert (first, documents.read_docs - first) == (3, 1 if count < RENEWALS_MAX else 3)


def test_a_server_remembers_what_there_is_before_anybody_searches(registry: Registry, make: Make) -> None:
    """The first who counts reads no codes, and counts what one counts who remembers nothing."""
    make.model()
    actor, parts = make.person(Role.MRC).actor, replace(registry.house.parts, shelf=Shelf())
    remember_ahead(registry.house.database, parts, Event())

    with counted() as sent, works.reading(registry.house.database, parts) as work:
        found = list_models(work, actor, CatalogueFilter(), limit=1, facets=True)
    with works.reading(registry.house.database, replace(parts, shelf=Shelf())) as work:
        anew = list_models(work, actor, CatalogueFilter(), limit=1, facets=True)

    assert found.facets == anew.facets
    assert not any("search_models.facets" in statement for statement in sent)
