"""
Queries that may have been meant by one that finds nothing: with operators in capitals, with values and words that
models have, and with values that are whole. Each of them finds something.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.asking import write_query
from modelkeep_server.features.search.language.editing import capitalise_operators
from modelkeep_server.features.search.language.fields import FIELDS, Kind, find_field
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.scanning import TokenKind, scan
from modelkeep_server.features.search.language.spoken import hear
from modelkeep_server.features.search.language.tree import Node, Text, parts_of
from modelkeep_server.features.search.likening.fixes import Fix, find_fixes, finds
from modelkeep_server.features.search.views import CatalogueFilter

MEANT_MAX = 3
#: In all.
SECONDS_MAX = 1.5
#: For each field that takes a few values: it, and some of them with OR between two.
_CHOICES = tuple(
    re.compile(rf"\b((?i:{'|'.join((field.name, *field.also))}):)((?i:{told})(?: OR (?i:{told}))+)(?![\w:-])")
    for field in FIELDS.values()
    if field.choices
    for told in [f"(?:{'|'.join(field.choices)})"]
)
_COMMAS = re.compile(r"\s*[,;]\s*")
_LIST = re.compile(rf"[\w-]+(?:{_COMMAS.pattern}[\w-]+)+")


@dataclass(frozen=True)
class Meant:
    """
    A query that may have been meant. `by_email` says that an owner was asked for by name: `person` is theirs, where it
    is known here.
    """

    query: str
    person: str = ""
    by_email: bool = False


def find_meant_instead(work: Work, actor: Actor, asked: CatalogueFilter) -> tuple[Meant, ...]:
    """The same for a query and the filters beside it, which the queries that may have been meant have in words."""
    query = write_query(asked)
    with suppress(QueryMistake):
        return find_meant(work, actor, query, read_query(query, now=work.now))
    return ()


def find_meant(work: Work, actor: Actor, query: str, node: Node) -> tuple[Meant, ...]:
    """A few queries that may have been meant by one that finds nothing, the likeliest first."""
    capitals = capitalise_operators(query)
    with work.hurried(SECONDS_MAX, apart=True):
        if capitals != query:
            # Where it cannot be read so, it was not meant so. Each place of it stays where it is.
            with suppress(QueryMistake):
                return _find(work, actor, query, capitals, read_query(capitals, now=work.now))
        return _find(work, actor, query, query, node)


def _find(work: Work, actor: Actor, query: str, capitals: str, node: Node) -> tuple[Meant, ...]:
    """All that is wrong is mended at once; where that finds nothing, each value is asked for alone, or each word."""
    fixes = find_fixes(work, actor, capitals, node)
    # Whoever asked for the word of somebody's models did not ask for the word alone.
    holds_words_alone = all(isinstance(part, Text) for part in parts_of(node))
    alone = [
        Meant(way.alone, way.person, way.by_email)
        for fix in fixes
        for way in fix.ways
        if holds_words_alone or not fix.is_word
    ]
    written = (_group_choices(capitals), capitals, _write_times(capitals, work.now), _part_list(capitals))
    for asked in (
        [Meant(one) for one in dict.fromkeys(written) if one != query] + _mend(capitals, fixes),
        _mend(query, fixes) if capitals != query else [],
        alone,
    ):
        found = tuple(one for one in asked[:MEANT_MAX] if finds(work, actor, one.query))
        if found:
            return found
    return ()


def _group_choices(query: str) -> str:
    """The query with parentheses around choices that OR parts: `riskTier:HIGH OR LOW` asks for `LOW` in any place."""
    for pattern in _CHOICES:
        query = pattern.sub(r"\1(\2)", query)
    return query


def _write_times(query: str, now: datetime) -> str:
    """The query with a time that stands in it as words: `fraud created last month`, `since monday`."""
    tokens = scan(query)
    for before, token in zip((None, *tokens), tokens, strict=False):
        spoken = hear(query[token.start :], now) if token.kind is TokenKind.WORD else None
        if spoken is None or (before and before.kind in {TokenKind.FIELD, TokenKind.COMPARE}):
            continue
        named = find_field(before.text) if before and before.kind is TokenKind.WORD else None
        field = named if named and named.kind is Kind.MOMENT else None
        start = before.start if before and field else token.start
        told = f"{field.name if field else 'updated'}:{spoken.write('')}"
        return query[:start] + told + query[token.start + spoken.length :]
    return query


def _part_list(query: str) -> str:
    """Words alone with commas between them, with OR instead: `fraud, churn` looks for both in one model."""
    words = query.strip()
    return " OR ".join(_COMMAS.split(words)) if _LIST.fullmatch(words) else query


def _mend(query: str, fixes: Sequence[Fix]) -> list[Meant]:
    """The query with what is likeliest in each place; then with what else may stand in the first that has several."""
    if not fixes:
        return []
    several = next((fix for fix in fixes if len(fix.ways) > 1), fixes[0])
    made = []
    for way in several.ways:
        chosen = [replace(fix, ways=(way,)) if fix is several else fix for fix in fixes]
        mended = query
        for fix in sorted(chosen, key=lambda fix: -fix.span.start):
            mended = mended[: fix.span.start] + fix.ways[0].text + mended[fix.span.end :]
        named = next((fix.ways[0] for fix in chosen if fix.ways[0].by_email), way)
        made.append(Meant(mended, named.person, named.by_email))
    return made
