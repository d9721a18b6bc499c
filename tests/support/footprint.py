"""What a registry holds, counted, so that a test can say: nothing was written."""

from dataclasses import dataclass
from pathlib import Path

from modelkeep_server.db.tables import GOVERNED
from tests.support.registries import Registry

_COUNTS = " UNION ALL ".join(f"SELECT '{table.name}' AS name, count(*) AS rows FROM {table.name}" for table in GOVERNED)


@dataclass(frozen=True)
class Footprint:
    """How many events, governed rows (by table) and stored files there are."""

    events: int
    rows: tuple[tuple[str, int], ...]
    files: int


def footprint(registry: Registry) -> Footprint:
    """Count everything an act could have written."""
    rows = tuple(sorted((row.name, row.rows) for row in registry.look(_COUNTS)))
    return Footprint(registry.event_count, rows, len(stored_files(registry)))


def stored_files(registry: Registry) -> list[Path]:
    """Every file in the registry's file store, half-written ones too."""
    folder = registry.settings.data_dir / "files"
    return sorted(path for path in folder.rglob("*") if path.is_file())
