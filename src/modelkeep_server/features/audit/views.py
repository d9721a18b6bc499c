"""What the registry says of its own log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from modelkeep_server.rules.events import Outcome


@dataclass(frozen=True)
class EventActor:
    """
    Who acted: the pseudonym that the log holds, and the name and e-mail kept beside it for those who may see them.
    """

    id: str
    name: str | None
    email: str | None


@dataclass(frozen=True)
class EventObject:
    """What was acted on. `label` is its address, added back from beside the log."""

    kind: str
    id: str
    label: str | None


@dataclass(frozen=True)
class Event:
    """
    One line of the log. `reason` and `source`, the address the request came from, are the texts behind the commitments.
    `raw` is the body exactly as stored.
    """

    sequence: int
    id: str
    at: datetime
    action: str
    actor: EventActor
    role: str | None
    object: EventObject
    outcome: Outcome
    rule: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str | None
    auth: str
    source: str | None
    request_id: str
    raw: str


@dataclass(frozen=True)
class LogExtent:
    """How many events there are, and when the first was recorded."""

    size: int
    began_at: datetime | None


@dataclass(frozen=True)
class Proof:
    """An inclusion proof (RFC 6962): the hashes that lead from one event to the signed root, as hex."""

    leaf: str
    index: int
    size: int
    path: tuple[str, ...]
    root: str


@dataclass(frozen=True)
class Checkpoint:
    """A signed head of the log. `note` is the C2SP signed note."""

    size: int
    root: str
    signed_at: datetime
    note: str


@dataclass(frozen=True)
class ProvenEvent:
    """
    An event and the proof of its place under the newest signed head, checked anew.

    Where it does not hold, `problem` says why; `proof` is None where not even that could be made.
    """

    event: Event
    proof: Proof | None
    checkpoint: Checkpoint | None
    vkey: str
    problem: str | None = None

    @property
    def holds(self) -> bool:
        """True where the hashes lead from the stored text to the signed root."""
        return self.proof is not None and self.problem is None


@dataclass(frozen=True)
class Finding:
    """One thing that verification found wrong. `sequence` is the event it names, None for the log as a whole."""

    sequence: int | None
    message: str


@dataclass(frozen=True)
class Verdict:
    """The result of verifying the whole log against its tree, its columns and the governed rows."""

    size: int
    root: str
    rows_checked: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True where nothing was found."""
        return not self.findings


@dataclass(frozen=True)
class Verified:
    """A verdict, when it was given, and how long it took."""

    verdict: Verdict
    at: datetime
    seconds: float


@dataclass(frozen=True)
class LogState:
    """How many events the log has, and its newest signed head, None where none was signed yet."""

    size: int
    checkpoint: Checkpoint | None

    @property
    def unsigned(self) -> int:
        """How many events came after the newest signed head."""
        return self.size - (self.checkpoint.size if self.checkpoint else 0)
