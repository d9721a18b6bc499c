"""
Where in a name, a group, a tag or a description a query's words stand, so that rows can show why they were found.

Texts are compared as the index compares them: folded, so that `naive` is marked in "naïve". What is negated marks
nothing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from modelkeep_server.features.search.compiling.shapes import shape_of
from modelkeep_server.features.search.language.tree import Fit, Node, Pattern, Place, Text, Value, leaves
from modelkeep_server.kit.words import WORD_CHARS_MAX, fold_value, split_words

#: Of a description, as much as a row has room for, and how much of it stands before the first hit.
PASSAGE_CHARS = 220
LEAD_CHARS = 60
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_LETTER, _NO_LETTER = "[a-z0-9]", "[^a-z0-9]"
_ENDS = {Fit.BEGINNING: f"{_LETTER}*+", Fit.WHOLE: f"(?!{_LETTER})"}


@dataclass(frozen=True)
class Run:
    """A piece of a text, and whether it is what was searched for."""

    text: str
    is_hit: bool = False


class _Word(NamedTuple):
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Hits:
    """What a query looks for that can be seen in a row."""

    texts: tuple[Text, ...] = ()
    values: tuple[Value, ...] = ()

    @classmethod
    def of(cls, node: Node) -> "Hits":
        """What this query looks for."""
        sought = [leaf for leaf, negated in leaves(node) if not negated]
        return cls(
            tuple(leaf for leaf in sought if isinstance(leaf, Text)),
            tuple(leaf for leaf in sought if isinstance(leaf, Value)),
        )

    def in_name(self, name: str) -> tuple[Run, ...]:
        """The name of a model."""
        return _runs(name, self._spans(name, Place.NAME))

    def in_group(self, group: str) -> tuple[Run, ...]:
        """The group of a model; all of it where it is asked for by value."""
        return self._whole("group", group) or _runs(group, self._spans(group))

    def in_tag(self, tag: str) -> bool:
        """Whether a tag, or a word of it, is what was searched for."""
        return bool(self._whole("tag", tag)) or bool(self._spans(tag))

    def in_owner(self, email: str) -> bool:
        """Whether this owner is who was asked for."""
        return bool(self._whole("owner", email))

    def in_description(self, description: str) -> tuple[Run, ...]:
        """The passage of a description that has the first hit, or its beginning."""
        spans = self._spans(description, Place.DESCRIPTION, most_chars=2 * PASSAGE_CHARS)
        start, end = _passage(description, spans)
        shown = [(a - start, min(b, end) - start) for a, b in spans if start <= a < end]
        runs = _runs(description[start:end].rstrip(), shown)
        before = (Run("… "),) if start else ()
        return (*before, *runs, *((Run("…"),) if end < len(description) else ()))

    def _spans(
        self, text: str, place: Place = Place.ANYWHERE, *, most_chars: int | None = None
    ) -> list[tuple[int, int]]:
        """Where in a text it is; of a long one where it is first, and in so many letters from there."""
        sought = [one for one in self.texts if one.place in (Place.ANYWHERE, place)]
        if not sought:
            return []
        if text.isascii() and all(_is_plain(one) for one in sought):
            # Cutting a text into words costs more than the rest of its row.
            return _merge(_find_plain(sought, text.lower(), most_chars))
        words = tuple(_words(text))
        return _merge(_find(sought, words if most_chars is None else _from_first(sought, words, most_chars)))

    def _whole(self, field: str, value: str) -> tuple[Run, ...]:
        asked = [pattern for one in self.values if one.field == field for pattern in one.patterns]
        if not asked:
            return ()
        folded = fold_value(value)
        return (Run(value, True),) if any(_fits(pattern, folded) for pattern in asked) else ()


def _is_plain(text: Text) -> bool:
    """Whether it has no wildcard, and no word so long that the index has only its beginning."""
    return all(one.fit is not Fit.WILD and len(one.text) < WORD_CHARS_MAX for one in text.patterns)


def _find_plain(sought: Iterable[Text], folded: str, most_chars: int | None) -> Iterator[tuple[int, int]]:
    """In a folded text of ASCII; where `most_chars` are given, in so many letters from the first on."""
    held = [_as_expression(one) for one in sought if all(pattern.text in folded for pattern in one.patterns)]
    first = [(expression, found) for expression in held if (found := expression.search(folded))]
    if not first:
        return
    end = len(folded) if most_chars is None else min(found.start() for _, found in first) + most_chars
    for expression, found in first:
        more: re.Match[str] | None = found
        while more is not None and more.start() < end:
            yield more.span()
            more = expression.search(folded, more.start() + 1)


@lru_cache(maxsize=512)
def _as_expression(text: Text) -> re.Pattern[str]:
    """
    Finds words without wildcards. It begins with the letters themselves, for which a text is looked through quickly,
    and only then asks what stands before them.
    """
    *before, last = text.patterns
    words = [re.escape(one.text) + _ENDS[one.fit] for one in before]
    words.append(re.escape(last.text) + ("" if last.fit is Fit.BEGINNING else _ENDS[last.fit]))
    first = re.escape(text.patterns[0].text)
    words[0] = f"{first}(?<!{_LETTER}{first}){words[0][len(first) :]}"
    return re.compile(f"{_NO_LETTER}++".join(words))


def _find(sought: Iterable[Text], words: Sequence[_Word]) -> Iterator[tuple[int, int]]:
    for text in sought:
        size = len(text.patterns)
        for at in range(len(words) - size + 1):
            there = words[at : at + size]
            if all(_fits(pattern, word.text) for pattern, word in zip(text.patterns, there, strict=True)):
                yield there[0].start, _end_of(text.patterns[-1], there[-1])


def _from_first(sought: Iterable[Text], words: Sequence[_Word], most_chars: int) -> Sequence[_Word]:
    """
    The words from the first on that fits, as far as so many letters go: to hold each word of a long text to each
    pattern would take a second for a page.
    """
    within = f" {' '.join(word.text for word in words)} "
    found = [place for one in sought if (place := _place_of(one, within)) >= 0]
    if not found:
        return ()
    first = within.count(" ", 0, within.rfind(" ", 0, min(found) + 1))
    end = words[first].start + most_chars
    return [word for word in words[first:] if word.start < end]


def _place_of(text: Text, within: str) -> int:
    """Where the first that fits begins, or the blank before it; -1 where none does."""
    shape = shape_of(text.patterns)
    if shape.literal is not None:
        return within.find(shape.literal)
    found = _compile(shape.as_python()).search(within)
    return found.start() if found else -1


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _end_of(pattern: Pattern, word: _Word) -> int:
    """Where the marked part of a word ends: of one that only begins so, its beginning, unless folding took letters."""
    if pattern.fit is Fit.BEGINNING and word.end - word.start == len(word.text):
        return word.start + len(pattern.text)
    return word.end


def _fits(pattern: Pattern, text: str) -> bool:
    if pattern.fit is Fit.WHOLE:
        return text == pattern.text
    if pattern.fit is Fit.BEGINNING:
        return text.startswith(pattern.text)
    return _is_like(text, pattern.text)


def _is_like(text: str, pattern: str) -> bool:
    """Whether `*` (any letters) and `?` (one) make the pattern this text. Its time grows with both, and no faster."""
    at, place, star, kept = 0, 0, -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, kept, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            kept += 1
            at, place = kept, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def _words(text: str) -> Iterator[_Word]:
    """The words of a text as the index cuts it, each with where it stands."""
    if text.isascii():
        for found in _PLAIN.finditer(text):
            yield _Word(found[0][:WORD_CHARS_MAX].lower(), found.start(), found.end())
        return
    start: int | None = None
    for at, letter in enumerate(text + " "):
        kind = _kind(letter)
        if kind != 1 and start is not None:
            yield from _folded(text, start, at)
            start = None
        if kind == 1 and start is None:
            start = at
        elif kind > 2:
            yield from _folded(text, at, at + 1)


def _folded(text: str, start: int, end: int) -> Iterator[_Word]:
    for word in _fold(text[start:end]):
        yield _Word(word, start, end)


@lru_cache(maxsize=8192)
def _fold(piece: str) -> Sequence[str]:
    """The words of a piece between what parts them. Texts are made of the same ones."""
    return tuple(split_words(piece))


@lru_cache(maxsize=8192)
def _kind(letter: str) -> int:
    """Of a letter between two others: 1 where it joins them, 2 where it parts them, 3 where it is a word itself."""
    return len(split_words(f"a{letter}a"))


def _merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _runs(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Run, ...]:
    runs: list[Run] = []
    at = 0
    for start, end in spans:
        runs += [Run(text[at:start]), Run(text[start:end], True)]
        at = end
    return tuple(run for run in (*runs, Run(text[at:])) if run.text)


def _passage(text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Where the shown part begins and ends, cut between words where there are any."""
    first_end = spans[0][1] if spans else 0
    start = 0
    if first_end > PASSAGE_CHARS:
        start = _after_blank(text, max(spans[0][0] - LEAD_CHARS, 0), spans[0][0])
    end = start + PASSAGE_CHARS
    if end >= len(text):
        return start, len(text)
    blank = text.rfind(" ", start + PASSAGE_CHARS // 2, end)
    return start, blank if blank > first_end or (blank > 0 and not spans) else end


def _after_blank(text: str, start: int, limit: int) -> int:
    blank = text.find(" ", start, limit)
    return blank + 1 if blank >= 0 else start
