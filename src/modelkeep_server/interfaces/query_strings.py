"""Reading what query strings ask for, for the API and the pages alike: moments, models and events."""

from collections.abc import Mapping
from datetime import UTC, datetime, time

from modelkeep_server.features.audit.filters import EventFilter
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


#: How an address asks for events: these names in the API, on the page, and in the client.
EVENT_FILTERS = ("q", "person", "action", "object", "kind", "role", "outcome", "requestId", "from", "to")


def read_event_filter(given: Mapping[str, str]) -> EventFilter:
    """The filter of the log that a query string asks for. Raises Invalid for every day that is none."""
    moments: dict[str, datetime | None] = {}
    errors: list[FieldError] = []
    for name in ("from", "to"):
        try:
            moments[name] = _find_moment(name, given.get(name), end=name == "to")
        except Invalid as error:
            errors.extend(error.errors)
    if errors:
        raise Invalid.of(errors)
    return EventFilter(
        text=given.get("q", ""),
        person=given.get("person", ""),
        action=given.get("action", ""),
        object=given.get("object", ""),
        kind=given.get("kind", ""),
        role=given.get("role", ""),
        outcome=given.get("outcome", ""),
        request_id=given.get("requestId", ""),
        from_at=moments["from"],
        to_at=moments["to"],
    )


def _find_moment(field: str, text: str | None, *, end: bool = False) -> datetime | None:
    return read_moment(field, text, end=end) if text and text.strip() else None
