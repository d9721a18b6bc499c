"""How commands end: the exit codes, in one place, and errors as a person at the terminal reads them."""

import sys
from unicodedata import combining, east_asian_width

from modelkeep.cli.plain import harmless
from modelkeep.errors import ApiError, FieldError, ModelkeepError

DONE = 0
FAILED = 1
USAGE = 2
HELD_BACK = 3
INTERRUPTED = 130

#: How much of a text is shown on either side of what is wrong with it.
AROUND_CHARS = 60

EXIT_CODES = (
    "Exit codes: 0 done; 1 refused or failed, also where that holds for one file of several; 2 not understood; "
    "3 a file is held back: quarantined, or not looked through yet; 130 interrupted."
)


def print_error(error: ModelkeepError, about: str = "", told: set[str] | None = None) -> None:
    """
    What happened (and to what), which fields are at fault, what to do, and the request id, on standard error.

    Args:
        told: What to do that was said before, for one of several; it is not said again, and what is said is added.
    """
    lines = [f"error: {about}: {error.detail}" if about and about not in error.detail else f"error: {error.detail}"]
    if isinstance(error, ApiError):
        for fault in error.errors:
            lines += [f"  {fault.field}: {fault.message}"] if fault.message != error.detail else []
            lines += _point_at(fault)
    if told is None or error.remedy not in told:
        lines.append(f"  to do: {error.remedy}")
    if told is not None:
        told.add(error.remedy)
    if isinstance(error, ApiError) and error.request_id:
        lines.append(f"  request id: {error.request_id}")
    print("\n".join(harmless(line) for line in lines), file=sys.stderr)


def _point_at(fault: FieldError) -> list[str]:
    """What was typed with carets under what is wrong with it, and what may have been meant."""
    lines = []
    if fault.given and fault.position is not None:
        first = max(0, fault.position - AROUND_CHARS)
        before, at = fault.given[first : fault.position], fault.given[fault.position :][: fault.length or 1]
        after = fault.given[fault.position + len(at) :][:AROUND_CHARS]
        lines += [f"  {before}{at}{after}", "  " + " " * _columns(before) + "^" * max(1, _columns(at))]
    return [*lines, f"  Try: {fault.suggestion}"] if fault.suggestion else lines


def _columns(text: str) -> int:
    """How wide a terminal shows it: ideographs take two columns, accents that stand by themselves none."""
    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in text)
