"""
A lineage graph to measure with: edges between the versions that a registry has, planted into the tables that are drawn
from versions. Telling them by acts would take an hour, and they are read no differently.
"""

import random
from collections.abc import Iterator

from sqlalchemy import Table, insert, select, text

from modelkeep_server.app import open_house
from modelkeep_server.db.tables import lineage_edges, lineage_nodes
from modelkeep_server.db.work import Work
from modelkeep_server.rules.lineage import digest_name
from modelkeep_server.settings import Settings

DATASETS, COMMITS, CONSUMERS, ROOTS = 300, 3_000, 200, 5
#: Of the versions, the first come from one of the datasets that most others come from in the end.
_FIRST = 0.03
#: Of the others, so many were made from two versions and not from one.
_SECOND = 0.4
#: Each so many-th version is used by somebody.
_USED = 10
_ROWS_AT_ONCE = 5_000


def plant_lineage(settings: Settings, edges: int) -> None:
    """So many edges in all, the same each time: base models, some consumers, and the rest datasets and commits."""
    with open_house(settings) as house:
        with house.writing() as work:
            _plant(work, edges)
        if not settings.is_sqlite:
            # As a database does by itself soon after: it plans by what it knows of its tables.
            with house.database.writer.begin() as connection:
                connection.execute(text("ANALYZE"))


def _plant(work: Work, edges: int) -> None:
    versions = work.all(
        select(lineage_nodes.c.id, lineage_nodes.c.version_id)
        .where(lineage_nodes.c.version_id.is_not(None))
        .order_by(lineage_nodes.c.version_id)
    )
    things = _plant_things(work)
    chance = random.Random(2)
    planned = _plan([(row.id, row.version_id) for row in versions], things, edges, chance)
    rows = [
        {"from_id": begins, "to_id": ends, "relation": relation, "version_id": version_id,
         "facts": {"role": "TRAINING"} if relation == "DATASET" else {}}
        for begins, ends, relation, version_id in planned
    ]  # fmt: skip
    _keep(work, lineage_edges, rows)


def name_dataset(number: int) -> str:
    """The id of a planted dataset; the first `ROOTS` are those that most versions come from."""
    return f"dataset:measured-{number}@1"


def _plant_things(work: Work) -> list[int]:
    named = [("DATASET", name_dataset(number), f"measured-{number} 1") for number in range(DATASETS)]
    named += [("COMMIT", f"commit:{number:040x}", f"{number:040x}"[:12]) for number in range(COMMITS)]
    named += [("CONSUMER", f"consumer:desk {number}", f"desk {number}") for number in range(CONSUMERS)]
    rows = [
        {"kind": kind, "name": name, "name_digest": digest_name(name), "label": label, "label_key": label}
        for kind, name, label in named
    ]
    _keep(work, lineage_nodes, rows)
    ids = {row.name: row.id for row in work.all(select(lineage_nodes.c.id, lineage_nodes.c.name))}
    return [ids[name] for _, name, _ in named]


def _plan(
    versions: list[tuple[int, int]], things: list[int], edges: int, chance: random.Random
) -> Iterator[tuple[int, int, str, int]]:
    """Edges as (from, to, relation, the version that tells of it)."""
    first = max(ROOTS, int(len(versions) * _FIRST))
    planned = 0
    for place, (node, key) in enumerate(versions):
        if place < first:
            yield things[place % ROOTS], node, "DATASET", key
            planned += 1
            continue
        around = int(place * 0.45)
        count = 1 + (chance.random() < _SECOND)
        for base in {max(0, min(place - 1, around + chance.randrange(-first, first))) for _ in range(count)}:
            yield versions[base][0], node, "BASE_MODEL", key
            planned += 1
    for place, (node, key) in enumerate(versions[::_USED]):
        yield node, things[DATASETS + COMMITS + place % CONSUMERS], "CONSUMER", key
        planned += 1
    while planned < edges:
        for node, key in versions[: edges - planned]:
            number = chance.randrange(ROOTS, DATASETS + COMMITS)
            yield things[number], node, "DATASET" if number < DATASETS else "COMMIT", key
            planned += 1


def _keep(work: Work, table: Table, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        work.keep(table, insert(table), rows[start : start + _ROWS_AT_ONCE])
