"""What is asked of the index in SQL, wherever values, words or models are listed."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select

from modelkeep_server.db.tables import search_models, search_postings, search_values
from modelkeep_server.features.models.visibility import Sight, visible_by


def holding(text: str) -> str:
    """The pattern of LIKE, escaped by a slash, for what holds a text."""
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def behind(begin: str) -> str:
    """What comes behind every text that begins so, byte by byte."""
    return begin + "\U0010ffff"


@cache
def select_lately(sight: Sight, most: int) -> Select[Any]:
    """
    The values of so many models that changed last. Of what is seen: were hidden ones among them, their number would
    tell in which order values come. Takes the `values_of` an actor.
    """
    seen = select(search_models.c.facets).where(visible_by(sight, search_models))
    return seen.order_by(search_models.c.doc.desc()).limit(most)


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
