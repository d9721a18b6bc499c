"""
The fields of the query language, one row each: how they are spelled, what they take, and where they stand in the index.

A value of a field with a `letter` is kept as a code of eight characters (`code_of`) on every model that has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum

from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.lifecycle import STATES


class Kind(Enum):
    """What a field takes."""

    #: Words of it, as free text does.
    TEXT = "text"
    #: A whole value, in any case, or with wildcards.
    VALUE = "value"
    #: One of a few values, in any case.
    CHOICE = "choice"
    #: A day, a moment or a span of them.
    MOMENT = "moment"


@dataclass(frozen=True, eq=False)
class Field:
    """
    One field. `says` is what it tells of a model, for help. `letter` marks its values in the index; empty where values
    are not kept there. `also` are other spellings that are understood; `choices` what it takes, where those are few,
    and what each means in words. `has_order` says that its values can be compared: times, and tiers in the order of
    their choices. `is_flag` that each of its choices is a yes or no of its own, so that "any of them" asks for nothing.
    """

    name: str
    kind: Kind
    says: str
    example: str
    letter: str = ""
    also: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    has_order: bool = False
    is_flag: bool = False


#: What is longer is like no field, and would take long to compare.
_SPELLING_CHARS_MAX = 40
_TIERS = {info.tier.value: info.label for info in TIERS.values()}
_STATES = {info.state.value: info.label for info in STATES.values()}

_ROWS = (
    Field("name", Kind.TEXT, "words of its name", "name:fraud-detector", also=("model", "title")),
    Field(
        "group", Kind.VALUE, "the group that it stands in", "group:nlp-models", "G",
        ("groups", "namespace", "team", "org", "organization"),
    ),
    Field("description", Kind.TEXT, "words of its description", "description:churn", also=("desc", "text", "summary")),
    Field(
        "tag", Kind.VALUE, "one of its tags", "tag:production", "A",
        ("tags", "label", "labels", "keyword", "topic", "topics"),
    ),
    Field(
        "owner", Kind.VALUE, "an e-mail that owns or registered it", "owner:risk-team@company.com", "O",
        ("owners", "owned", "owned-by", "registrar", "email", "author", "user"),
    ),
    Field(
        "riskTier", Kind.CHOICE, "its risk tier", "riskTier:HIGH", "T",
        ("risk", "tier"), _TIERS, has_order=True,
    ),
    Field(
        "state", Kind.CHOICE, "the state of one of its versions", "state:PRODUCTION", "S",
        ("status", "stage", "states", "lifecycle"), _STATES,
    ),
    Field("newest", Kind.CHOICE, "the state of its newest version", "newest:DRAFT", "N", ("latest",), _STATES),
    Field(
        "framework", Kind.VALUE, "the framework of one of its versions", "framework:pytorch", "F",
        ("frameworks", "library", "lib"),
    ),
    Field(
        "modelType", Kind.VALUE, "the model type of one of its versions", "modelType:classification", "M",
        ("type", "task", "pipeline-tag"),
    ),
    Field("license", Kind.VALUE, "the license of one of its versions", "license:apache-2.0", "L", ("licence",)),
    Field("version", Kind.VALUE, "the number of one of its versions", "version:1.2.0", also=("versions",)),
    Field(
        "created", Kind.MOMENT, "when it was registered", "created:[2024-01-01 TO 2024-06-30]",
        also=("registered", "created-at"), has_order=True,
    ),
    Field(
        "updated", Kind.MOMENT, "when it last changed", "updated:>2024-01-01",
        also=("modified", "changed", "pushed", "updated-at", "last-updated", "last-modified"), has_order=True,
    ),
    Field(
        "is", Kind.CHOICE, "what holds for it", "is:mine", "X", is_flag=True,
        choices={
            "mine": "You own it",
            "live": "One of its versions is in production",
            "active": "It is not retired",
            "retired": "It is retired",
            "restricted": "Only some may see it",
            "external": "Others made it",
        },
    ),
    Field(
        "has", Kind.CHOICE, "what it has", "has:card", "H", ("with",), is_flag=True,
        choices={
            "card": "It has a published model card",
            "version": "It has a version",
            "files": "It has files",
        },
    ),
)  # fmt: skip

#: Every field by its name, in the order in which help shows them.
FIELDS: Mapping[str, Field] = {row.name: row for row in _ROWS}


def _squeeze(spelling: str) -> str:
    return spelling.casefold().replace("-", "").replace("_", "")


#: Every spelling of every field, in small letters and without hyphens.
_SPELLED: Mapping[str, Field] = {_squeeze(spelling): row for row in _ROWS for spelling in (row.name, *row.also)}


def find_field(spelling: str) -> Field | None:
    """The field that a spelling means, in any case, `model-type` and `model_type` alike; None where none is meant."""
    return _SPELLED.get(_squeeze(spelling))


def find_nearest(spelling: str) -> Field | None:
    """The field that has a spelling like this one."""
    near = get_close_matches(_squeeze(spelling)[:_SPELLING_CHARS_MAX], _SPELLED, n=1)
    return _SPELLED[near[0]] if near else None
