"""
The incidents that are open, kept in this process for the banner of every page, so that no page reads them.

Read again every ten seconds by the server, and at once by the process in which one was written.
"""

from modelkeep_server.features.status.views import Incident

REFRESH_SECONDS = 10.0


class Board:
    """What is open. Replaced as a whole, so that a reader never sees half of it."""

    def __init__(self) -> None:
        self.incidents: tuple[Incident, ...] = ()
        self.is_stale = False

    def show(self, incidents: tuple[Incident, ...]) -> None:
        """Take these for what is open."""
        self.incidents = incidents
        self.is_stale = False

    def doubt(self) -> None:
        """An incident was written here: whoever ends their transaction next reads the board again."""
        self.is_stale = True
