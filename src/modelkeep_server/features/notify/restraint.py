"""Whoever asks and takes that back, over and over, tells the same people each time: a bound on that."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from modelkeep_server.db.work import Work
from modelkeep_server.kit import clock
from modelkeep_server.rules.errors import TooMany
from modelkeep_server.rules.notices import TAKEN_BACK_MAX, TAKEN_BACK_WITHIN


def demand_calm(work: Work, taken_back: Sequence[datetime], what: str) -> None:
    """
    Go on only where the same was not asked for and taken back too often lately.

    Args:
        taken_back: When that was, at least for the last 24 hours.
        what: What is asked for, as `a promotion of group/name:1.0.0`.
    Raises:
        TooMany: Says from when on it can be asked for again.
    """
    lately = sorted(at for at in taken_back if at > work.now - TAKEN_BACK_WITHIN)
    if len(lately) < TAKEN_BACK_MAX:
        return
    again = lately[-TAKEN_BACK_MAX] + TAKEN_BACK_WITHIN
    raise TooMany(
        f"A request for {what} was taken back {len(lately)} times in a day, and people were told each time.",
        remedy=f"Ask again from {clock.iso_seconds(again)} on, once it is sure.",
        retry_after_seconds=ceil((again - work.now).total_seconds()),
    )
