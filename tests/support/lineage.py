"""Telling the lineage of versions in tests, and reading the graph as it is kept."""

from typing import Any

from modelkeep_server.features.lineage import queries, restoring, service
from modelkeep_server.features.lineage.views import Item, NewItem
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.lineage import ItemKind
from tests.support.make import Person
from tests.support.registries import Registry

_EDGES = """
    SELECT above.name AS from_name, below.name AS to_name, edges.relation, edges.facts, edges.version_id
    FROM lineage_edges edges
    JOIN lineage_nodes above ON above.id = edges.from_id JOIN lineage_nodes below ON below.id = edges.to_id
"""


def add_item(registry: Registry, person: Person, version: Version, kind: str, facts: dict[str, Any]) -> Item:
    """Tell one more thing of a version's lineage."""
    group, _, name = version.model.partition("/")
    with registry.writing() as work:
        return service.add_item(work, person.actor, group, name, version.version, NewItem(ItemKind(kind), facts))


def remove_item(registry: Registry, person: Person, version: Version, item_id: str) -> str:
    """Take one thing back; gives what it is put back by."""
    group, _, name = version.model.partition("/")
    with registry.writing() as work:
        return service.remove_item(work, person.actor, group, name, version.version, item_id)


def restore_item(registry: Registry, person: Person, version: Version, item_id: str) -> None:
    """Put it back."""
    group, _, name = version.model.partition("/")
    with registry.writing() as work:
        restoring.restore_item(work, person.actor, group, name, version.version, item_id)


def list_items(registry: Registry, person: Person, version: Version) -> tuple[Item, ...]:
    """What is told of a version's lineage."""
    group, _, name = version.model.partition("/")
    with registry.reading() as work:
        found = version_queries.get_version(work, person.actor, group, name, version.version)
        return queries.list_items(work, found)


def list_edges(registry: Registry) -> set[tuple[str, str, str, str, int]]:
    """The whole graph as it is kept: (from, to, relation, facts, the version that tells it)."""
    rows = [tuple(row) for row in registry.look(_EDGES)]
    assert len(rows) == len(set(rows)) == registry.look("SELECT count(*) AS n FROM lineage_edges")[0].n
    return set(rows)
