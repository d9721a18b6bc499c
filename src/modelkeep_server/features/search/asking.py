"""What somebody asked the catalogue for, as one tree: the query they typed, and the filters beside it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from modelkeep_server.features.models.views import ModelStatus
from modelkeep_server.features.search.language.editing import add_term, add_words
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import During, Everything, Mine, Node, Pattern, Value, join
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.kit import clock
from modelkeep_server.kit.words import fold_value
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.lifecycle import State


def read_filter(asked: CatalogueFilter, now: datetime) -> Node:
    """The tree of a filter. Raises Invalid for a query that cannot be read, and for a value that is none of those."""
    query = read_query(asked.text, now=now) if asked.text.strip() else Everything()
    return join((query, *_beside(asked)))


def write_query(asked: CatalogueFilter) -> str:
    """The same in words of the query alone."""
    query = asked.text.strip()
    beside = {
        "group": asked.group, "riskTier": asked.risk_tier, "tag": asked.tag, "owner": asked.owner,
        "state": asked.state, "framework": asked.framework, "is": asked.status.lower(),
    }  # fmt: skip
    for field, value in beside.items():
        query = add_term(query, field, value) if value else query
    bounds = (
        ("created:>=", asked.created_from), ("created:<=", asked.created_to),
        ("updated:>=", asked.updated_from), ("updated:<=", asked.updated_to),
    )  # fmt: skip
    for sign, moment in bounds:
        query = add_words(query, f"{sign}{moment.isoformat()}") if moment else query
    return query


def _beside(asked: CatalogueFilter) -> Iterator[Node]:
    if asked.group:
        yield _value("group", asked.group)
    if asked.tag:
        yield _value("tag", asked.tag)
    if asked.owner:
        yield Mine() if asked.owner.strip().casefold() == "me" else _value("owner", asked.owner)
    if asked.risk_tier:
        yield _value("riskTier", _choice("riskTier", asked.risk_tier, list(RiskTier)))
    if asked.status:
        yield _value("is", _choice("status", asked.status, list(ModelStatus)))
    if asked.state:
        yield _value("state", _choice("state", asked.state, list(State)))
    if asked.framework:
        yield _value("framework", asked.framework)
    yield from _during("created", asked.created_from, asked.created_to)
    yield from _during("updated", asked.updated_from, asked.updated_to)


def _during(field: str, earliest: datetime | None, latest: datetime | None) -> Iterator[Node]:
    """Both ends count."""
    if earliest or latest:
        start = None if earliest is None else clock.to_us(earliest)
        yield During(field, start, None if latest is None else clock.to_us(latest) + 1)


def _value(field: str, given: str) -> Value:
    return Value(field, (Pattern(fold_value(given)),))


def _choice(field: str, given: str, choices: Sequence[str]) -> str:
    if given not in choices:
        raise Invalid.of([FieldError(field, f"Choose one of {', '.join(choices)}.")])
    return given
