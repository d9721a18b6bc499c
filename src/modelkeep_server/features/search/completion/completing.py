"""
What may come next while somebody types a query: fields, their values, operators, and models to go to.

Values and models are offered where a model that the reader sees has them, and no others; what is common is not counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.search.completion import known
from modelkeep_server.features.search.completion.offers import (
    Offer,
    OfferKind,
    is_operator_begun,
    list_spoken,
    offer_choices,
    offer_fields,
    offer_moments,
    offer_operators,
    offer_value,
)
from modelkeep_server.features.search.language.carets import Typed, read_caret
from modelkeep_server.features.search.language.fields import FIELDS, Field, Kind
from modelkeep_server.kit.words import fold_value

OFFERED = 10
#: Whoever types on has no use for what comes later.
SECONDS_MAX = 1.0
#: Of each kind, where a bare word may mean several.
_FIELDS_MOST, _MODELS_MOST, _VALUES_MOST = 3, 5, 4
#: Fields whose values a bare word may mean.
_BARE = ("tag", "group", "framework")
_TYPED_MAX = 200


def complete(work: Work, actor: Actor, query: str, at: int, *, limit: int = OFFERED) -> tuple[Offer, ...]:
    """
    What may stand at the caret of a query, before its character `at`, the likeliest first. A query that is broken, or
    none yet, is no error. Three statements at most.
    """
    typed = read_caret(query, at)
    if not actor.is_known or typed.is_unknown or len(typed.text) > _TYPED_MAX or "\0" in typed.text:
        return ()
    with work.hurried(SECONDS_MAX):
        offered = _offer_values(work, actor, typed, typed.field, limit) if typed.field else _offer(work, actor, typed)
        return tuple(_without_repeats(offered))[:limit]


def _offer(work: Work, actor: Actor, typed: Typed) -> Iterator[Offer]:
    """What a word may mean that no field stands before."""
    if not typed.text:
        # Quotes that were just opened are not to be replaced.
        if not typed.is_quoted:
            yield from offer_operators(typed)
            yield from offer_fields(typed)
        return
    if is_operator_begun(typed):
        yield from offer_operators(typed)
    # Nobody goes to a model by saying what is not wanted.
    sought = "" if typed.is_negated else typed.words or typed.text
    found = [
        Offer(OfferKind.MODEL, model.address, typed.span, model.address, model.description, address=model.address)
        for model in known.find_models(work, actor, sought, limit=OFFERED)
    ]
    if typed.is_quoted:
        yield from found
        return
    named = known.find_named_values(work, actor, _BARE, typed.text, limit=_VALUES_MOST)
    whole = [one for one in named if one[1].key == fold_value(typed.text)]
    yield from list(offer_fields(typed))[:_FIELDS_MOST]
    yield from _name(typed, whole)
    yield from found[:_MODELS_MOST]
    values = [*list_spoken(typed), *_name(typed, _in_turn(named))]
    yield from values[:_VALUES_MOST]
    yield from offer_operators(typed)
    yield from found[_MODELS_MOST:]
    yield from values[_VALUES_MOST:]


def _name(typed: Typed, named: Iterable[tuple[str, known.KnownValue]]) -> Iterator[Offer]:
    for name, value in named:
        yield offer_value(typed, FIELDS[name], value.shown, FIELDS[name].says, named=True)


def _in_turn(named: Sequence[tuple[str, known.KnownValue]]) -> Iterator[tuple[str, known.KnownValue]]:
    """One value of each field after the other: tags, of which there are most, would else stand before all groups."""
    by_field = ([one for one in named if one[0] == name] for name in _BARE)
    for turn in zip_longest(*by_field):
        yield from (one for one in turn if one is not None)


def _offer_values(work: Work, actor: Actor, typed: Typed, field: Field, limit: int) -> Iterator[Offer]:
    if typed.compares == "[" and typed.bounds == 1:
        yield from offer_operators(typed)
    elif field.kind is Kind.CHOICE:
        yield from offer_choices(typed, field)
    elif field.kind is Kind.MOMENT:
        yield from offer_moments(typed, work.now)
    elif field.name == "name":
        for model in known.find_models(work, actor, typed.text, limit=limit):
            yield offer_value(typed, field, model.name, model.address)
    elif field.letter:
        if field.name == "owner" and "me".startswith(typed.text.casefold()):
            yield offer_value(typed, field, "me", actor.email)
        for value in known.find_values(work, actor, field, typed.text, limit=limit):
            yield offer_value(typed, field, value.shown, value.person)


def _without_repeats(offered: Iterable[Offer]) -> Iterator[Offer]:
    seen = set()
    for offer in offered:
        if (what := (offer.insert, offer.address)) not in seen:
            seen.add(what)
            yield offer
