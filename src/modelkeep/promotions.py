"""Moving versions on: requesting, reviewing and moving, holds and findings: a part of the client."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking, When, given, moment_of
from modelkeep.listing import Listing
from modelkeep.models import Version
from modelkeep.reading import read, read_page
from modelkeep.rounds import Finding, Promotion, QueueRow


class Promotions(Asking):
    """What owners, reviewers and SREs do with a version. `address` is `GROUP/NAME:VERSION` everywhere."""

    def list_reviews(self, *, role: str | None = None, risk_tier: str | None = None) -> Listing[QueueRow]:
        """Open requests that you can see, the oldest first; only those that wait for a role, or of a risk tier."""
        return self._list("/reviews", QueueRow, {"role": role, "riskTier": risk_tier})

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
    ) -> Promotion:
        """
        APPROVE, or REQUEST_CHANGES with a comment. Takes a token with the scope `review`.

        Args:
            digest: Of the request: the content that you judged.
            as_role: MRC or SECURITY_ARCHITECT, for people with both.
        Raises:
            Forbidden: You own it, worked on it, or lack the role. Conflict, Invalid, NotFound.
        """
        document = given(decision=decision, digest=digest, comment=comment) | given(**{"as": as_role})
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

    def list_findings(self, *, status: str | None = None) -> Listing[Finding]:
        """Findings that you can see, the oldest first: OPEN, RESOLVED, ACCEPTED or all."""
        return self._list("/findings", Finding, {"status": status})

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
