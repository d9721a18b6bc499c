"""
Lineage as OpenLineage's clients tell it: a run that is complete, of what it read and the version that it made.

A dataset of the namespace `modelkeep` is a version here, named `GROUP/NAME:VERSION`: among the outputs the version that
was made, among the inputs a base model of it. Every other input is a dataset. What the standard has no place for comes
in a facet `modelkeep` of our own. Source: OpenLineage 2.0.2, and its naming of datasets (`{namespace}/{name}`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelkeep_server.features.lineage.views import NewItem, Source
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.lineage import DatasetRole, ItemKind

#: The namespace of what is registered here, and the key of our own facets.
HOUSE = "modelkeep"
COMPLETE = "COMPLETE"
_MODEL = "MODEL"
_ADDRESS = re.compile(r"([^/:\s]{1,100})/([^/:\s]{1,100}):([^/:\s]{1,200})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
#: git@github.com:team/code.git
_SCP = re.compile(r"(?:ssh://)?git@([^/:\s]+)[:/]([^\s]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Thing:
    """
    A dataset of an event. `version` and `size_bytes` are what its standard facets say, `more` what our own one does;
    `is_model`: its type is MODEL.
    """

    namespace: str
    name: str
    version: str | None = None
    size_bytes: int | None = None
    is_model: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Code:
    """Where the source code of a job is, as its facet says."""

    system: str
    url: str
    repository: str | None = None
    revision: str | None = None


@dataclass(frozen=True)
class RunEvent:
    """An event. `job` is the job's namespace; `more` what our own facet of the run says."""

    type: str | None
    run_id: str
    job: str
    code: Code | None = None
    inputs: tuple[Thing, ...] = ()
    outputs: tuple[Thing, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A version that an event is about: the parts of its address, and which output named it."""

    group: str
    name: str
    version: str
    place: str


@dataclass(frozen=True)
class Read:
    """An item that an event tells of: `places` of its fields in the event, `place` of what has none of its own."""

    item: NewItem
    place: str
    places: Mapping[str, str]

    def locate(self, fault: FieldError) -> FieldError:
        """A fault of the item, by its place in the event."""
        return FieldError(self.places.get(fault.field, self.place), fault.message)


def tells_of_version(event: RunEvent | None) -> bool:
    """Whether an event is of a complete run that made something here: any other changes nothing."""
    return event is not None and event.type == COMPLETE and any(one.namespace == HOUSE for one in event.outputs)


def find_made(event: RunEvent) -> tuple[list[Made], list[FieldError]]:
    """The versions that an event is about, each once, and what is wrong with how they are named."""
    made: dict[tuple[str, str, str], Made] = {}
    faults = []
    for number, output in enumerate(event.outputs):
        place = f"outputs.{number}.name"
        if output.namespace != HOUSE:
            continue
        parts = _ADDRESS.fullmatch(output.name)
        if parts is None:
            faults.append(FieldError(place, f"In the namespace {HOUSE}, a name is GROUP/NAME:VERSION."))
            continue
        made.setdefault((parts[1].lower(), parts[2].lower(), parts[3]), Made(parts[1], parts[2], parts[3], place))
    return list(made.values()), faults


def read_items(event: RunEvent) -> Iterator[Read]:
    """What an event tells of how a version was made, not judged yet; the run last, after all that it took in."""
    yield from _read_inputs(event)
    yield from _read_code(event)
    facts = {"system": event.more.get("system") or event.job, "runId": event.run_id, "url": event.more.get("url")}
    places = {
        "system": f"run.facets.{HOUSE}.system" if event.more.get("system") else "job.namespace",
        "runId": "run.runId",
        "url": f"run.facets.{HOUSE}.url",
    }
    yield _read(ItemKind.TRAINING_RUN, facts, "run", places)


def _read_inputs(event: RunEvent) -> Iterator[Read]:
    for number, given in enumerate(event.inputs):
        place = f"inputs.{number}"
        yield _read_base(given, place) if given.is_model or given.namespace == HOUSE else _read_dataset(given, place)


def _read_code(event: RunEvent) -> Iterator[Read]:
    if event.code is not None and event.code.system == "git" and event.code.revision:
        facets = "job.facets.sourceCodeLocation"
        told = "repoUrl" if event.code.repository else "url"
        facts = {"repositoryUrl": _as_url(event.code.repository or event.code.url), "commitSha": event.code.revision}
        places = {"repositoryUrl": f"{facets}.{told}", "commitSha": f"{facets}.version"}
        yield _read(ItemKind.COMMIT, facts, facets, places)


def _read_dataset(given: Thing, place: str) -> Read:
    own = f"{place}.facets.{HOUSE}"
    facts = {
        "role": DatasetRole.TRAINING.value,
        **given.more,
        "name": given.name,
        "version": given.more.get("version") or given.version,
        "uri": given.more.get("uri") or _name_uri(given),
        "sizeBytes": given.more.get("sizeBytes") if given.size_bytes is None else given.size_bytes,
    }
    places = {
        **{name: f"{own}.{name}" for name in given.more},
        "name": f"{place}.name",
        "version": f"{own}.version" if given.more.get("version") else f"{place}.facets.version.datasetVersion",
    }
    if given.size_bytes is not None:
        places["sizeBytes"] = f"{place}.inputFacets.inputStatistics.size"
    return _read(ItemKind.DATASET, facts, own if given.more else place, places)


def _read_base(given: Thing, place: str) -> Read:
    if given.namespace != HOUSE:
        return _read(ItemKind.BASE_MODEL, {"uri": _name_uri(given) or given.name}, place, {"uri": f"{place}.name"})
    model, _, version = given.name.partition(":")
    named = {"model": f"{place}.name", "version": f"{place}.name"}
    return _read(ItemKind.BASE_MODEL, {"model": model, "version": version}, place, named)


def _read(kind: ItemKind, facts: Mapping[str, Any], place: str, places: Mapping[str, str]) -> Read:
    given = {key: value for key, value in facts.items() if value is not None}
    return Read(NewItem(kind, given, Source.OPENLINEAGE), place, places)


def _name_uri(given: Thing) -> str | None:
    """`s3://bucket` and `churn/2026-02` are `s3://bucket/churn/2026-02`; a namespace that is no URI names none."""
    if "://" in given.namespace:
        return f"{given.namespace.rstrip('/')}/{given.name.lstrip('/')}"
    return f"{given.namespace}:{given.name}" if _SCHEME.fullmatch(given.namespace) else None


def _as_url(repository: str) -> str:
    """A repository as browsers open it: clients tell the address that was cloned, which may be for SSH."""
    parts = _SCP.fullmatch(repository)
    return f"https://{parts[1]}/{parts[2]}" if parts else repository
