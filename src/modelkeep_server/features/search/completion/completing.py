"""
What may come next while somebody types a query: fields, their values, operators, and models to go to.

Values and models are offered where a model that the reader sees has them, and no others; what is common is not counted.
"""

from collections.abc import Iterable, Iterator

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
    yield from list(offer_fields(typed))[:_FIELDS_MOST]
    yield from found[:_MODELS_MOST]
    named = known.find_named_values(work, actor, _BARE, typed.text, limit=_VALUES_MOST)
    values = list(list_spoken(typed))
    values += (offer_value(typed, FIELDS[name], value.shown, FIELDS[name].says, named=True) for name, value in named)
    yield from values[:_VALUES_MOST]
    yield from offer_operators(typed)
    yield from found[_MODELS_MOST:]
    yield from values[_VALUES_MOST:]


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
