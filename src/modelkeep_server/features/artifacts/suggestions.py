"""
Metadata of a version that its files tell, offered to people and programs.

What a file says of itself is anybody's text: it passes the checks of what is typed or is dropped, and nothing of it is
written before somebody takes it over. Taking it over is an edit of the version like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modelkeep_server.db.work import Work
from modelkeep_server.features.artifacts.headers import list_headers
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.versions.checks import find_metadata_faults
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection.report import Header
from modelkeep_server.kit import canonical
from modelkeep_server.rules.fields import FIELDS, Field, Kind, find_value
from modelkeep_server.rules.formats import ArtifactType

#: How many different values are offered for one field.
CHOICES = 4
#: Tokenizers and images tell of other programs than the model itself.
_ASKED = (ArtifactType.WEIGHTS, ArtifactType.CONFIG)


@dataclass(frozen=True)
class Suggestion:
    """
    A value for one metadata field, as files tell it. `field` is its path in rules/fields.py.

    `path` is the first of `files` files that say the same. `present` is what stands in the field now, None where
    nothing does. `is_conflict`: a person has to choose, since something else stands there or another file tells it
    otherwise.
    """

    field: str
    label: str
    value: Any
    path: str
    files: int = 1
    present: Any = None
    is_conflict: bool = False


@dataclass
class _Choice:
    value: Any
    path: str
    files: int = 1


def suggest_metadata(work: Work, actor: Actor, version: Version) -> tuple[Suggestion, ...]:
    """
    What the files of a version tell, where its metadata does not say the same already, in the order of the form.

    Of the first 40 weights and configuration files by order of upload, those withheld left out. Nothing where the actor
    may not see the version. One statement.
    """
    told = list_headers(work, actor, version, _ASKED)
    return tuple(suggestion for row in FIELDS for suggestion in _suggest(version, row, told))


def _suggest(version: Version, row: Field, told: list[tuple[str, Header]]) -> Iterable[Suggestion]:
    present = find_value(version.metadata, row)
    choices = _gather(version, row, told)
    # What a file agrees with was decided; that another one tells it otherwise is no news then.
    if any(_print_of(row, choice.value) == _print_of(row, present) for choice in choices):
        return
    is_conflict = present is not None or len(choices) > 1 or _is_of_disputed_framework(version, row, told)
    for choice in choices:
        yield Suggestion(row.path, row.label, choice.value, choice.path, choice.files, present, is_conflict)


def _is_of_disputed_framework(version: Version, row: Field, told: list[tuple[str, Header]]) -> bool:
    """Whether it is the version of a framework that nobody has written down, and that files name differently."""
    if row.path != "frameworkVersion" or version.metadata.get("framework"):
        return False
    return len({header.framework.casefold() for _, header in told if header.framework}) > 1


def _gather(version: Version, row: Field, told: list[tuple[str, Header]]) -> list[_Choice]:
    """The different sound values of a field, each with the first file that tells it; at most `CHOICES`."""
    choices: dict[str, _Choice] = {}
    unsound: set[str] = set()
    for path, header in told:
        value = _value_of(version, row, header)
        if not value:
            continue
        key = _print_of(row, value)
        if key in choices:
            choices[key].files += 1
        elif len(choices) < CHOICES and key not in unsound:
            if find_metadata_faults({"card": {row.key: value}} if row.card else {row.key: value}):
                unsound.add(key)
            else:
                choices[key] = _Choice(value, path)
    return list(choices.values())


def _value_of(version: Version, row: Field, header: Header) -> Any:
    if row.path == "frameworkVersion":
        # The version of another framework than the one that is written down would be read as one of this.
        written = version.metadata.get("framework")
        told = header.framework
        is_other = bool(written and told) and str(written).casefold() != str(told).casefold()
        return None if is_other else header.framework_version
    values: Mapping[str, Any] = {
        "framework": header.framework,
        "modelType": header.model_type,
        "inputSchema": header.input_schema,
        "outputSchema": header.output_schema,
        "hyperparameters": header.hyperparameters,
        "card.license": header.license,
    }
    return values.get(row.path)


def _print_of(row: Field, value: Any) -> str:
    """The same text for values that say the same: of a line in any case."""
    text = canonical.dumps(value)
    return text.casefold() if row.kind is Kind.LINE else text
