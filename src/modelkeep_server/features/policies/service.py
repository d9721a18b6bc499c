"""
Writing policies. Whatever would let more pass than a policy that blocks does now waits for a second person, an MRC or
a Security Architect who is not the one that proposed it (product R5).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from modelkeep_server.db.edits import demand_fresh
from modelkeep_server.db.tables import policies, policy_revisions
from modelkeep_server.db.work import NoSuchRow, Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.policies import queries, writing
from modelkeep_server.features.policies.views import Policy, PolicyRevision, RevisionStatus, Wording
from modelkeep_server.features.policies.writing import Draft
from modelkeep_server.rules import texts
from modelkeep_server.rules.errors import DutiesOverlap, FieldError, Invalid, NotFound, StateForbids
from modelkeep_server.rules.policy_facts import REASON_CHARS

#: What makes a new revision of a policy, as its events name it.
EDITS = ("policy.create", "policy.update")


@dataclass(frozen=True)
class Edit:
    """What came of a change: the policy as it is now; `waits` says why it is not in force yet, or is None."""

    policy: Policy
    waits: str | None = None


def create_policy(work: Work, actor: Actor, draft: Draft, *, reason: str | None = None) -> Policy:
    """
    Write a policy. Where it is on, it is asked from now on.

    Raises:
        NotPermitted: The role Security Architect is missing. ConfirmNeeded.
        Invalid: Fields at fault, all of them at once; a rule's with the line and column.
        NameTaken: Another policy has the name.
    """
    access.require(work, actor, "policy.create")
    wording = _demand_fit(draft, reason)
    if queries.find_by_name(work, wording.name) is not None:
        raise writing.name_taken(wording.name)
    public_id = writing.insert_policy(work, wording, starter=None, by=actor.user_id, reason=_said(reason))
    access.record(
        work, actor, "policy.create", object_id=public_id, object_label=wording.name,
        after=writing.as_event(wording, 1), reason=_said(reason),
    )  # fmt: skip
    return queries.get_policy(work, public_id)


def update_policy(
    work: Work,
    actor: Actor,
    public_id: str,
    edit: Callable[[Draft], Draft],
    *,
    expected: Collection[int] | None,
    reason: str | None = None,
    explained: bool = False,
) -> Edit:
    """
    Save a new revision of a policy. It is in force at once, or, where it lets more pass than a policy that blocks does
    now, waits for a second person. Nothing changes where it says what the policy says already.

    Args:
        edit: Makes of what the policy says what it shall say.
        expected: The revisions that the edit was made on, or None to edit whatever is there.
        explained: Whether what waits for a second person must come with a reason, which they decide by.
    Raises:
        NotFound, NotPermitted, ConfirmNeeded, NameTaken.
        Stale: Somebody else changed it since; says what.
        StateForbids: A change of it waits for a second person.
        Invalid: Fields at fault, all of them at once.
    """
    access.require(work, actor, "policy.update")
    policy = _lock(work, public_id)
    demand_fresh(work, f"The policy {policy.wording.name}", policy.id, EDITS, expected=expected, present=policy.latest)
    if policy.proposal is not None:
        raise StateForbids(
            f"A change of {policy.wording.name} waits for a second person already.",
            remedy="Have it confirmed or declined first; who proposed it may decline it too.",
        )
    wording = _demand_fit(edit(Draft.of(policy.wording)), reason)
    if wording == policy.wording:
        return Edit(policy)
    other = queries.find_by_name(work, wording.name)
    if other is not None and other.key != policy.key:
        raise writing.name_taken(wording.name)
    looser = writing.find_looser(policy.wording, wording)
    if looser is not None and explained and _said(reason) is None:
        raise Invalid.of([FieldError("reason", f"It {looser}. Say why: the second person decides by that.")])
    status = RevisionStatus.IN_FORCE if looser is None else RevisionStatus.PROPOSED
    number = policy.latest + 1
    if looser is None:
        _supersede(work, policy)
        _put_in_force(work, policy, number, wording)
    else:
        work.change(policies, policy.key, {"updated_at": work.now})
    writing.insert_revision(work, policy.key, number, status, wording, by=actor.user_id, reason=_said(reason))
    before, after = writing.changed_only(
        writing.as_event(policy.wording, policy.latest), writing.as_event(wording, number)
    )  # fmt: skip
    access.record(
        work, actor, "policy.update", object_id=policy.id, object_label=policy.wording.name,
        before=before, after={**after, "status": status.value}, reason=_said(reason),
    )  # fmt: skip
    return Edit(queries.get_policy(work, public_id), looser)


def switch_policy(
    work: Work,
    actor: Actor,
    public_id: str,
    *,
    on: bool,
    expected: Collection[int] | None,
    reason: str | None = None,
    explained: bool = False,
) -> Edit:
    """Switch a policy on or off. Args and errors as of `update_policy`."""
    return update_policy(
        work, actor, public_id, lambda draft: replace(draft, enabled=on), expected=expected, reason=reason,
        explained=explained,
    )  # fmt: skip


def confirm_revision(work: Work, actor: Actor, public_id: str, *, reason: str | None = None) -> Policy:
    """
    Put in force what somebody else proposed.

    Raises:
        NotPermitted: Neither MRC nor Security Architect. ConfirmNeeded.
        DutiesOverlap: Who proposed it asks.
        StateForbids: Nothing waits, or somebody else decided meanwhile.
    """
    access.require(work, actor, "policy.confirm")
    policy, proposal = _lock_proposal(work, public_id, reason)
    if proposal.proposer_id == actor.user_id:
        raise DutiesOverlap(
            "You proposed this change, so somebody else confirms it.",
            remedy="Ask another Security Architect, or an MRC.",
        )
    _supersede(work, policy)
    _decide(work, actor, proposal, RevisionStatus.IN_FORCE, reason)
    _put_in_force(work, policy, proposal.revision, proposal.wording)
    before, after = writing.changed_only(
        writing.as_event(policy.wording, policy.revision), writing.as_event(proposal.wording, proposal.revision)
    )
    access.record(
        work, actor, "policy.confirm", object_id=policy.id, object_label=policy.wording.name,
        before=before, after=after, reason=_said(reason),
    )  # fmt: skip
    return queries.get_policy(work, public_id)


def decline_revision(work: Work, actor: Actor, public_id: str, *, reason: str | None = None) -> Policy:
    """
    Leave a policy as it is, against what is proposed; who proposed it takes it back this way. Raises as
    `confirm_revision`, but for DutiesOverlap.
    """
    access.require(work, actor, "policy.decline")
    policy, proposal = _lock_proposal(work, public_id, reason)
    _decide(work, actor, proposal, RevisionStatus.DECLINED, reason)
    work.change(policies, policy.key, {"updated_at": work.now})
    access.record(
        work, actor, "policy.decline", object_id=policy.id, object_label=policy.wording.name,
        before={"proposed": proposal.revision}, after={"revision": policy.revision}, reason=_said(reason),
    )  # fmt: skip
    return queries.get_policy(work, public_id)


def _lock(work: Work, public_id: str) -> Policy:
    work.lock(policies, queries.get_policy(work, public_id).key)
    return queries.get_policy(work, public_id)


def _lock_proposal(work: Work, public_id: str, reason: str | None) -> tuple[Policy, PolicyRevision]:
    _demand_reason(reason)
    policy = _lock(work, public_id)
    if policy.proposal is None:
        raise StateForbids(
            f"No change of {policy.wording.name} waits for a second person.",
            remedy="Open the policy to see what was decided, and by whom.",
        )
    return policy, policy.proposal


def _supersede(work: Work, policy: Policy) -> None:
    expect = {"status": RevisionStatus.IN_FORCE.value}
    work.change(policy_revisions, policy.in_force.key, {"status": RevisionStatus.SUPERSEDED.value}, expect=expect)


def _put_in_force(work: Work, policy: Policy, revision: int, wording: Wording) -> None:
    work.change(
        policies, policy.key,
        {"name_key": wording.name.lower(), "revision": revision, "updated_at": work.now},
        expect={"revision": policy.revision}, taken=writing.name_taken(wording.name),
    )  # fmt: skip


def _decide(work: Work, actor: Actor, proposal: PolicyRevision, status: RevisionStatus, reason: str | None) -> None:
    try:
        work.change(
            policy_revisions, proposal.key,
            {
                "status": status.value, "decided_by": actor.user_id, "decided_at": work.now,
                "decision_reason": _said(reason),
            },
            expect={"status": RevisionStatus.PROPOSED.value},
        )  # fmt: skip
    except NoSuchRow as error:
        raise NotFound("This change was decided meanwhile.") from error


def _demand_fit(draft: Draft, reason: str | None) -> Wording:
    wording, faults = writing.judge_draft(draft)
    told = texts.find_text_fault(reason or "", max_chars=REASON_CHARS, lines=True)
    if told:
        faults = (*faults, FieldError("reason", told))
    if wording is None or faults:
        raise Invalid.of(faults)
    return wording


def _demand_reason(reason: str | None) -> None:
    told = texts.find_text_fault(reason or "", max_chars=REASON_CHARS, lines=True)
    if told:
        raise Invalid.of([FieldError("reason", told)])


def _said(reason: str | None) -> str | None:
    return (reason or "").strip() or None
