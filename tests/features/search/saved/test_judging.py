"""Holding a model against saved searches takes no longer than its texts do."""

import time
from datetime import UTC, datetime

import pytest

from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.saved.judging import Document, judge

MOST_SECONDS = 2.0


@pytest.mark.parametrize("query", ["*a*a*b*", "*a?a*b*", "*a*a c", "name:*a*a*a*a*b"])
def test_a_word_without_end_takes_no_wildcard_long(query: str) -> None:
    """It is tried from its beginning alone, where trying it from each letter took a minute."""
    text = "a" * 80_000
    document = Document("", 0, 0, {"name": text, "keys": "", "description": text}, {}, frozenset(), frozenset({""}))
    node = read_query(query, now=datetime.now(UTC))

    began = time.process_time()
    fits = judge(node, document)

    assert fits is False
    assert time.process_time() - began < MOST_SECONDS
