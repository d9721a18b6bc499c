"""Filters that an address names beside the query, said in words of the query: one place says what is asked."""

from collections.abc import Mapping

from modelkeep_server.features.search.language.editing import add_term, add_words
from modelkeep_server.interfaces.web.forms import href_of

#: A filter of the address, and the field that says the same.
_VALUES = {
    "group": "group",
    "riskTier": "riskTier",
    "tag": "tag",
    "owner": "owner",
    "state": "state",
    "framework": "framework",
    "status": "is",
}
_SPANS = {"created": ("createdFrom", "createdTo"), "updated": ("updatedFrom", "updatedTo")}
#: The filters that are folded.
FOLDED_FILTERS = (*_VALUES, *(name for names in _SPANS.values() for name in names))


def fold_filters(given: Mapping[str, str]) -> str:
    """The query that asks for what an address asks for: its `q`, and each of its filters as a term."""
    query = given.get("q", "").strip()
    for name, field in _VALUES.items():
        value = given.get(name, "").strip()
        if value:
            query = add_term(query, field, value.lower() if field == "is" else value)
    for field, (first, last) in _SPANS.items():
        start, end = (given.get(name, "").strip() for name in (first, last))
        if start or end:
            query = add_words(query, f"{field}:[{_bound(start)} TO {_bound(end)}]")
    return query


def models_where(field: str, value: str) -> str:
    """The address of the models that have this value of a field."""
    return href_of("/models", {"q": add_term("", field, value)})


def _bound(typed: str) -> str:
    """A bound of a span. What holds a blank is quoted: it is no moment, and is told so as it was typed."""
    text = typed.replace('"', "")
    return "*" if not text else f'"{text}"' if " " in text else text
