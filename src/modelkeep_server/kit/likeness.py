"""Texts that are spelled much like one, in little time however they are chosen."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import takewhile

#: Where more letters than these lie between the first and the last that differ, two texts are not alike: to compare
#: longer ones takes difflib a time that grows with the third power.
APART_MAX = 24


def find_like(text: str, others: Iterable[str], *, most: int, likeness: float) -> list[str]:
    """So many of the others that are alike (difflib's ratio) by this at least, the likest first."""
    told = ((_compare(text, other, likeness), other) for other in others)
    return [other for ratio, other in sorted(told, reverse=True)[:most] if ratio >= likeness]


def _compare(text: str, other: str, least: float) -> float:
    """How alike two texts are: 1 where they are the same, 0 where they are less alike than asked."""
    begin = _count_shared(text, other)
    end = _count_shared(text[begin:][::-1], other[begin:][::-1])
    one, two = text[begin : len(text) - end], other[begin : len(other) - end]
    length, shared = len(text) + len(other), 2 * (begin + end)
    if max(len(one), len(two)) > APART_MAX or shared + 2 * min(len(one), len(two)) < least * length:
        return 0.0
    if not one or not two:
        return shared / length
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    within = matcher.quick_ratio() * (len(one) + len(two))
    if shared + within < least * length:
        return 0.0
    return (shared + matcher.ratio() * (len(one) + len(two))) / length


def _count_shared(one: str, two: str) -> int:
    """With how many of the same letters two texts begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, two, strict=False)))
