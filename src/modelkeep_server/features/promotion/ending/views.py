"""What the rest of the house sees of how a model ended."""

from dataclasses import dataclass
from datetime import datetime

from modelkeep_server.kit import clock


@dataclass(frozen=True)
class Retirement:
    """Who retired a model (an e-mail, or a pseudonym where none is kept), when, and why, where that is kept."""

    model: str
    by: str
    at: datetime
    reason: str | None

    @property
    def sentence(self) -> str:
        """The same in words."""
        return f"{self.by} retired {self.model} on {clock.say_moment(self.at)}."
