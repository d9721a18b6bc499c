"""Stretches of a file that went out, in any order."""

import random
from itertools import pairwise

from modelkeep_server.kit.spans import Span, add_span


def test_spans_cover_what_was_added() -> None:
    """Whatever the order, and however they overlap, the spans are the bytes that were added, and do not touch."""
    chance = random.Random(7)
    for _ in range(200):
        spans: list[Span] = []
        added: set[int] = set()
        for _ in range(chance.randrange(12)):
            start = chance.randrange(40)
            end = start + chance.randrange(9)
            spans = add_span(spans, start, end, at_most=64)
            added |= set(range(start, end))

        assert [at for span in spans for at in range(*span)] == sorted(added)
        assert all(one[1] < other[0] for one, other in pairwise(spans))


def test_spans_are_few_and_never_tell_more_than_was_added() -> None:
    """Beyond the limit the shortest is forgotten, and comes back where it is added again."""
    spans: list[Span] = []
    for start in range(0, 100, 10):
        spans = add_span(spans, start, start + 1 + start // 10, at_most=3)

    assert spans == [(70, 78), (80, 89), (90, 100)]
    assert add_span(spans, 0, 95, at_most=3) == [(0, 100)]
