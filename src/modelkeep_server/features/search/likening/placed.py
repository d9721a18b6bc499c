"""Words that no text has and some field takes: `pytorch` is a framework, `draft` a state, and `1.2.0` a version."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.language.editing import write_term
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.features.search.language.scanning import TokenKind, scan
from modelkeep_server.features.search.language.tree import Leaf, Mine, Node, Pattern, Place, Span, Text, Value, leaves
from modelkeep_server.features.search.likening.seen import find_seen
from modelkeep_server.kit.words import fold_value

_TRIED_MAX = 6
_CHOSEN = ("riskTier", "state", "is")
_VALUED = ("framework", "modelType", "license")
_VERSION = re.compile(r"v?([0-9]+\.[0-9][\w.+-]*)", re.IGNORECASE)
_JOINING = re.compile(r"[-_ ]")


def find_placed(work: Work, actor: Actor, query: str, node: Node) -> Mapping[Span, tuple[str, ...]]:
    """The terms that may be meant by words that no model has in its texts, by where those stand."""
    bare = list(islice(_list_bare(query, node), _TRIED_MAX))
    told = {leaf.span: dict(_list_terms(query[leaf.span.start : leaf.span.end])) for leaf in bare}
    seen = find_seen(work, actor, [*bare, *(one for terms in told.values() for one in terms)]) or ()
    placed = {
        leaf.span: tuple(term for one, term in told[leaf.span].items() if one in seen)
        for leaf in bare
        if leaf not in seen
    }
    return {span: terms for span, terms in placed.items() if terms}


def _list_bare(query: str, node: Node) -> Iterator[Text]:
    for leaf, negated in leaves(node):
        if not negated and isinstance(leaf, Text) and leaf.place is Place.ANYWHERE:
            tokens = scan(query[leaf.span.start : leaf.span.end])
            if [token.kind for token in tokens] == [TokenKind.WORD]:
                yield leaf


def _list_terms(typed: str) -> Iterator[tuple[Leaf, str]]:
    """What a word may be a value of, and the term that says so."""
    plain = _JOINING.sub("", typed).casefold()
    for name in _CHOSEN:
        for choice in FIELDS[name].choices:
            if _JOINING.sub("", choice).casefold() == plain:
                asked = Mine() if choice == "mine" else Value(name, (Pattern(fold_value(choice)),))
                yield asked, write_term(name, choice)
    if "@" in typed:
        yield _value("owner", typed)
    elif version := _VERSION.fullmatch(typed):
        yield _value("version", version[1])
    else:
        yield from (_value(name, typed) for name in _VALUED)


def _value(name: str, typed: str) -> tuple[Leaf, str]:
    return Value(name, (Pattern(fold_value(typed)),)), write_term(name, typed)
