"""How commands end: the exit codes, in one place, and errors as a person at the terminal reads them."""

import sys

from modelkeep.cli.plain import harmless
from modelkeep.errors import ApiError, ModelkeepError

DONE = 0
FAILED = 1
USAGE = 2
HELD_BACK = 3
INTERRUPTED = 130

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
        lines += [f"  {fault.field}: {fault.message}" for fault in error.errors if fault.message != error.detail]
    if told is None or error.remedy not in told:
        lines.append(f"  to do: {error.remedy}")
    if told is not None:
        told.add(error.remedy)
    if isinstance(error, ApiError) and error.request_id:
        lines.append(f"  request id: {error.request_id}")
    print("\n".join(harmless(line) for line in lines), file=sys.stderr)
