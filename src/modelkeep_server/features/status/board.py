"""
What every page may tell of, kept in this process so that no page reads it: the incidents that are open, of which keys
a copy is kept elsewhere, who is Admin, and which approvals Admins added.

Read again every ten seconds by the server, and at once by the process in which something was written.
"""

from collections.abc import Mapping

from modelkeep_server.features.status.views import Incident

REFRESH_SECONDS = 10.0


class Board:
    """What is open. Replaced as a whole, so that a reader never sees half of it."""

    def __init__(self) -> None:
        self.incidents: tuple[Incident, ...] = ()
        self.admins: tuple[str, ...] = ()
        self.added: Mapping[str, tuple[str, ...]] = {}
        self.is_stale = False
        self._is_known = False
        self._kept: str | None = None

    def show(
        self,
        incidents: tuple[Incident, ...],
        *,
        kept: str | None = None,
        admins: tuple[str, ...] = (),
        added: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """
        Take these for what is open. `kept` is the fingerprint of the present keys, where a copy is confirmed; `admins`
        are addresses of Admins, whom refusals name; `added` are the approvals that Admins added, in words by risk tier.
        """
        self.incidents = incidents
        self.admins = admins
        self.added = added or {}
        self._kept = kept
        self._is_known = True
        self.is_stale = False

    def lacks_copy_of(self, fingerprint: str) -> bool:
        """Whether it is known that nobody keeps a copy of the keys with this fingerprint."""
        return self._is_known and self._kept != fingerprint

    def doubt(self) -> None:
        """Something of it was written here: whoever ends their transaction next reads the board again."""
        self.is_stale = True
