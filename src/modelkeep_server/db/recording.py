"""Noting events by whoever acts: what features call when something happened. Appended by ledger.py at the commit."""

from collections.abc import Mapping
from typing import Any

from modelkeep_server.db.ledger import Entry
from modelkeep_server.db.work import Work
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.events import ACTIONS, Outcome

OPERATOR = "operator"
HOUSE = "modelkeep"


def record(
    work: Work,
    action: str,
    *,
    actor: str,
    auth: str,
    object_id: str,
    object_label: str | None = None,
    actor_kind: str = "person",
    role: str | None = None,
    outcome: Outcome = Outcome.ALLOWED,
    rule: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """
    Note one event in this transaction. Most features call features/identity/access.py: `record`, which fills in who.

    `before` and `after` hold enums, ids, numbers and digests plainly; wrap free text in `Veiled`, an e-mail in
    `PersonRef`. `reason` is free text and is always veiled. Raises KeyError for an action that has no row in ACTIONS.
    """
    work.record(
        Entry(
            id=ids.uuid7(clock.to_us(work.now)),
            at=work.now,
            action=action,
            actor=actor,
            actor_kind=actor_kind,
            auth=auth,
            object_kind=ACTIONS[action].object_kind,
            object_id=object_id,
            object_label=object_label,
            outcome=outcome.value,
            request_id=work.circumstances.request_id,
            role=role,
            rule=rule,
            before=before,
            after=after,
            reason=reason,
            source=work.circumstances.source,
        )
    )


def record_by_operator(
    work: Work,
    action: str,
    *,
    host: str,
    object_id: str,
    object_label: str | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note an event by whoever sits at the server's own command line: `operator@host`."""
    record(
        work,
        action,
        actor=f"{OPERATOR}@{host}",
        actor_kind="operator",
        auth="host",
        object_id=object_id,
        object_label=object_label,
        after=after,
    )
