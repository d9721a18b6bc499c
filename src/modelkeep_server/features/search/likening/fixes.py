"""What a query that finds nothing names and no model has, and what may stand there instead."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, takewhile

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.completion.known import KnownValue, find_values_soon, nearest_values
from modelkeep_server.features.search.language.addresses import split_address
from modelkeep_server.features.search.language.editing import write_term
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.scanning import Token, TokenKind, scan
from modelkeep_server.features.search.language.tree import Fit, Node, Pattern, Span, Text, Value, leaves
from modelkeep_server.features.search.likening.placed import find_placed
from modelkeep_server.features.search.likening.seen import find_seen
from modelkeep_server.features.search.likening.words import LETTERS_MIN, find_near_words
from modelkeep_server.features.search.queries import glance
from modelkeep_server.kit.words import fold_value

#: In which fields a value that nothing has is likened to those that models have.
LIKENED = ("tag", "group", "owner", "framework", "modelType", "license")
_WAYS_MAX = 3
#: So many terms are asked for by themselves, whether any model has them.
_TRIED_MAX = 6
#: So many words behind a value may belong to it; of so many values it is seen which go on so.
_FURTHER_MAX, _KNOWN_MAX = 4, 10
#: What may stand in a value where blanks were typed.
_JOINING = (" ", "-", "_")
_PARTING = re.compile(r"\s*[,;|]\s*")
_LISTED = re.compile(r'[^\s,;|"()*?]+(?:\s*[,;|]\s*[^\s,;|"()*?:]+)+(?![^\s)])')


@dataclass(frozen=True)
class Way:
    """
    What may be written in a place, and by itself as a query. `by_email` says that an owner was asked for by name:
    `person` is theirs, where it is known here.
    """

    text: str
    alone: str
    person: str = ""
    by_email: bool = False


@dataclass(frozen=True)
class Fix:
    """What may stand in a place of the query instead, the likeliest first: one way at least. `is_word`: of a text."""

    span: Span
    ways: tuple[Way, ...]
    is_word: bool = False


def find_fixes(work: Work, actor: Actor, query: str, node: Node) -> tuple[Fix, ...]:
    """What may stand in the place of each term that no model has: of the first few terms."""
    terms = list(islice(_list_terms(query, node), _TRIED_MAX))
    seen = find_seen(work, actor, [term.asked for term in terms])
    if seen is None:
        return ()
    missed = [term for term in terms if term.asked not in seen]
    words = [term.asked for term in missed if isinstance(term.asked, Text)]
    near = find_near_words(work, actor, words) if words else {}
    placed = find_placed(work, actor, query, node)
    fixes: list[Fix] = []
    for term in terms:
        if any(span.start <= term.span.start < span.end for span in placed):
            continue
        if fixes and term.span.start < fixes[-1].span.end:
            continue  # it went into the value before it
        if isinstance(term.asked, Value):
            fix = _Mending(work, actor, query, term, term.asked).fix(is_missed=term in missed)
        else:
            ways = tuple(Way(word, term.prefix + word) for word in near.get(term.asked, ())[:_WAYS_MAX])
            fix = Fix(term.span, ways, is_word=True) if ways else None
        fixes += [fix] if fix else []
    fixes += [Fix(span, tuple(Way(term, term) for term in told[:_WAYS_MAX])) for span, told in placed.items()]
    return tuple(sorted(fixes, key=lambda fix: fix.span.start))


def finds(work: Work, actor: Actor, query: str) -> bool:
    """Whether a query can be read, which one that was made longer may not, and finds something as far as soon known."""
    with suppress(QueryMistake):
        found = glance(work, actor, query)
        return found is not None and bool(found.items)
    return False


@dataclass(frozen=True)
class _Term:
    """
    A value of a field, or one word, that must fit, and where it stands. `prefix` is a field right before it, which
    belongs to the place of a value.
    """

    asked: Text | Value
    span: Span
    prefix: str


def _list_terms(query: str, node: Node) -> Iterator[_Term]:
    for leaf, negated in leaves(node):
        if negated or not isinstance(leaf, Text | Value):
            continue
        first = scan(query[leaf.span.start : leaf.span.end])[0]
        prefix = first.text if first.kind is TokenKind.FIELD else ""
        if isinstance(leaf, Text):
            yield from _list_words(query, leaf, prefix)
        elif leaf.field in LIKENED and len(leaf.patterns) == 1:
            address = split_address(first.text) if first.kind is TokenKind.WORD else None
            if address and fold_value(address[0]) == leaf.patterns[0].text:
                yield _Term(leaf, Span(leaf.span.start, leaf.span.start + len(address[0])), prefix)
            else:
                yield _Term(leaf, leaf.span, prefix)


def _list_words(query: str, leaf: Text, prefix: str) -> Iterator[_Term]:
    """The words of a text that are long enough to be misspelt, where they stand as they are compared."""
    # Some small letters are two characters, behind which all would stand elsewhere.
    typed = "".join(low if len(low := char.lower()) == 1 else char for char in query[leaf.span.start : leaf.span.end])
    for pattern in leaf.patterns:
        at = typed.rfind(pattern.text)
        if pattern.fit is not Fit.WILD and len(pattern.text) >= LETTERS_MIN and at >= len(prefix):
            start = leaf.span.start + at
            yield _Term(Text((pattern,), leaf.place), Span(start, start + len(pattern.text)), prefix)


@dataclass(frozen=True)
class _Mending:
    work: Work
    actor: Actor
    query: str
    term: _Term
    leaf: Value

    def fix(self, *, is_missed: bool) -> Fix | None:
        """The value, or it and the words behind it, with those that models have."""
        tokens = scan(self.query)
        place = next(at for at, one in enumerate(tokens) if one.end == self.leaf.span.end)
        if tokens[place].kind is TokenKind.WORD:
            fix = self._join(tokens[place + 1 :]) or self._part(tokens[place])
            if fix is not None:
                return fix
        return self._liken() if is_missed else None

    def _liken(self) -> Fix | None:
        field, text = FIELDS[self.leaf.field], self.leaf.patterns[0].text
        # Owners are compared by their e-mails; who types a name means one of those who have it.
        people: Sequence[KnownValue] = ()
        if field.name == "owner":
            people = find_values_soon(self.work, self.actor, field, text, limit=_WAYS_MAX)
        known = people or nearest_values(self.work, self.actor, field, text)
        return self._offer(known, self.term.span.end, by_email=bool(people)) if known else None

    def _offer(self, known: Sequence[KnownValue], end: int, *, by_email: bool) -> Fix:
        terms = ((write_term(self.leaf.field, one.shown), one.person) for one in known[:_WAYS_MAX])
        ways = (Way(self.term.prefix + term.partition(":")[2], term, person, by_email) for term, person in terms)
        return Fix(Span(self.leaf.span.start, end), tuple(ways))

    def _join(self, behind: Sequence[Token]) -> Fix | None:
        """The value together with as many words behind it as one that models have goes on with."""
        further = list(takewhile(lambda token: token.kind is TokenKind.WORD, behind[:_FURTHER_MAX]))
        if not further or not self.term.prefix:
            return None
        words = [self.leaf.patterns[0].text, *(fold_value(token.text) for token in further)]
        by_name = self.leaf.field == "owner"
        joined = self._join_names(words) if by_name else self._join_values(words)
        longest = max(joined.values(), default=0)
        known = [one for one, many in joined.items() if many == longest]
        return self._offer(known, further[longest - 2].end, by_email=by_name) if known else None

    def _join_names(self, words: Sequence[str]) -> dict[KnownValue, int]:
        """Owners by so many of the words as their name has."""
        known = find_values_soon(self.work, self.actor, FIELDS["owner"], " ".join(words[:2]), limit=_KNOWN_MAX)
        shared = {one: _count_shared(words, fold_value(one.person)) for one in known}
        return {one: many for one, many in shared.items() if many > 1}

    def _join_values(self, words: Sequence[str]) -> dict[KnownValue, int]:
        """Values of so many of the words, with blanks between them or, as tags have it, hyphens."""
        whole = {
            Value(self.leaf.field, (Pattern(sign.join(words[:many])),)): many
            for many in range(len(words), 1, -1)
            for sign in _JOINING
        }
        seen = find_seen(self.work, self.actor, tuple(whole)) or ()
        told = ((one.patterns[0].text, many) for one, many in whole.items() if one in seen)
        return {KnownValue(text, text): many for text, many in told}

    def _part(self, value: Token) -> Fix | None:
        """Values in a list, in parentheses."""
        listed = _LISTED.match(self.query, value.start)
        if listed is None:
            return None
        parts = (write_term(self.leaf.field, part).partition(":")[2] for part in _PARTING.split(listed[0]))
        told = f"({' OR '.join(parts)})"
        alone = f"{self.leaf.field}:{told}"
        if not finds(self.work, self.actor, alone):
            return None
        return Fix(Span(self.leaf.span.start, listed.end()), (Way(self.term.prefix + told, alone),))


def _count_shared(words: Sequence[str], name: str) -> int:
    """With how many of the words a name goes on."""
    return next((many for many in range(len(words), 0, -1) if " ".join(words[:many]) in name), 0)
