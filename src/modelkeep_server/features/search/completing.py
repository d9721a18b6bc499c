"""
What may come next while somebody types a query: fields, their values, operators, and models to go to.

Values and models are offered where a model that the reader sees has them, and no others; what is common is not counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal, or_, select, union_all

from modelkeep_server.db.tables import models, people
from modelkeep_server.db.tables.search import search_models, search_postings, search_values
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.visibility import Sight, sight_of, values_of, visible_by
from modelkeep_server.features.search.language.carets import Typed, read_caret
from modelkeep_server.features.search.language.fields import FIELDS, Field, Kind
from modelkeep_server.features.search.offers import (
    Offer,
    OfferKind,
    list_spoken,
    offer_choices,
    offer_fields,
    offer_moments,
    offer_operators,
    quote,
)
from modelkeep_server.kit.words import fold_value, split_words

OFFERED = 10
#: Of each kind, where a bare word may mean several.
_FIELDS_MOST, _MODELS_MOST, _VALUES_MOST = 3, 5, 4
#: Fields whose values a bare word may mean.
_BARE = ("tag", "group", "framework")
_TYPED_MAX = 200
_BY_LETTER = {field.letter: field for field in FIELDS.values() if field.letter}


def complete(work: Work, actor: Actor, query: str, at: int, *, limit: int = OFFERED) -> tuple[Offer, ...]:
    """
    What may stand at the caret of a query, before its character `at`, the likeliest first. A query that is broken, or
    none yet, is no error. Three statements at most.
    """
    typed = read_caret(query, at)
    if not actor.is_known or typed.is_unknown or len(typed.text) > _TYPED_MAX or "\0" in typed.text:
        return ()
    offered = _offer_values(work, actor, typed, typed.field, limit) if typed.field else _offer(work, actor, typed)
    return tuple(_without_repeats(offered))[:limit]


def _offer(work: Work, actor: Actor, typed: Typed) -> Iterator[Offer]:
    """What a word may mean that no field stands before."""
    if not typed.text:
        yield from offer_operators(typed)
        yield from offer_fields(typed)
        return
    found = _find_models(work, actor, typed)
    if typed.is_quoted:
        yield from found
        return
    yield from list(offer_fields(typed))[:_FIELDS_MOST]
    yield from found[:_MODELS_MOST]
    values = [*list_spoken(typed), *_find_bare(work, actor, typed)]
    yield from values[:_VALUES_MOST]
    yield from offer_operators(typed)
    yield from found[_MODELS_MOST:]
    yield from values[_VALUES_MOST:]


def _offer_values(work: Work, actor: Actor, typed: Typed, field: Field, limit: int) -> Iterator[Offer]:
    if typed.compares == "[" and typed.bounds:
        yield from offer_operators(typed)
    if field.kind is Kind.CHOICE:
        yield from offer_choices(typed, field)
    elif field.kind is Kind.MOMENT:
        yield from offer_moments(typed, work.now)
    elif field.name == "name":
        for row in _select_models(work, actor, typed.text, limit):
            yield Offer(OfferKind.VALUE, quote(row.name), typed.span, row.name, f"{row.group_name}/{row.name}")
    elif field.letter:
        if field.name == "owner" and "me".startswith(typed.text.casefold()):
            yield Offer(OfferKind.VALUE, "me", typed.span, "me", actor.email)
        yield from _find_values(work, actor, typed, field, limit)


def _without_repeats(offered: Iterable[Offer]) -> Iterator[Offer]:
    seen = set()
    for offer in offered:
        if (what := (offer.insert, offer.address)) not in seen:
            seen.add(what)
            yield offer


def _find_values(work: Work, actor: Actor, typed: Typed, field: Field, limit: int) -> Iterator[Offer]:
    """Values of a field that begin with what is typed, then those that hold it, and people by their names."""
    key = fold_value(typed.text)
    asked: dict[str, Any] = {"letter": field.letter, "most": limit, **_beginning(key), **values_of(actor)}
    sight = sight_of(actor)
    rows = list(work.all(_select_beginning(sight, is_person=field.name == "owner"), asked))
    if key and len(rows) < limit:
        rows += work.all(_select_within(sight, is_person=field.name == "owner"), {**asked, "within": _like(key)})
    for row in rows:
        yield Offer(OfferKind.VALUE, quote(row.shown), typed.span, row.shown, row.person or "")


def _find_bare(work: Work, actor: Actor, typed: Typed) -> Iterator[Offer]:
    asked = {**_beginning(fold_value(typed.text)), **values_of(actor), "most": _VALUES_MOST}
    for row in work.all(_select_bare(sight_of(actor)), asked):
        insert = f"{_BY_LETTER[row.field].name}:{quote(row.shown)}"
        yield Offer(OfferKind.VALUE, insert, typed.span, insert, _BY_LETTER[row.field].says)


def _find_models(work: Work, actor: Actor, typed: Typed) -> list[Offer]:
    rows = _select_models(work, actor, typed.text, OFFERED)
    addresses = [(f"{row.group_name}/{row.name}", row.description) for row in rows]
    return [
        Offer(OfferKind.MODEL, address, typed.span, address, says, address=address) for address, says in addresses
    ]
