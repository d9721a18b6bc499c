"""The compliance trail of a version, each event with the proof of its place in the log: a part of the client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking
from modelkeep.events import EventActor, EventObject
from modelkeep.listing import PAGE_LIMIT
from modelkeep.reading import read
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Told):
    """The signed head of the log: so many events, their root as hex, the C2SP signed note, and its verifying key."""

    size: int
    root: str
    signed_at: datetime
    note: str
    vkey: str


@dataclass(frozen=True, kw_only=True)
class Proof(Told):
    """An inclusion proof (RFC 6962): the hashes as hex that lead from the leaf of an event to the signed root."""

    leaf: str
    index: int
    size: int
    path: tuple[str, ...]
    root: str


@dataclass(frozen=True, kw_only=True)
class TrailEvent(Told):
    """
    An event on a trail. `actor` + `says` is a sentence; `event` is the body exactly as stored, of which the leaf is
    made. `problem` is None where the registry checked the proof and it holds.
    """

    sequence: int
    id: str
    at: datetime
    action: str
    kind: str
    says: str
    actor: EventActor
    role: str | None = None
    object: EventObject
    outcome: str
    rule: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str | None = None
    auth: str
    source: str | None = field(default=None, metadata={"key": "from"})
    request_id: str
    event: str = field(metadata={"key": "raw"})
    proof: Proof | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Trail(Told):
    """A page of the trail of `version`, oldest first; all its pages stand under the one `checkpoint`."""

    version: str
    items: tuple[TrailEvent, ...]
    checkpoint: Checkpoint | None = None
    problem: str | None = None
    next_cursor: str | None = None
    total: int | None = None


class Trails(Asking):
    """What happened to a version. `address` is `GROUP/NAME:VERSION` everywhere."""

    def get_trail(
        self,
        address: str | Address,
        *,
        kind: str | None = None,
        outcome: str | None = None,
        limit: int = PAGE_LIMIT,
        cursor: str | None = None,
    ) -> Trail:
        """
        A page of the compliance trail of a version, with the signed head that its proofs lead to.

        Args:
            kind: Only LIFE, REVIEW, FILES, ACCESS, EVALUATION, CARD, EXCEPTION, DEPLOYMENT or MODEL. `outcome`: only
                ALLOWED or REFUSED. `cursor`: `next_cursor` of the page before.
        Raises:
            Forbidden: You are no owner, and neither Auditor, MRC, Security Architect nor Admin. NotFound.
        """
        asked = {"kind": kind, "outcome": outcome, "limit": str(limit), "cursor": cursor}
        route = f"{parse_version(address).version_route}/trail"
        return read(Trail, self._transport.get(route, {key: value for key, value in asked.items() if value}))

    def iter_trail(
        self, address: str | Address, *, kind: str | None = None, outcome: str | None = None
    ) -> Iterator[TrailEvent]:
        """Every event of a version's compliance trail, oldest first, its pages fetched meanwhile. As `get_trail`."""
        page = self.get_trail(address, kind=kind, outcome=outcome)
        yield from page.items
        while page.next_cursor is not None:
            page = self.get_trail(address, kind=kind, outcome=outcome, cursor=page.next_cursor)
            yield from page.items
