"""
The search in the guide: words in headings and paragraphs, the best section first. Pure, and small enough to be read.

Every word that was typed must begin a word of the section (its heading, its chapter's title, or its text). A section is
worth more the rarer its words are, and the nearer to its heading they stand; it shows the paragraph that holds most.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelkeep_server.features.help.rendering import Rendered
from modelkeep_server.features.help.views import Found, Piece
from modelkeep_server.kit.words import split_words

WORDS_MAX = 12
FOUND_MAX = 20
SNIPPET_CHARS = 220
#: A section of so many words counts half.
LONG_WORDS = 200
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_IN_CHAPTER, _IN_HEADING, _IN_TEXT = 4.0, 6.0, 1.0


@dataclass(frozen=True)
class _Entry:
    href: str
    chapter: str
    title: str
    texts: tuple[str, ...]
    words_of_chapter: frozenset[str]
    words_of_title: frozenset[str]
    words: Counter[str]
    length: float

    @property
    def all_words(self) -> frozenset[str]:
        return self.words_of_chapter | self.words_of_title | self.words.keys()


class Index:
    """The sections of all chapters. Made once; asking changes nothing."""

    def __init__(self, rendered: Sequence[Rendered]) -> None:
        self._entries = tuple(entry for one in rendered for entry in _entries_of(one))
        self._holders: dict[str, list[int]] = {}
        for place, entry in enumerate(self._entries):
            for word in entry.all_words:
                self._holders.setdefault(word, []).append(place)
        self._vocabulary = sorted(self._holders)

    def search(self, asked: str) -> tuple[Found, ...]:
        """The sections that hold every word of `asked`, the best first, at most 20; none for no word."""
        stems = tuple(dict.fromkeys(split_words(asked)))[:WORDS_MAX]
        if not stems:
            return ()
        worths = [self._weigh(stem) for stem in stems]
        held_by_all = set.intersection(*(set(worth) for worth in worths))
        best = sorted((-sum(worth[place] for worth in worths), place) for place in held_by_all)[:FOUND_MAX]
        return tuple(_show(self._entries[place], stems) for _, place in best)

    def _weigh(self, stem: str) -> dict[int, float]:
        """What the word that begins with `stem` is worth to each section that holds one, by the section's place."""
        worths: dict[int, float] = {}
        for at in range(bisect_left(self._vocabulary, stem), len(self._vocabulary)):
            word = self._vocabulary[at]
            if not word.startswith(stem):
                break
            rarity = math.log(1 + len(self._entries) / len(self._holders[word])) * (1.0 if word == stem else 0.6)
            for place in self._holders[word]:
                worths[place] = max(worths.get(place, 0.0), rarity * _nearness(self._entries[place], word))
        return worths


def _nearness(entry: _Entry, word: str) -> float:
    # A long table holds every word somewhere.
    in_text = _IN_TEXT * (1 + math.log(entry.words[word])) / entry.length if word in entry.words else 0.0
    in_heading = _IN_HEADING * (word in entry.words_of_title)
    return in_text + in_heading + _IN_CHAPTER * (word in entry.words_of_chapter)


def _entries_of(rendered: Rendered) -> Iterable[_Entry]:
    chapter = rendered.chapter
    for section in (None, *chapter.sections):
        texts = tuple(passage.text for passage in rendered.passages if passage.section == section)
        if section is None and not texts:
            continue
        words = Counter(word for text in texts for word in split_words(text))
        yield _Entry(
            href=f"{chapter.href}#{section.anchor}" if section else chapter.href,
            chapter=chapter.title,
            title=section.title if section else chapter.title,
            texts=texts,
            words_of_chapter=frozenset(split_words(chapter.title)),
            words_of_title=frozenset(split_words(section.title)) if section else frozenset(),
            words=words,
            length=1 + words.total() / LONG_WORDS,
        )


def _show(entry: _Entry, stems: Sequence[str]) -> Found:
    def held(text: str) -> int:
        words = split_words(text)
        return sum(any(word.startswith(stem) for word in words) for stem in stems)

    best = max(entry.texts, key=held, default="")
    return Found(entry.href, entry.chapter, mark(entry.title, stems), mark(_cut(best, stems), stems))


def _cut(text: str, stems: Sequence[str]) -> str:
    """At most `SNIPPET_CHARS` of a text, around the first word that was looked for."""
    if len(text) <= SNIPPET_CHARS:
        return text
    hit = next((m.start() for m in _WORD.finditer(text) if m[0].casefold().startswith(tuple(stems))), 0)
    start = 0 if hit < SNIPPET_CHARS // 2 else text.rfind(" ", 0, hit - SNIPPET_CHARS // 3) + 1
    end = text.rfind(" ", start, start + SNIPPET_CHARS)
    end = end if end > start else start + SNIPPET_CHARS
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def mark(text: str, stems: Sequence[str]) -> tuple[Piece, ...]:
    """The text in pieces, the words that begin with one of `stems` marked."""
    pieces, last = [], 0
    for found in _WORD.finditer(text):
        if found[0].casefold().startswith(tuple(stems)):
            if found.start() > last:
                pieces.append(Piece(text[last : found.start()]))
            pieces.append(Piece(found[0], is_hit=True))
            last = found.end()
    if last < len(text):
        pieces.append(Piece(text[last:]))
    return tuple(pieces)
