"""Moving versions on: requesting, reviewing and moving, holds and findings: a part of the client."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking, When, flag_of, given, moment_of
from modelkeep.listing import Listing
from modelkeep.models import Version
from modelkeep.reading import read, read_page
from modelkeep.rounds import Attestation, Finding, NextReview, Promotion, QueueRow, RoundChanges, Todo


class Promotions(Asking):
    """What owners, reviewers and SREs do with a version. `address` is `GROUP/NAME:VERSION` everywhere."""

    def list_todo(self) -> list[Todo]:
        """What waits for you by your roles, and what of yours waits for others: what is due first, then the oldest."""
        return list(read_page(Todo, self._transport.get("/todo")).items)

    def list_reviews(
        self,
        *,
        show: str | None = None,
        role: str | None = None,
        risk_tier: str | None = None,
        target: str | None = None,
        urgent: bool = False,
        overdue: bool = False,
        can_decide: bool = False,
        mine: bool = False,
        group: str | None = None,
        sort: str | None = None,
    ) -> Listing[QueueRow]:
        """
        Requests that you can see: those that wait, the oldest first.

        Args:
            show: OPEN (what waits), DECIDED (what you decided in) or CLOSED (rounds that ended).
            role: Only what waits for this role. overdue: only what waits past its due date.
            can_decide: Only what you may still approve. mine: only of models that you own.
            sort: Of what waits: `age`, `due` or `tier`.
        """
        asked = {"show": show, "role": role, "riskTier": risk_tier, "target": target, "group": group, "sort": sort}
        switches = {"urgent": urgent, "overdue": overdue, "canDecide": can_decide, "mine": mine}
        return self._list("/reviews", QueueRow, asked | {name: "true" for name, on in switches.items() if on})

    def request_promotion(
        self, address: str | Address, target: str, *, justification: str, urgent: bool = False
    ) -> Promotion:
        """
        Ask for a version to be moved to STAGING or PRODUCTION. Owners, and programs that they let ask.

        Raises:
            Conflict: It does not stand where this begins, or a request is open. Invalid: what it takes is not there.
            Forbidden, NotFound.
        """
        document = given(target=target, justification=justification, urgent=urgent or None)
        return read(Promotion, self._transport.post(f"{_route_of(address)}/promotions", document))

    def list_promotions(self, address: str | Address) -> list[Promotion]:
        """The rounds of a version, the newest first. Raises NotFound."""
        return list(read_page(Promotion, self._transport.get(f"{_route_of(address)}/promotions")).items)

    def get_promotion(self, address: str | Address, promotion_id: str) -> Promotion:
        """One round of a version. Raises NotFound."""
        return read(Promotion, self._transport.get(f"{_route_of(address)}/promotions/{quote(promotion_id, safe='')}"))

    def get_round_changes(self, address: str | Address, promotion_id: str) -> RoundChanges:
        """What changed in the content of a version since the round before this one. Raises NotFound."""
        route = f"{_route_of(address)}/promotions/{quote(promotion_id, safe='')}/changes"
        return read(RoundChanges, self._transport.get(route))

    def withdraw_promotion(self, address: str | Address, promotion_id: str, *, reason: str) -> Promotion:
        """Take a request for PRODUCTION back. Raises Conflict, Forbidden, NotFound."""
        route = f"{_route_of(address)}/promotions/{quote(promotion_id, safe='')}/withdraw"
        return read(Promotion, self._transport.post(route, {"reason": reason}))

    def review_version(
        self,
        address: str | Address,
        decision: str,
        *,
        digest: str,
        comment: str | None = None,
        as_role: str | None = None,
        findings: Sequence[Mapping[str, Any]] = (),
        checklist: Mapping[str, str] | None = None,
    ) -> Promotion:
        """
        APPROVE, or REQUEST_CHANGES with a comment. Takes a token with the scope `review`.

        Args:
            digest: Of the request: the content that you judged.
            as_role: MRC or SECURITY_ARCHITECT, for people with both.
            findings: What the decision is bound to: `text`, and where they differ from what is usual `severity`,
                `blocking`, `owner`, `dueAt`.
            checklist: The Security checklist: YES, NO or NOT_APPLICABLE to `scan`, `licence` and `data`.
        Raises:
            Forbidden: You own it, worked on it, or lack the role. Conflict, Invalid, NotFound.
        """
        document = given(
            decision=decision, digest=digest, comment=comment, findings=list(map(dict, findings)) or None,
            checklist=dict(checklist) if checklist else None, **{"as": as_role},
        )  # fmt: skip
        return read(Promotion, self._transport.post(f"{_route_of(address)}/reviews", document))

    def move_version(
        self,
        address: str | Address,
        to: str,
        *,
        comment: str | None = None,
        deployment: Mapping[str, Any] | None = None,
    ) -> Version:
        """
        Move a version to STAGING or PRODUCTION (SRE), DEPRECATED (owner, Admin) or RETIRED (Admin).

        Args:
            deployment: What is live from then on, told with a move to STAGING or PRODUCTION: `environment` and `live`,
                as `record_deployment` takes them.
        Raises:
            Conflict, Forbidden, Invalid, NotFound.
        """
        told = given(to=to, comment=comment, deployment=None if deployment is None else dict(deployment))
        return read(Version, self._transport.post(f"{_route_of(address)}/moves", told))

    def hold_version(self, address: str | Address, *, reason: str) -> Version:
        """Stop all moves of a version and all new links, at once. Raises Conflict, Forbidden, NotFound."""
        return read(Version, self._transport.post(f"{_route_of(address)}/hold", {"reason": reason}))

    def lift_hold(self, address: str | Address, *, reason: str) -> Version:
        """Let a version that is on hold go on. Raises Conflict, Forbidden, NotFound."""
        return read(Version, self._transport.post(f"{_route_of(address)}/lift", {"reason": reason}))

    def list_next_reviews(self, *, due: bool = False) -> Listing[NextReview]:
        """Versions in production, what is to be looked at again first; `due`: overdue, or within 30 days."""
        return self._list("/reviews/again", NextReview, {"due": "true" if due else None})

    def list_attestations(self, address: str | Address) -> Listing[Attestation]:
        """When a version in production was looked at again, the newest first. Raises NotFound."""
        return self._list(f"{_route_of(address)}/attestations", Attestation, {})

    def attest_version(self, address: str | Address, *, comment: str, digest: str | None = None) -> Attestation:
        """
        Say, as an MRC, that a version in production was looked at again. Takes a token with the scope `review`.

        Raises Conflict (it is not in PRODUCTION, is on hold, holds another content, or was looked at lately),
        Forbidden, Invalid, NotFound.
        """
        document = given(comment=comment, digest=digest)
        return read(Attestation, self._transport.post(f"{_route_of(address)}/attestations", document))

    def list_findings(
        self,
        *,
        status: str | None = None,
        severity: str | None = None,
        blocking: bool | None = None,
        owner: str | None = None,
        overdue: bool = False,
    ) -> Listing[Finding]:
        """
        Findings that you can see, open ones first, by when they are due.

        Args:
            status: OPEN, RESOLVED or ACCEPTED. `severity`: LOW, MEDIUM or HIGH. `owner`: who answers for them, by
                e-mail, or `me`. `overdue`: only open ones whose day has passed.
        """
        filters = {
            "status": status, "severity": severity, "blocking": flag_of(blocking), "owner": owner,
            "overdue": "true" if overdue else None,
        }  # fmt: skip
        return self._list("/findings", Finding, filters)

    def get_finding(self, finding_id: str) -> Finding:
        """One finding by its id. Raises NotFound."""
        return read(Finding, self._transport.get(f"/findings/{quote(finding_id, safe='')}"))

    def list_findings_of(self, address: str | Address) -> list[Finding]:
        """The findings of a version, the newest first. Raises NotFound."""
        return list(read_page(Finding, self._transport.get(f"{_route_of(address)}/findings")).items)

    def raise_finding(
        self,
        address: str | Address,
        text: str,
        *,
        severity: str = "MEDIUM",
        blocking: bool = False,
        owner: str | None = None,
        due: When | None = None,
    ) -> Finding:
        """Raise a finding on a version. Raises Forbidden, Invalid, NotFound."""
        document = given(text=text, severity=severity, blocking=blocking, owner=owner, dueAt=moment_of(due))
        return read(Finding, self._transport.post(f"{_route_of(address)}/findings", document))

    def settle_finding(self, address: str | Address, finding_id: str, *, status: str, answer: str) -> Finding:
        """Say that a finding is RESOLVED or ACCEPTED. Raises Conflict, Forbidden, Invalid, NotFound."""
        route = f"{_route_of(address)}/findings/{quote(finding_id, safe='')}/settle"
        return read(Finding, self._transport.post(route, {"status": status, "answer": answer}))


def _route_of(address: str | Address) -> str:
    return parse_version(address).version_route
