"""Reading what query strings ask for, for the API and the pages alike: moments, models, events and people."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from modelkeep_server.features.audit.filters import EventFilter
from modelkeep_server.features.identity.people.views import PeopleFilter
from modelkeep_server.features.identity.roles.sources import ISSUER, SOURCES
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.rules.errors import FieldError, Invalid
from modelkeep_server.rules.permissions import Role


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
        if end and _is_bare_day(text.strip()):
            moment = datetime.combine(moment.date(), time.max)
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        wrong = FieldError(field, f"{text[:60]!r} is no date. Write 2026-01-31 or 2026-01-31T09:00:00Z.")
        raise Invalid.of([wrong]) from error
    return aware


def _is_bare_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_instant(field: str, text: str) -> datetime:
    """
    The last instant of the day or the second that is asked for: moments are told to the second, so that what is asked
    about one that was told is what stood from it on. Raises Invalid as `read_moment`.
    """
    moment = read_moment(field, text, end=True)
    return moment if moment.microsecond else moment.replace(microsecond=999_999)


def read_model_address(field: str, text: str) -> tuple[str, str]:
    """The group and name in `GROUP/NAME`. Raises Invalid on the field for anything else."""
    group, slash, name = text.strip().partition("/")
    if not group or not slash or not name or "/" in name:
        raise Invalid.of([FieldError(field, "Write it as GROUP/NAME.")])
    return group, name


def read_version(text: str | None) -> str | None:
    """A version number; an unquoted `+` of build metadata came as a blank. None for nothing."""
    return (text or "").strip().replace(" ", "+") or None


#: How an address asks for events: these names in the API, on the page, and in the client.
EVENT_FILTERS = ("q", "person", "action", "object", "kind", "role", "outcome", "requestId", "from", "to")
#: How an address asks for people, at the same places.
PEOPLE_FILTERS = ("q", "role", "disabled", "source")


def read_catalogue_filter(given: Mapping[str, str | None]) -> CatalogueFilter:
    """The filter of the catalogue that a query string asks for. Raises Invalid for every day that is none."""
    moments = _read_moments(given, "createdFrom", "createdTo", "updatedFrom", "updatedTo")
    return CatalogueFilter(
        text=given.get("q") or "",
        group=given.get("group") or "",
        risk_tier=given.get("riskTier") or "",
        tag=given.get("tag") or "",
        owner=given.get("owner") or "",
        status=given.get("status") or "",
        state=given.get("state") or "",
        framework=given.get("framework") or "",
        created_from=moments["createdFrom"],
        created_to=moments["createdTo"],
        updated_from=moments["updatedFrom"],
        updated_to=moments["updatedTo"],
        sort=given.get("sort") or "",
    )


def read_event_filter(given: Mapping[str, str | None]) -> EventFilter:
    """The filter of the log that a query string asks for. Raises Invalid for every day that is none."""
    moments = _read_moments(given, "from", "to")
    return EventFilter(
        text=given.get("q") or "",
        person=given.get("person") or "",
        action=given.get("action") or "",
        object=given.get("object") or "",
        kind=given.get("kind") or "",
        role=given.get("role") or "",
        outcome=given.get("outcome") or "",
        request_id=given.get("requestId") or "",
        from_at=moments["from"],
        to_at=moments["to"],
    )


def read_people_filter(given: Mapping[str, str | None]) -> PeopleFilter:
    """The filter of people that a query string asks for. Raises Invalid for a value that is none of those offered."""
    choices: dict[str, tuple[str, ...]] = {
        "role": tuple(role.value for role in Role),
        "disabled": ("yes", "no"),
        "source": (*SOURCES, ISSUER),
    }
    errors = [
        FieldError(name, f"Choose one of {', '.join(known)}.")
        for name, known in choices.items()
        if given.get(name) and given[name] not in known
    ]
    if errors:
        raise Invalid.of(errors)
    return PeopleFilter(
        text=(given.get("q") or "").strip(),
        role=next((role for role in Role if role == given.get("role")), None),
        disabled=given["disabled"] == "yes" if given.get("disabled") else None,
        source=given.get("source") or "",
    )


def _read_moments(given: Mapping[str, str | None], *names: str) -> dict[str, datetime | None]:
    """The moments of these names, None where nothing is given; of a name that ends in "to", a day is meant whole."""
    moments: dict[str, datetime | None] = {}
    errors: list[FieldError] = []
    for name in names:
        text = given.get(name) or ""
        try:
            moments[name] = read_moment(name, text, end=name.lower().endswith("to")) if text.strip() else None
        except Invalid as error:
            errors.extend(error.errors)
    if errors:
        raise Invalid.of(errors)
    return moments
