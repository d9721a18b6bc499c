"""What is offered where a query finds nothing."""

import random

import pytest

from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.likening.meant import find_meant
from modelkeep_server.features.search.queries import glance
from tests.support.endurance import Figures, sizes
from tests.support.make import Make
from tests.support.registries import Registry
from tests.support.search_fuzz import make_noise


@pytest.mark.parametrize("texts", sizes(small=150, full=4_000))
def test_whatever_is_offered_can_be_read_and_finds_something(
    make: Make, registry: Registry, texts: int, figures: Figures
) -> None:
    """For queries of every kind, also those that are broken first and mended by half."""
    make.model(tags=["fraud-detection", "production", "nlp"], description="Fraud detection of payments, and churn.")
    reader, chance, offered = make.person().actor, random.Random(texts), 0
    with registry.reading() as work:
        for _ in range(texts):
            query = make_noise(chance).strip()
            try:
                node = read_query(query, now=work.now)
            except QueryMistake:
                continue
            for one in find_meant(work, reader, query, node):
                offered += 1
                found = glance(work, reader, one.query)
                assert found is None or found.items, (query, one)

    figures.tell("queries offered", offered, at_least=1)
