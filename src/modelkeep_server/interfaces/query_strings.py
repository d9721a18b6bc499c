"""Reading what query strings ask for, for the API and the pages alike: moments, and the filter of the catalogue."""

from datetime import UTC, datetime, time

from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.rules.errors import FieldError, Invalid


def read_moment(field: str, text: str, *, end: bool = False) -> datetime:
    """
    A moment from `2026-01-31` or `2026-01-31T09:00:00Z`; UTC where no offset is given.

    Args:
        end: A bare day means its last instant instead of its first.
    Raises:
        Invalid: Names the field and shows the two forms.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if len(text.strip()) == 10 and end:
            moment = datetime.combine(moment.date(), time.max)
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        wrong = FieldError(field, f"{text[:60]!r} is no date. Write 2026-01-31 or 2026-01-31T09:00:00Z.")
        raise Invalid.of([wrong]) from error
    return aware


def read_catalogue_filter(
    *,
    text: str,
    group: str,
    risk_tier: str,
    tag: str,
    owner: str,
    created: tuple[str | None, str | None],
    updated: tuple[str | None, str | None],
    sort: str,
) -> CatalogueFilter:
    """The filter that a query string asks for; `created` and `updated` are (from, to). Raises Invalid for a bad day."""
    return CatalogueFilter(
        text=text,
        group=group,
        risk_tier=risk_tier,
        tag=tag,
        owner=owner,
        created_from=_find_moment("createdFrom", created[0]),
        created_to=_find_moment("createdTo", created[1], end=True),
        updated_from=_find_moment("updatedFrom", updated[0]),
        updated_to=_find_moment("updatedTo", updated[1], end=True),
        sort=sort or "updated",
    )


def _find_moment(field: str, text: str | None, *, end: bool = False) -> datetime | None:
    return read_moment(field, text, end=end) if text and text.strip() else None
