"""
Nobody has all worker threads to themselves: what one person asks waits for what they asked before, once that takes up
half of them. Others are answered meanwhile.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio import CapacityLimiter

from modelkeep_server.rules.errors import TooMany

#: So many requests of one person may be under way, those that wait among them.
UNDER_WAY_MAX = 200
_KNOWN_MAX = 10_000


@dataclass
class _Line:
    limiter: CapacityLimiter
    under_way: int = 0


class Turns:
    """Who has how many threads. Used on the event loop alone."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._lines: dict[object, _Line] = {}
        #: Whose a token or a session is, by its hash: one person may have many.
        self._people: dict[int, str] = {}

    def is_stranger(self, credential: str) -> bool:
        """
        Whether it is to be asked whose a token or a session is before it has a turn: while anything is under way, so
        that nobody gets past their line by a new token for each request.
        """
        return bool(self._lines) and hash(credential) not in self._people

    @asynccontextmanager
    async def taken(self, credential: str | None) -> AsyncIterator[None]:
        """
        Wait for a turn of whoever shows this token or session, or is called so, which lasts as long as the block;
        without one, no turn is needed.

        Raises:
            TooMany: More of theirs is under way than anybody could wait for.
        """
        if credential is None:
            yield
            return
        known_by = hash(credential)
        whose = self._people.get(known_by, known_by)
        line = self._lines.setdefault(whose, _Line(CapacityLimiter(self._at_once)))
        if line.under_way >= UNDER_WAY_MAX:
            raise TooMany(
                f"{UNDER_WAY_MAX} of your requests are under way.",
                remedy="Wait until they are answered, and send fewer at once.", retry_after_seconds=2,
            )  # fmt: skip
        line.under_way += 1
        try:
            async with line.limiter:
                yield
        finally:
            line.under_way -= 1
            if not line.under_way:
                del self._lines[whose]

    def learn(self, credential: str, pseudonym: str) -> None:
        """Whose a token or a session is: from now on it has no turns besides those of the others of that person."""
        if hash(credential) in self._people:
            return
        if len(self._people) >= _KNOWN_MAX:
            self._people.clear()
        self._people[hash(credential)] = pseudonym
