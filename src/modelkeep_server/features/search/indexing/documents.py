"""
What the catalogue's index holds of a model: its document, made of facts alone. This is the one place that says which
version counts for what:

- closed versions count neither for `state` and `is:live` nor for `newest`;
- `framework`, `modelType`, `license`, `has:version`, `has:card` and `has:files` are of any version.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from modelkeep_server.features.models.views import Origin, Visibility
from modelkeep_server.features.search.language.fields import FIELDS
from modelkeep_server.kit.words import fold_value, split_words
from modelkeep_server.rules.lifecycle import State

#: Raised whenever the same facts make another document, with a migration that empties the index: what opens the
#: registry next fills it.
FORM = 2
#: What is kept of a folded value; an index of PostgreSQL takes no more than 2,700 bytes.
KEY_CHARS_MAX = 500
#: Stands before a group and each tag, so that no phrase is found across two of them. Every model has it.
BORDER = "¶"


@dataclass(frozen=True)
class VersionFacts:
    """Versions of a model that are alike. `number` is that of the newest of them, texts are empty where not given."""

    number: int
    state: str
    is_closed: bool
    has_card: bool
    has_files: bool
    framework: str
    model_type: str
    license: str


@dataclass(frozen=True)
class ModelFacts:
    """What a document is made of. Times are microseconds since 1970 UTC; `owners` has the registrar's e-mail, too."""

    key: int
    path_key: str
    group: str
    name: str
    description: str
    tags: tuple[str, ...]
    owners: tuple[str, ...]
    risk_tier: str
    status: str
    origin: str
    visibility: str
    created_at: int
    updated_at: int
    versions: tuple[VersionFacts, ...]


@dataclass(frozen=True)
class Texts:
    """The words of a model, as `search_texts` has them."""

    name: str
    keys: str
    description: str

    @property
    def places(self) -> tuple[str, str, str]:
        """All three, in the order of the table."""
        return self.name, self.keys, self.description

    @property
    def words(self) -> set[tuple[str, bool]]:
        """Every word, once, and whether the name holds it."""
        of_name = {*self.name.split(" ")} - {""}
        others = {*self.keys.split(" "), *self.description.split(" ")} - {"", BORDER} - of_name
        return {(word, True) for word in of_name} | {(word, False) for word in others}


def write_texts(model: ModelFacts) -> Texts:
    """The words of a model."""
    parts = [" ".join(split_words(part)) for part in (model.group, *model.tags)]
    return Texts(
        name=" ".join(split_words(model.name)),
        keys=" ".join(f"{BORDER} {part}" for part in parts),
        description=" ".join(split_words(model.description)),
    )


def list_values(model: ModelFacts) -> dict[tuple[str, str], str]:
    """The values that a model has: as they are shown, by the letter of their field and their key."""
    found: dict[tuple[str, str], str] = {}
    for field, shown in _values(model):
        found.setdefault((FIELDS[field].letter, key_of(shown)), shown)
    return found


def key_of(shown: str) -> str:
    """What a value is compared by."""
    return fold_value(shown)[:KEY_CHARS_MAX]


def digest_texts(model: ModelFacts) -> str:
    """A digest of what the words of a model are made of: 32 characters."""
    return _digest((model.group, model.name, model.description, model.tags))


def digest_facts(model: ModelFacts, values: Iterable[tuple[str, str]]) -> str:
    """A digest of all else but the moment of the last change: 32 characters."""
    return _digest((sorted(values), model.path_key, model.visibility, model.created_at))


def _values(model: ModelFacts) -> Iterator[tuple[str, str]]:
    states = {one.state for one in model.versions if not one.is_closed}
    newest = max((one for one in model.versions if not one.is_closed), key=lambda one: one.number, default=None)
    told: Mapping[str, Iterable[str]] = {
        "group": (model.group,),
        "tag": model.tags,
        "owner": model.owners,
        "riskTier": (model.risk_tier,),
        "state": sorted(states),
        "newest": (newest.state,) if newest else (),
        "framework": sorted({one.framework for one in model.versions}),
        "modelType": sorted({one.model_type for one in model.versions}),
        "license": sorted({one.license for one in model.versions}),
        "is": _standings(model, states),
        "has": _belongings(model),
    }
    return ((field, shown) for field, values in told.items() for shown in values if shown)


def _standings(model: ModelFacts, states: set[str]) -> Iterator[str]:
    yield model.status.lower()
    if State.PRODUCTION in states:
        yield "live"
    if model.visibility == Visibility.RESTRICTED:
        yield "restricted"
    if model.origin != Origin.INTERNAL:
        yield "external"


def _belongings(model: ModelFacts) -> Iterator[str]:
    if model.versions:
        yield "version"
    if any(one.has_card for one in model.versions):
        yield "card"
    if any(one.has_files for one in model.versions):
        yield "files"


def _digest(facts: object) -> str:
    told = json.dumps((FORM, facts), separators=(",", ":")).encode("ascii")
    return hashlib.blake2b(told, digest_size=16).hexdigest()
