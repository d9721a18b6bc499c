"""The migrations make the tables that the program names, on both databases."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from modelkeep_server.app import CannotStart, open_house
from modelkeep_server.db import schema
from modelkeep_server.db.tables import metadata
from tests.support import postgres
from tests.support.clients import Api
from tests.support.lineage import list_edges
from tests.support.make import Make
from tests.support.meddling import judge_after, lift_a_policy, messages
from tests.support.promoting import begin_life
from tests.support.registries import Registry, make_settings, opened

#: The tables that came after 0012, in an order in which they can be dropped.
SINCE_0012 = (
    "approval_additions", "attestations", "notices", "told", "webhook_deliveries", "webhook_standing",
    "notice_settings", "webhooks", "lineage_edges", "lineage_nodes", "lineage_items", "card_annotations",
    "card_revisions",
)  # fmt: skip


#: Those of searching, in an order in which they can be dropped.
OF_SEARCH = (
    "search_models", "search_versions", "search_values", "search_postings", "search_words", "search_texts",
    "search_renewals", "search_alerts", "saved_searches", "search_needles", "search_news", "search_matches",
)  # fmt: skip


def _ours(_: Any, name: str | None, *_more: Any) -> bool:
    """Everything but the full-text index, which each database has in its own form, made by hand."""
    made_by_hand = ("search_index", "search_pairs", "search_whole", "search_entries", "ix_search_words_within")
    return not str(name).startswith(made_by_hand)


def drop_search(registry: Registry) -> None:
    """Take what searching has away: a registry of before 0018 has no index of this form, and no saved searches."""
    of_each = {"sqlite": ("search_index", "search_pairs"), "postgresql": ("search_entries", "search_whole")}
    for table in of_each[registry.kind]:
        registry.tamper(f"DROP TABLE {table}")
    if registry.kind == "sqlite":
        registry.tamper("DROP VIEW search_marked")
    for table in OF_SEARCH:
        registry.tamper(f"DROP TABLE {table}")


def find_revision(number: str) -> Script:
    """One migration, to be run by itself."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    found = ScriptDirectory.from_config(config).get_revision(number)
    assert found is not None
    return found


def test_the_migrations_make_exactly_the_tables_of_the_program(registry: Registry) -> None:
    """Alembic finds no difference between the migrated database and the tables: columns, types, indexes, keys."""
    with registry.house.database.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_migrating_again_changes_nothing(registry: Registry) -> None:
    """A database that is up to date is left alone."""
    before = registry.event_count

    schema.upgrade(registry.house.database)

    assert schema.is_current(registry.house.database)
    assert registry.event_count == before


def test_activity_of_before_its_index_is_entered_by_the_migration(fresh_registry: Registry, fresh_make: Make) -> None:
    """A registry of the release before, with its models and its log, has afterwards what a new one would have."""
    owner = fresh_make.owner()
    model = fresh_make.model(owner)
    fresh_make.file(fresh_make.version(model, owner), owner)
    rows = "SELECT sequence, model_id, version_id FROM activity ORDER BY sequence"
    noted = fresh_registry.look(rows)
    fresh_registry.tamper("DROP TABLE activity")

    migration = find_revision("0003").module
    database = fresh_registry.house.database
    with database.writer.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        migration.upgrade()

    assert fresh_registry.look(rows) == noted
    assert len(noted) == 3


