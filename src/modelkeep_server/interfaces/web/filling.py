"""
What files tell of a version, as its form offers it: a value a press, or all empty fields at once.

A press puts a value into the form. With a script that happens in place; without one, the address of the form names
in `fill` what is put in: `framework`, or `framework@model.onnx` for what one file tells. Nothing is saved before the
form is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from modelkeep_server.features.artifacts.suggestions import Suggestion
from modelkeep_server.interfaces.web.version_forms import write_value

Fill = Annotated[list[str], Query(default_factory=list, max_length=100)]


@dataclass(frozen=True)
class Offer:
    """One value for a field. `text` is as its control holds it; `href` is the form with it put in."""

    value: Any
    path: str
    files: int
    text: str
    href: str
    is_used: bool


@dataclass(frozen=True)
class OfferedField:
    """
    A metadata field that files tell of. `kept` is the text of what stands in it, empty where nothing does; `keep_href`
    is the form with that left in place.
    """

    path: str
    label: str
    present: Any
    kept: str
    keep_href: str
    is_kept: bool
    is_conflict: bool
    offers: tuple[Offer, ...]

    @property
    def control(self) -> str:
        """The name of the control that edits it."""
        return f"metadata.{self.path}"


@dataclass(frozen=True)
class Filling:
    """What the box "From your files" is drawn from. `fillable` counts the empty fields that one value is told for."""

    fields: tuple[OfferedField, ...] = ()
    fillable: int = 0
    all_href: str = ""
    used: int = 0


def count_fillable(told: Iterable[Suggestion]) -> int:
    """How many empty fields can be filled without a choice."""
    return sum(not suggestion.is_conflict for suggestion in told)


def fill_in(told: Sequence[Suggestion], asked: Sequence[str]) -> dict[str, str]:
    """The controls that the names in an address fill, and with what; names of nothing are passed over."""
    filled = {}
    for suggestion in told:
        names = {_name_of(suggestion), suggestion.field} - ({suggestion.field} if suggestion.is_conflict else set())
        if not names.isdisjoint(asked):
            filled[f"metadata.{suggestion.field}"] = write_value(suggestion.value)
    return filled


def offer(told: Sequence[Suggestion], href: str, asked: Sequence[str], values: Mapping[str, str]) -> Filling:
    """The box of a form at `href` whose controls hold `values`."""
    known = [name for name in asked if any(name in (_name_of(one), one.field) for one in told)]
    fields = tuple(
        _offer_field(list(group), href, known, values) for _, group in groupby(told, key=lambda one: one.field)
    )
    plain = [one.field for one in told if not one.is_conflict]
    return Filling(
        fields=fields,
        fillable=len(plain),
        all_href=_href(href, [*known, *(name for name in plain if name not in known)]),
        used=sum(one.is_used for field in fields for one in field.offers),
    )


def _offer_field(
    told: Sequence[Suggestion], href: str, asked: Sequence[str], values: Mapping[str, str]
) -> OfferedField:
    first = told[0]
    others = [name for name in asked if name.partition("@")[0] != first.field]
    typed = values.get(f"metadata.{first.field}", "").strip()
    offers = []
    for one in told:
        text = write_value(one.value)
        name = _name_of(one) if one.is_conflict else one.field
        offers.append(Offer(one.value, one.path, one.files, text, _href(href, [*others, name]), typed == text.strip()))
    kept = "" if first.present is None else write_value(first.present)
    return OfferedField(
        path=first.field,
        label=first.label,
        present=first.present,
        kept=kept,
        keep_href=_href(href, others),
        is_kept=typed == kept.strip(),
        is_conflict=first.is_conflict,
        offers=tuple(offers),
    )


def _name_of(suggestion: Suggestion) -> str:
    return f"{suggestion.field}@{suggestion.path}"


def _href(href: str, names: Sequence[str]) -> str:
    query = "?" + urlencode([("fill", name) for name in names], safe="@/") if names else ""
    return f"{href}{query}#from-files"
