"""Stretches of something that is numbered from 0 on, held as a short list of those that do not touch."""

from collections.abc import Sequence

Span = tuple[int, int]


def add_span(spans: Sequence[Sequence[int]], start: int, end: int, *, at_most: int) -> list[Span]:
    """
    The spans with one more, from `start` up to, not including, `end`: in order, those that overlap or touch as one.

    Where more than `at_most` are left the shortest is forgotten, so what is told never covers more than was added.
    """
    added = [(int(one[0]), int(one[1])) for one in spans]
    if start < end:
        added.append((start, end))
    joined: list[Span] = []
    for begins, ends in sorted(added):
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        else:
            joined.append((begins, ends))
    while len(joined) > at_most:
        joined.remove(min(joined, key=lambda span: span[1] - span[0]))
    return joined