def test_a_filled_registry_of_before_the_added_approvals_is_brought_up_to_date(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """What was reviewed and lifted under 0012 verifies after the upgrade, and a round that was open goes on."""
    life = begin_life(fresh_make, fresh_api, tier="MEDIUM")
    # There were no cards then.
    lift_a_policy(fresh_api, life, ends=False)
    life.reach("STAGING")
    asked = life.post("/promotions", life.cast.owner, target="PRODUCTION", justification="Recall rose by two points.")
    assert asked.status_code == 201, asked.text
    life.decide(life.cast.mrc)
    # The policies of now ask for a card before production, and rounds under 0012 had none: its row is kept aside.
    fresh_registry.tamper("CREATE TABLE kept AS SELECT * FROM card_revisions")
    for index in ("ix_versions_state", "ix_models_updated_at_id", "ix_models_restricted", "ix_artifacts_version"):
        fresh_registry.tamper(f"DROP INDEX {index}")
    for table in SINCE_0012:
        fresh_registry.tamper(f"DROP TABLE {table}")
    drop_search(fresh_registry)
    fresh_registry.tamper("UPDATE alembic_version SET version_num = '0012'")
    before = fresh_registry.event_count

    schema.upgrade(fresh_registry.house.database)
    fresh_registry.tamper("INSERT INTO card_revisions SELECT * FROM kept")
    fresh_registry.tamper("DROP TABLE kept")

    upgraded = judge_after(fresh_registry)
    assert schema.is_current(fresh_registry.house.database)
    test_the_migrations_make_exactly_the_tables_of_the_program(fresh_registry)
    assert (messages(upgraded), upgraded.size) == ([], before)
    assert life.decide(life.cast.security).json()["status"] == "APPROVED"
    life.reach("PRODUCTION")
    assert life.post("/attestations", life.cast.mrc, comment="As before.").status_code == 201
    assert fresh_api.as_(life.cast.mrc).get("/api/v1/notices").json()["items"]
    assert messages(judge_after(fresh_registry)) == []


@pytest.mark.postgres
def test_postgresql_without_the_schema_says_what_to_run(tmp_path: Path) -> None:
    """The server never migrates a shared database by itself; it names the command."""
    name = f"bare_{tmp_path.name}"
    url = postgres.create_database(name)
    settings = make_settings(tmp_path, url, tmp_path / "key.json")

    with pytest.raises(CannotStart, match="modelkeep migrate"), open_house(settings):
        pass

    postgres.drop_database(name)
    assert not (tmp_path / "key.json").exists()


def test_a_filled_registry_of_before_lineage_gets_its_graph_and_keeps_its_digests(
    fresh_registry: Registry, fresh_make: Make, fresh_api: Api
) -> None:
    """
    What was submitted under 0015 is what was frozen, and moves on; the first start draws the graph from its versions,
    also from base models that were never registered, and a second one draws nothing anew.
    """
    life = begin_life(fresh_make, fresh_api)
    life.reach("SUBMITTED")
    version = fresh_make.version(commit_sha="abcdef1", metadata={"baseModel": {"uri": "hf:org/name"}})
    told = '{"baseModel":{"model":"Some/Thing","version":"1.0.0"}}'
    for table in ("lineage_edges", "lineage_nodes", "lineage_items", "card_annotations", "card_revisions"):
        fresh_registry.tamper(f"DROP TABLE {table}")
    fresh_registry.tamper("DROP INDEX ix_models_restricted")
    drop_search(fresh_registry)
    fresh_registry.tamper("UPDATE alembic_version SET version_num = '0015'")

    schema.upgrade(fresh_registry.house.database)
    assert messages(judge_after(fresh_registry)) == []
    fresh_registry.tamper("UPDATE versions SET metadata = :told WHERE id = :key", told=told, key=version.key)
    with opened(fresh_registry.settings):
        drawn = list_edges(fresh_registry)
    with opened(fresh_registry.settings):
        assert list_edges(fresh_registry) == drawn

    here, there = f"version:{version.id}", f"version:{life.version.id}"
    assert {
        ("version:some/thing/1.0.0", here), ("commit:abcdef1", here), ("dataset:churn-events@2026-02", there),
    } == {edge[:2] for edge in drawn}  # fmt: skip
    assert life.decide(life.cast.mrc).status_code == 201
    life.reach("STAGING")
    model = fresh_make.model(group="some", name="thing")
    registered = fresh_make.version(model)
    assert (f"version:{registered.id}", here) in {edge[:2] for edge in list_edges(fresh_registry)}
