"""Which words of two texts differ (Myers, "An O(ND) difference algorithm", 1986), within bounds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: So many words may have come and gone; of texts that differ more, all between their common ends is marked.
EDITS_MAX = 100

#: A word goes with the blanks behind it, so that a run of new words is one mark.
_PIECES = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Piece:
    """A run of text; `marked` where the other text does not have it."""

    text: str
    marked: bool


def mark_words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces that make them up again, with the words marked that the other one lacks."""
    left, right = _PIECES.findall(old), _PIECES.findall(new)
    ahead = _common(left, right)
    behind = min(_common(left[::-1], right[::-1]), len(left) - ahead, len(right) - ahead)
    kept = _common_pairs(left[ahead : len(left) - behind], right[ahead : len(right) - behind])
    ends = {*range(ahead)}
    kept_left = ends | {ahead + x for x, _ in kept} | {*range(len(left) - behind, len(left))}
    kept_right = ends | {ahead + y for _, y in kept} | {*range(len(right) - behind, len(right))}
    return _join(left, kept_left), _join(right, kept_right)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many of the first are the same."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _common_pairs(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """The places of a longest common subsequence; none where more than `EDITS_MAX` edits lie between the two."""
    reach, steps = {1: 0}, []
    for edits in range(min(EDITS_MAX, len(left) + len(right)) + 1):
        steps.append(dict(reach))
        for diagonal in range(-edits, edits + 1, 2):
            x = _begin(reach, diagonal, edits)
            while x < len(left) and x - diagonal < len(right) and left[x] == right[x - diagonal]:
                x += 1
            reach[diagonal] = x
            if x >= len(left) and x - diagonal >= len(right):
                return _walk_back(steps, len(left), len(right))
    return []


def _begin(reach: dict[int, int], diagonal: int, edits: int) -> int:
    is_down = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
    return reach[diagonal + 1] if is_down else reach[diagonal - 1] + 1


def _walk_back(steps: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs = []
    for edits in range(len(steps) - 1, -1, -1):
        reach, diagonal = steps[edits], x - y
        begin = _begin(reach, diagonal, edits)
        while x > begin:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        is_down = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
        x, y = (x, y - 1) if is_down else (x - 1, y)
    return pairs[::-1]


def _join(pieces: Sequence[str], kept: set[int]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for index, text in enumerate(pieces):
        marked = index not in kept
        if joined and joined[-1].marked == marked:
            joined[-1] = Piece(joined[-1].text + text, marked)
        else:
            joined.append(Piece(text, marked))
    return tuple(joined)
