"""Which approvals promotions take, and what Admins add to them, from Python: a part of the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from modelkeep.asking import Asking, given
from modelkeep.reading import read, read_page
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Ending(Told):
    """The wish of an Admin that fewer approvals are asked for. It waits for an MRC or a Security Architect."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApprovalRule(Told):
    """
    Approvals that a promotion takes: `count` different people, each with one of `roles`.

    `id` is None for the floor, which always stands; `target` None for both.
    """

    id: str | None = None
    risk_tier: str
    target: str | None = None
    roles: tuple[str, ...]
    count: int
    reason: str | None = None
    added_by: str | None = None
    added_at: datetime | None = None
    ending: Ending | None = None


class ApprovalRules(Asking):
    """What promotions take beyond the floor: an Admin adds, and needs a second person's word to take it away again."""

    def list_approval_rules(self) -> list[ApprovalRule]:
        """All that promotions take, by risk tier: the floor first, then what was added. Together they are asked for."""
        return list(read_page(ApprovalRule, self._transport.get("/approval-rules")).items)

    def add_approval_rule(
        self, risk_tier: str, target: str, roles: Sequence[str], *, reason: str, count: int = 1
    ) -> ApprovalRule:
        """
        Ask for more approvals, as an Admin, from the next decision on, in open rounds too.

        Args:
            risk_tier: LOW, MEDIUM or HIGH. `target`: STAGING or PRODUCTION.
            roles: MRC, SECURITY_ARCHITECT, or both where either will do.
            count: How many people more.
        Raises:
            Forbidden. Invalid: names each field at fault.
        """
        told = {"riskTier": risk_tier, "target": target, "roles": [*roles], "count": count, "reason": reason}
        return read(ApprovalRule, self._transport.post("/approval-rules", told))

    def end_approval_rule(self, rule_id: str, *, reason: str) -> ApprovalRule:
        """Wish, as an Admin, that it ends. It stands until it is confirmed. Raises Conflict, Forbidden, NotFound."""
        return read(ApprovalRule, self._transport.post(f"{_route(rule_id)}/end", {"reason": reason}))

    def confirm_approval_rule_end(self, rule_id: str, *, reason: str | None = None) -> list[ApprovalRule]:
        """
        End what was added, as an MRC or a Security Architect who did not wish it, and give what stands then.

        Raises:
            Conflict: Nobody wishes that, or somebody decided first. Forbidden, NotFound.
        """
        answer = self._transport.post(f"{_route(rule_id)}/confirm", given(reason=reason))
        return list(read_page(ApprovalRule, answer).items)

    def decline_approval_rule_end(self, rule_id: str, *, reason: str | None = None) -> ApprovalRule:
        """Let it stand; the Admin who wished its end takes that back this way. Raises Conflict, Forbidden, NotFound."""
        return read(ApprovalRule, self._transport.post(f"{_route(rule_id)}/decline", given(reason=reason)))


def _route(rule_id: str) -> str:
    return f"/approval-rules/{quote(rule_id, safe='')}"
