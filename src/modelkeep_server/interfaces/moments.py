"""Reading days and moments from query strings, for the API and the pages alike."""

from datetime import UTC, datetime, time

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
