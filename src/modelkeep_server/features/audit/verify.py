"""
Verifying the whole log from the inside: every body against its leaf hash, the leaves against the tree and the last
signed checkpoint, every query column against its body, every governed row against the last event that wrote it, and
what is kept beside the log against both.

The offline verifier (modelkeep/verify_audit.py) proves the first two to somebody who does not trust this program.
Source: RFC 6962, section 2.1.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from modelkeep_server.db.ledger import COMMITMENT, event_columns
from modelkeep_server.db.tables import GOVERNED, audit_events, audit_head, audit_leaves
from modelkeep_server.db.work import Work, as_stored
from modelkeep_server.features.audit import beside, head
from modelkeep_server.features.audit.integrity import find_digest
from modelkeep_server.features.audit.views import Checkpoint, Finding, Verdict
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.kit import clock
from modelkeep_server.kit.merkle import Frontier, leaf_hash
from modelkeep_server.kit.signed_note import NoteRefused

FINDINGS_MAX = 1000
_COMMITMENT = re.compile(f"{COMMITMENT}([0-9a-f]{{64}})")


def verify_for(work: Work, actor: Actor) -> Verdict:
    """As `verify_log`, for somebody who asks through a door. Raises NotPermitted."""
    access.require(work, actor, "audit.read")
    return verify_log(work)


def verify_log(work: Work) -> Verdict:
    """Verify everything in one snapshot. Reads the whole log and all governed rows; memory is one digest a row."""
    judge = _Judge(work)
    findings: list[Finding] = []
    for finding in judge.judge():
        findings.append(finding)
        if len(findings) == FINDINGS_MAX:
            findings.append(Finding(None, f"More than {FINDINGS_MAX} findings; the rest is left out."))
            break
    return Verdict(judge.frontier.size, judge.frontier.root().hex(), judge.rows_checked, tuple(findings))


class _Judge:
    def __init__(self, work: Work) -> None:
        self._work = work
        self.frontier = Frontier()
        self.rows_checked = 0
        self._unreadable = False
        self._expected: dict[tuple[str, int], tuple[str, int]] = {}
        self._roots: dict[int, str] = {}
        self._checkpoint = head.find_newest(work)
        self._seen = work.parts.witness.seen
        self._edited_texts = beside.find_edited_texts(work)
        self._named_texts: set[str] = set()

    def judge(self) -> Iterator[Finding]:
        yield from self._judge_events()
        yield from self._judge_head()
        yield from self._judge_rows()
        for commitment in sorted(self._edited_texts - self._named_texts):
            yield Finding(None, f"audit_texts {commitment}: changed or added by hand; no event has it")
        yield from beside.judge_people(self._work)
        yield from beside.judge_labels(self._work)

    def _judge_events(self) -> Iterator[Finding]:
        statement = (
            select(*as_stored(audit_events), audit_leaves.c.sequence.label("leaf_sequence"), audit_leaves.c.hash)
            .select_from(audit_events)
            .join(audit_leaves, audit_leaves.c.sequence == audit_events.c.sequence, full=True)
            .order_by(func.coalesce(audit_events.c.sequence, audit_leaves.c.sequence))
        )
        wanted = 0
        for row in self._work.stream(statement):
            place = row.leaf_sequence if row.sequence is None else row.sequence
            while wanted < place:
                yield Finding(wanted, f"event {wanted}: removed; neither its text nor its hash is there")
                wanted += 1
            wanted = place + 1
            yield from self._judge_event(row, place)

    def _judge_event(self, row: Row[Any], place: int) -> Iterator[Finding]:
        if row.sequence is None:
            yield Finding(place, f"event {place}: removed; its hash is there, its text is not")
            self._grow(row.hash)
            return
        computed = leaf_hash(row.body.encode("utf-8", "surrogatepass"))
        if row.hash is None:
            yield Finding(place, f"event {place}: its recorded hash was removed, or the event was added by hand")
            self._grow(computed)
            return
        self._grow(row.hash)
        if computed != row.hash:
            yield Finding(place, f"event {place}: its text is not the one that was recorded; it was changed")
            self._expect_rows_of_changed(row.body, place)
            return
        body = json.loads(row.body)
        if body["sequence"] != place:
            yield Finding(place, f"event {place}: it was recorded as event {body['sequence']}; events were reordered")
        for name, value in event_columns(body).items():
            if row._mapping[name] != (clock.to_us(value) if isinstance(value, datetime) else value):
                yield Finding(place, f"event {place}: its column {name} does not say what its text says")
        if self._edited_texts:
            yield from self._judge_texts(row.body, place)
        self._expect_rows(body, place)

    def _judge_texts(self, body: str, place: int) -> Iterator[Finding]:
        for commitment in sorted(self._edited_texts.intersection(_COMMITMENT.findall(body))):
            self._named_texts.add(commitment)
            yield Finding(place, f"event {place}: a text kept beside it is not the one that was committed to")

    def _expect_rows(self, body: Any, place: int) -> None:
        for table, key, digest in body.get("rows", ()):
            self._expected[(table, key)] = (digest, place)

    def _expect_rows_of_changed(self, text: str, place: int) -> None:
        """
        Rows that only a changed event wrote are not reported as well, where it can still be read: the event is
        named.
        """
        try:
            self._expect_rows(json.loads(text), place)
        except (ValueError, TypeError, AttributeError):
            self._unreadable = True

    def _grow(self, leaf: bytes) -> None:
        self.frontier = self.frontier.append(leaf)
        if self.frontier.size in (self._seen.size, self._checkpoint.size if self._checkpoint else 0):
            self._roots[self.frontier.size] = self.frontier.root().hex()

    def _judge_head(self) -> Iterator[Finding]:
        kept = self._work.first(select(audit_head.c.size, audit_head.c.frontier).where(audit_head.c.id == 1))
        stored = _read_frontier(kept)
        if kept is None or stored is None:
            yield Finding(None, "the log's head is gone or cannot be read")
        elif {stored.size, kept.size} != {self.frontier.size}:
            wrong = kept.size if stored.size == self.frontier.size else stored.size
            yield Finding(None, f"the log's head counts {wrong} events, {self.frontier.size} are there")
        elif stored != self.frontier:
            yield Finding(None, "the log's head has another root than its events")
        if self._checkpoint is not None:
            yield from self._judge_checkpoint(self._checkpoint)
        yield from self._judge_seen()

    def _judge_seen(self) -> Iterator[Finding]:
        """What this server itself saw before, in case the checkpoints were taken away together with the events."""
        if self._seen.size > self.frontier.size:
            yield Finding(None, f"LOG SHRANK: this server saw {self._seen.size} events")
        elif self._seen.size and self._roots[self._seen.size] != self._seen.root().hex():
            yield Finding(None, f"HISTORY REWRITTEN before event {self._seen.size}: this server saw another root")

    def _judge_checkpoint(self, newest: Checkpoint) -> Iterator[Finding]:
        try:
            signed = head.open_checkpoint(self._work, newest)
        except NoteRefused as error:
            yield Finding(None, f"the newest checkpoint is not signed by this registry: {error}")
            return
        if (signed.size, signed.root.hex()) != (newest.size, newest.root):
            yield Finding(None, "the newest checkpoint's size or root is not the one in its signed note")
        if signed.size > self.frontier.size:
            yield Finding(None, f"LOG SHRANK: a checkpoint was signed over {signed.size} events")
        elif self._roots.get(signed.size, signed.root.hex() if signed.size == 0 else None) != signed.root.hex():
            yield Finding(None, f"HISTORY REWRITTEN before event {signed.size}: the signed root does not hold")

    def _judge_rows(self) -> Iterator[Finding]:
        for table in GOVERNED:
            seen = set()
            for row in self._work.stream(select(*as_stored(table)).order_by(table.c.id)):
                self.rows_checked += 1
                seen.add(row.id)
                digest, place = self._expected.get((table.name, row.id), (None, None))
                if digest is None and self._unreadable:
                    yield Finding(None, f"{table.name} row {row.id}: no event that can be read wrote it")
                elif digest is None:
                    yield Finding(None, f"{table.name} row {row.id}: no event wrote it; it was added by hand")
                elif digest != find_digest(table, row):
                    yield Finding(place, f"{table.name} row {row.id}: changed by hand since event {place} wrote it")
            for name, key in sorted(self._expected):
                if name == table.name and key not in seen:
                    place = self._expected[(name, key)][1]
                    yield Finding(place, f"{name} row {key}: removed by hand since event {place} wrote it")


def _read_frontier(kept: Row[Any] | None) -> Frontier | None:
    try:
        return None if kept is None else Frontier.from_bytes(kept.frontier)
    except ValueError:
        return None
