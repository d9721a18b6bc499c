"""What a search and a saved one may be, and how many somebody has."""

import unicodedata
from enum import StrEnum

from modelkeep_server.rules import texts

NAME_CHARS = 100
#: Of any query, saved or not: what is saved can be asked.
QUERY_CHARS = 1_000
#: So many one person has, and so many they are told of.
SEARCHES_MAX = 100
ALERTS_MAX = 100
#: Of a model that was registered longer ago nobody is told as a new one, whenever it comes to match.
NEW_DAYS = 365
#: So long a search that was deleted can be put back.
RESTORED_DAYS = 30
#: Beside a query, those that others share are counted so far.
COUNTED_MAX = 1_000
#: How results may be sorted. Unless said: by relevance if the query holds words, else what changed last comes first.
SORTS = ("relevance", "updated", "created", "name")
#: Letters and a symbol that are drawn as nothing.
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"


class Sharing(StrEnum):
    """Who finds a saved search: whoever saved it, or everybody who signs in."""

    PRIVATE = "PRIVATE"
    SHARED = "SHARED"


def find_name_fault(name: str) -> str | None:
    """What is wrong with a name, as a sentence, or None. Others press what it is called: something of it is seen."""
    fault = texts.find_text_fault(name, max_chars=NAME_CHARS, required=True)
    if fault is None and all(unicodedata.category(char)[0] in "CZM" or char in _BLANK for char in name):
        return "Nothing of it can be seen. Write a letter, a digit or a symbol."
    return fault


def find_query_fault(query: str) -> str | None:
    """What is wrong with a query as a text, as a sentence, or None. What it means is read elsewhere."""
    return texts.find_text_fault(query, max_chars=QUERY_CHARS)


def find_choice_fault(value: str, choices: tuple[str, ...]) -> str | None:
    """Why a value is none of these, as a sentence, or None."""
    named = ", ".join(choice for choice in choices if choice)
    return None if value in choices else f"Choose one of {named}."
