"""What is asked of values of the index in SQL, wherever values are listed."""

from sqlalchemy import ColumnElement, literal, select

from modelkeep_server.db.tables import search_models, search_postings, search_values
from modelkeep_server.features.models.visibility import Sight, visible_by


def holding(text: str) -> str:
    """The pattern of LIKE, escaped by a slash, for what holds a text."""
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def is_seen(sight: Sight) -> ColumnElement[bool]:
    """Whether a model that is seen has a value, a row of `search_values`. Takes the `values_of` an actor."""
    # Not EXISTS: PostgreSQL would join all postings at once, where the first that is seen ends this.
    return (
        select(literal(1))
        .select_from(search_postings)
        .join(search_models, search_models.c.doc == search_postings.c.doc)
        .where(search_postings.c.value_id == search_values.c.id, visible_by(sight, search_models))
        .limit(1)
        .correlate(search_values)
        .scalar_subquery()
        .is_not(None)
    )
