"""Files that a process of its own makes: who waits for theirs, and how many may."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from modelkeep_server.interfaces.door import asking_of
from modelkeep_server.interfaces.doorway import Desk
from modelkeep_server.interfaces.places import place_among
from modelkeep_server.rules.errors import Unavailable

T = TypeVar("T")

#: Files that may be waited for: each keeps in memory what it is made of.
PRINTS_AT_ONCE, PRINTS_OF_ONE = 32, 16


async def print_file(desk: Desk, job: Callable[[], T]) -> T:
    """
    Run a job that waits for a process to make a file, where it keeps neither pages nor sign-ins waiting. What nobody
    waits for any more is not begun. Raises Unavailable where too many wait.
    """
    door, who = desk.door, asking_of(desk.request).actor.answered_by
    full = "Too many files are being made at this moment."
    with place_among(door.prints, who, of_all=PRINTS_AT_ONCE, of_one=PRINTS_OF_ONE, full=full):
        async with door.printing:
            if await desk.request.is_disconnected():
                raise Unavailable("Nobody waits for this file any more.")
            return await anyio.to_thread.run_sync(job)
