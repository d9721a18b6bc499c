"""How Alembic runs here: on a connection it is handed, in that connection's transaction."""

from alembic import context

from modelkeep_server.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
