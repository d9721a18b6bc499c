"""What was found for an item of a card, and where from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from modelkeep_server.features.cards.gathering.facts import Facts
from modelkeep_server.features.cards.views import Origin, Source, Table, Value
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.card_sections import ROWS_MAX


@dataclass(frozen=True)
class Found:
    """The value of an item, from where it is, and how many entries were left out of it."""

    value: Value | None
    sources: tuple[Source, ...] = ()
    more: int = 0


#: By the ids of items; one that is not there is not provided.
Answers = Mapping[str, Found]
NOTHING = Found(None)


def page_of(facts: Facts, below: str = "") -> str:
    """The path of the version's page, or of one below it."""
    return version_page(facts.version.address) + below


def version_page(address: str) -> str:
    """The path of the page of `group/name:version`."""
    model, _, version = address.partition(":")
    return f"/models/{model}/versions/{quote(version, safe='+')}"


def of_model(facts: Facts) -> tuple[Source, ...]:
    """The model itself as a source."""
    return (Source(Origin.MODEL, facts.model.address, f"/models/{facts.model.address}"),)


def of_version(facts: Facts) -> tuple[Source, ...]:
    """The version itself as a source."""
    return (Source(Origin.VERSION, f"Version {facts.version.version}", page_of(facts)),)


def of_lineage(facts: Facts) -> tuple[Source, ...]:
    """The lineage of the version as a source."""
    return lineage_of(facts.version)


def lineage_of(version: Version) -> tuple[Source, ...]:
    """The same of a version alone."""
    return (Source(Origin.LINEAGE, "Lineage", f"{version_page(version.address)}/lineage"),)


def text(value: object, sources: tuple[Source, ...]) -> Found:
    """A text; nothing where it is blank or None."""
    told = "" if value is None else str(value)
    return Found(told, sources) if told.strip() else NOTHING


def texts(values: Iterable[str], sources: tuple[Source, ...]) -> Found:
    """Texts, the same told once; nothing where there are none."""
    told = tuple(dict.fromkeys(value for value in values if value.strip()))
    return Found(told[:ROWS_MAX], sources, max(0, len(told) - ROWS_MAX)) if told else NOTHING


def table(
    columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], sources: tuple[Source, ...], *,
    numbers: tuple[int, ...] = (), total: int | None = None,
) -> Found:  # fmt: skip
    """A table; nothing where it has no row. `total` counts the rows where not all are at hand."""
    told = tuple(rows)
    if not told:
        return NOTHING
    shown = told[:ROWS_MAX]
    return Found(Table(columns, shown, numbers), sources, max(len(told), total or 0) - len(shown))
