"""
What completion offers out of the language itself: fields, their choices, dates and operators. No database is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from modelkeep_server.features.search.language.carets import Typed
from modelkeep_server.features.search.language.editing import write_term
from modelkeep_server.features.search.language.fields import FIELDS, Field, Kind
from modelkeep_server.features.search.language.tree import Span
from modelkeep_server.kit.words import fold_value

#: What is offered before anything is typed: what is asked most.
_FIRST = ("tag", "group", "owner", "riskTier", "state", "framework", "updated", "is", "has", "name")
_OPERATORS = {
    "AND": "both of what stands beside it",
    "OR": "one of what stands beside it",
    "NOT": "not what follows",
}


class OfferKind(Enum):
    """What an offer is."""

    FIELD = "FIELD"
    VALUE = "VALUE"
    OPERATOR = "OPERATOR"
    MODEL = "MODEL"


@dataclass(frozen=True)
class Offer:
    """
    `insert` takes the place of `span` in the query. `label` is what it is, `says` what that means. `address` is that of
    a model, which is gone to rather than searched for.
    """

    kind: OfferKind
    insert: str
    span: Span
    label: str
    says: str = ""
    address: str | None = None


def offer_value(typed: Typed, field: Field, value: str, says: str = "", *, named: bool = False) -> Offer:
    """A value of a field; `named` puts the field before it, for somebody who typed no field."""
    term = write_term(field.name, value)
    insert = term if named else term.removeprefix(f"{field.name}:")
    return Offer(OfferKind.VALUE, insert, typed.span, term if named else value, says)


def offer_fields(typed: Typed) -> Iterator[Offer]:
    """Fields whose name, or another spelling of it, begins with what is typed; the usual ones where that is nothing."""
    begun = typed.text.casefold()
    named = [name for name in FIELDS if name.casefold().startswith(begun)]
    meant = [field.name for field in FIELDS.values() if any(one.startswith(begun) for one in field.also)]
    for field in (FIELDS[name] for name in (dict.fromkeys([*named, *meant]) if begun else _FIRST)):
        yield Offer(OfferKind.FIELD, f"{field.name}:", typed.span, f"{field.name}:", field.says)


def is_operator_begun(typed: Typed) -> bool:
    """Whether what is typed begins an operator as operators are written: in capitals."""
    return typed.text.isupper() and any(word.startswith(typed.text) for word in _OPERATORS)


def offer_operators(typed: Typed) -> Iterator[Offer]:
    """AND, OR and NOT where they make sense; TO within a range."""
    if typed.compares == "[":
        if "TO".startswith(typed.text.upper()):
            yield Offer(OfferKind.OPERATOR, "TO", typed.span, "TO", "up to the second date")
        return
    begun = typed.text.upper()
    for word, says in _OPERATORS.items():
        if word.startswith(begun) and (typed.joins or (word == "NOT" and begun)):
            yield Offer(OfferKind.OPERATOR, word, typed.span, word, says)


def offer_choices(typed: Typed, field: Field, *, named: bool = False) -> Iterator[Offer]:
    """
    Those of a field that takes a few values, by code or by what they are called: first those that begin so. `named`
    puts the field before them, for somebody who typed no field.
    """
    begun = fold_value(typed.text)
    within: list[Offer] = []
    for choice, says in field.choices.items():
        offer = offer_value(typed, field, choice, says, named=named)
        if choice.casefold().startswith(begun) or says.casefold().startswith(begun):
            yield offer
        elif not named and (begun in choice.casefold() or begun in says.casefold()):
            within.append(offer)
    yield from within


def offer_moments(typed: Typed, now: datetime) -> Iterator[Offer]:
    """Days, months, years and spans that begin with what is typed."""
    for insert, says in _list_moments(typed, now):
        if insert.startswith(typed.text.lower()):
            yield Offer(OfferKind.VALUE, insert, typed.span, insert, says)


def _list_moments(typed: Typed, now: datetime) -> Iterator[tuple[str, str]]:
    is_bound = bool(typed.compares)
    yield "today", "" if is_bound else "since midnight, UTC"
    yield "yesterday", ""
    for back, says in (("7d", "7 days"), ("30d", "30 days"), ("3m", "3 months"), ("1y", "12 months")):
        if is_bound:
            yield f"now-{back}", f"{says} ago"
        else:
            yield f">now-{back}", f"in the last {says}"
    if is_bound:
        yield now.date().isoformat(), "today"
        yield (now.date() - timedelta(days=1)).isoformat(), "yesterday"
    years = [str(year) for year in range(now.year, now.year - 4, -1)]
    months = [f"{now.year}-{month:02}" for month in range(now.month, 0, -1)]
    if typed.text[:4] in years:
        months = [f"{typed.text[:4]}-{month:02}" for month in range(1, 13)]
    for span in (*years[:1], *months[:3], *years[1:], *months[3:]):
        yield span, "all of it"
    if not is_bound:
        yield f"[{now.year}-01-01 TO {now.date().isoformat()}]", "from one day to another"


def list_spoken(typed: Typed) -> Iterator[Offer]:
    """Choices of fields that somebody may mean who typed a word: `production` is a state."""
    for field in FIELDS.values():
        if field.kind is Kind.CHOICE and field.name != "newest":
            yield from offer_choices(typed, field, named=True)
