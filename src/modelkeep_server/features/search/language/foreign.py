"""What other search languages write, and what says so here: those of GitHub, MLflow, mail programs and SQL."""

from collections.abc import Mapping

from modelkeep_server.features.search.language.addresses import find_pasted
from modelkeep_server.features.search.language.fields import FIELDS, Kind, find_field
from modelkeep_server.features.search.language.scanning import Token, TokenKind, quote, unquote
from modelkeep_server.features.search.language.spoken import SIGNS

_SORTING = frozenset({"sort", "sortby", "order", "orderby"})
_SORTED = (
    "How results are sorted is no part of a query: choose it above the list, by `sort` in the API, by `--sort` in a "
    "terminal."
)
_YES = frozenset({"true", "yes", "1"})
_EQUAL = frozenset({"=", "=="})
_UNEQUAL = frozenset({"!=", "<>"})
_LIKE = frozenset({"LIKE", "ILIKE"})
#: Values of `is:` elsewhere.
_ALSO = {"archived": "is:retired", "private": "is:restricted", "public": "-is:restricted", "vendor": "is:external"}


def find_foreign(name: str, value: str) -> tuple[str, str] | None:
    """What is said of `name:value`, where no field has that name, and what says so here; None where nobody knows."""
    if pasted := find_pasted(f"{name}:{value}"):
        return f"A model or a version is asked for by `{pasted}`.", pasted
    spelled, plain = name.casefold(), value.casefold()
    if spelled.replace("-", "").replace("_", "") in _SORTING:
        return _SORTED, ""
    instead = ""
    field = find_field(value)
    if spelled in SIGNS and value[:1].isalnum():
        instead = f"updated:{SIGNS[spelled]}{value}"
    elif spelled == "no" and field and field.kind in (Kind.VALUE, Kind.TEXT):
        instead = f"-{field.name}:*"
    elif spelled == "archived" and value:
        instead = "is:retired" if plain in _YES else "is:active"
    elif spelled == "visibility" and value:
        instead = "-is:restricted" if plain in {"public", "internal"} else "is:restricted"
    return (f"There is no field `{name}`. Did you mean `{instead}`?", instead) if instead else None


def find_choices_elsewhere(name: str) -> Mapping[str, str]:
    """Terms that say what people take for a choice of `is:` or `has:`, by that choice."""
    if name == "has":
        return {field.name.casefold(): f"{field.name}:*" for field in FIELDS.values() if field.kind is Kind.VALUE}
    if name != "is":
        return {}
    states = {state.casefold().replace("_", ""): f"state:{state}" for state in FIELDS["state"].choices}
    tiers = {tier.casefold(): f"riskTier:{tier}" for tier in FIELDS["riskTier"].choices}
    return _ALSO | tiers | {state: term for state, term in states.items() if state != "retired"}


def read_comparison(before: Token, sign: str, after: Token) -> str | None:
    """The term that says `tag = 'nlp'`, `state != "DRAFT"` or `name LIKE '%fraud%'`; None for what is none of these."""
    field = find_field(before.text.partition(".")[0]) if before.kind is TokenKind.WORD else None
    if field is None or after.kind not in {TokenKind.WORD, TokenKind.PHRASE}:
        return None
    value = unquote(after.text) if after.kind is TokenKind.PHRASE else after.text.strip("'")
    if sign in _LIKE:
        return f"{field.name}:{value.replace('%', '*')}" if value and " " not in value else None
    if sign not in _EQUAL | _UNEQUAL or not value:
        return None
    told = value if value.replace("-", "").replace("_", "").isalnum() else quote(value)
    return f"{'-' if sign in _UNEQUAL else ''}{field.name}:{told}"
