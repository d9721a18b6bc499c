"""The rules that promotions are checked against, and exceptions from them, from Python: a part of the client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from modelkeep.addresses import Address, parse_version
from modelkeep.asking import Asking, When, given, moment_of
from modelkeep.listing import Listing
from modelkeep.reading import read, read_page
from modelkeep.told import Told


@dataclass(frozen=True, kw_only=True)
class Rule(Told):
    """A CEL expression and what it demands, in words; `detail` is one that tells what is amiss."""

    expression: str
    message: str
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyScope(Told):
    """What a policy is asked about; empty means all."""

    risk_tiers: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PolicyRevision(Told):
    """A policy as it was, is or is proposed to be. `status`: IN_FORCE, PROPOSED, SUPERSEDED or DECLINED."""

    revision: int
    status: str
    name: str
    description: str
    severity: str
    enabled: bool
    scope: PolicyScope
    rules: tuple[Rule, ...]
    proposed_at: datetime
    proposed_by: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Policy(Told):
    """A policy as it is in force. `proposal` waits for a second person."""

    id: str
    name: str
    description: str
    severity: str
    enabled: bool
    scope: PolicyScope
    rules: tuple[Rule, ...]
    revision: int
    created_at: datetime
    updated_at: datetime
    created_by: str | None = None
    starter: str | None = None
    proposal: PolicyRevision | None = None


@dataclass(frozen=True, kw_only=True)
class RuleTrial(Told):
    """What one rule said of the version it was tried on."""

    expression: str
    message: str
    passed: bool
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyFailure(Told):
    """A version that would not pass; `newly`: it is not stopped now."""

    version: str
    state: str
    risk_tier: str
    message: str
    newly: bool
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class DryRun(Told):
    """What came of trying rules: `passed` and `rules` for one version, the counts and `failures` for all."""

    version: str | None = None
    in_scope: bool | None = None
    passed: bool | None = None
    rules: tuple[RuleTrial, ...] | None = None
    asked: int | None = None
    passing: int | None = None
    failing: int | None = None
    newly_failing: int | None = None
    freed: int | None = None
    failures: tuple[PolicyFailure, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ExceptionGrant(Told):
    """Somebody who granted an exception, as MRC or SECURITY_ARCHITECT."""

    by: str
    role: str
    at: datetime
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class PolicyException(Told):
    """One policy lifted for one version until a time. `holds`: it lifts the policy now."""

    id: str
    policy: str
    policy_id: str
    version: str
    justification: str
    risk: str
    mitigation: str
    expires_at: datetime
    status: str
    risk_tier: str
    holds: bool
    approvals: tuple[ExceptionGrant, ...]
    open_roles: tuple[str, ...]
    asked_by: str
    asked_at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None


class Policies(Asking):
    """Policies, which Security Architects write, and exceptions, which owners ask for and MRC and Security grant."""

    def list_policies(self) -> Listing[Policy]:
        """Every policy by name, also those that are off."""
        return self._list("/policies", Policy)

    def get_policy(self, policy_id: str) -> Policy:
        """One policy as it is in force. Raises NotFound."""
        return read(Policy, self._transport.get(_route(policy_id)))

    def list_policy_revisions(self, policy_id: str) -> list[PolicyRevision]:
        """All that a policy ever said, newest first. Raises NotFound."""
        return list(read_page(PolicyRevision, self._transport.get(f"{_route(policy_id)}/revisions")).items)

    def create_policy(
        self,
        name: str,
        rules: Sequence[Mapping[str, Any]],
        *,
        description: str = "",
        severity: str = "BLOCK",
        enabled: bool = True,
        scope: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> Policy:
        """
        Write a policy. Takes a token with the scope `review`.

        Args:
            rules: `{"expression": ..., "message": ..., "detail": ...}` each; `detail` may be left out.
            severity: BLOCK or WARN. `scope`: `riskTiers`, `targets`, `groups`; what is left out means all.
        Raises:
            Invalid: Names each field, and the place in an expression. Forbidden; Conflict: the name is taken.
        """
        document = given(
            name=name, rules=[dict(rule) for rule in rules], description=description, severity=severity,
            enabled=enabled, scope=None if scope is None else dict(scope), reason=reason,
        )  # fmt: skip
        return read(Policy, self._transport.post("/policies", document))

    def update_policy(self, policy_id: str, changes: Mapping[str, Any], *, revision: int | None = None) -> Policy:
        """
        Save a new revision: a JSON Merge Patch. What would let more pass than now stands in `proposal` until a second
        person confirms it.

        Args:
            revision: The newest revision that the changes were made on; None edits whatever is there.
        Raises:
            Conflict: A change waits already. Stale, Forbidden, Invalid, NotFound.
        """
        return read(Policy, self._transport.patch(_route(policy_id), dict(changes), revision=revision))

    def switch_policy(self, policy_id: str, *, on: bool, reason: str | None = None) -> Policy:
        """Switch a policy on or off. Raises as `update_policy`."""
        verb = "enable" if on else "disable"
        return read(Policy, self._transport.post(f"{_route(policy_id)}/{verb}", given(reason=reason)))

    def confirm_policy(self, policy_id: str, *, reason: str | None = None) -> Policy:
        """Put in force what somebody else proposed. Raises Conflict, Forbidden, NotFound."""
        return read(Policy, self._transport.post(f"{_route(policy_id)}/confirm", given(reason=reason)))

    def decline_policy(self, policy_id: str, *, reason: str | None = None) -> Policy:
        """Leave a policy as it is, against what is proposed. Raises Conflict, Forbidden, NotFound."""
        return read(Policy, self._transport.post(f"{_route(policy_id)}/decline", given(reason=reason)))

    def try_policy(
        self,
        rules: Sequence[Mapping[str, Any]],
        *,
        version: str | Address | None = None,
        policy_id: str | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> DryRun:
        """
        Try rules that are not in force: on one version, or over all that could still be promoted.

        Args:
            policy_id: The policy that they are to replace. Raises Forbidden, Invalid, NotFound.
        """
        address = None
        if version is not None:
            where = parse_version(version)
            address = f"{where.group}/{where.name}:{where.version}"
        document = given(
            rules=[dict(rule) for rule in rules], version=address, policy=policy_id,
            scope=None if scope is None else dict(scope),
        )  # fmt: skip
        return read(DryRun, self._transport.post("/policies/dry-run", document))

    def list_exceptions(self, *, status: str = "", policy_id: str = "", version: str = "") -> Listing[PolicyException]:
        """Exceptions of the versions that you see, newest first."""
        return self._list("/exceptions", PolicyException, {"status": status, "policy": policy_id, "version": version})

    def get_exception(self, exception_id: str) -> PolicyException:
        """One exception. Raises NotFound."""
        return read(PolicyException, self._transport.get(_exception_route(exception_id)))

    def ask_exception(
        self,
        address: str | Address,
        policy_id: str,
        *,
        justification: str,
        risk: str,
        mitigation: str,
        until: When,
    ) -> PolicyException:
        """
        Ask that a policy be lifted for a version, until at most 90 days from now. Owners only.

        Raises:
            Conflict: One is open or holds already. Forbidden, Invalid, NotFound.
        """
        where = parse_version(address)
        document = given(
            version=f"{where.group}/{where.name}:{where.version}", policy=policy_id, justification=justification,
            risk=risk, mitigation=mitigation, expiresAt=moment_of(until),
        )  # fmt: skip
        return read(PolicyException, self._transport.post("/exceptions", document))

    def grant_exception(
        self, exception_id: str, *, comment: str | None = None, as_role: str | None = None
    ) -> PolicyException:
        """Grant an exception, as an MRC or a Security Architect. Raises Conflict, Forbidden, NotFound."""
        document = {**given(comment=comment), **({} if as_role is None else {"as": as_role})}
        return read(PolicyException, self._transport.post(f"{_exception_route(exception_id)}/grant", document))

    def refuse_exception(self, exception_id: str, *, reason: str) -> PolicyException:
        """Refuse an exception that is open. Raises Conflict, Forbidden, Invalid, NotFound."""
        return self._end(exception_id, "refuse", reason)

    def withdraw_exception(self, exception_id: str, *, reason: str | None = None) -> PolicyException:
        """Take a request for an exception back, as an owner. Raises Conflict, Forbidden, NotFound."""
        return self._end(exception_id, "withdraw", reason)

    def end_exception(self, exception_id: str, *, reason: str) -> PolicyException:
        """End an exception before its time. Raises Conflict, Forbidden, Invalid, NotFound."""
        return self._end(exception_id, "end", reason)

    def _end(self, exception_id: str, verb: str, reason: str | None) -> PolicyException:
        route = f"{_exception_route(exception_id)}/{verb}"
        return read(PolicyException, self._transport.post(route, given(reason=reason)))


def _route(policy_id: str) -> str:
    return f"/policies/{quote(policy_id, safe='')}"


def _exception_route(exception_id: str) -> str:
    return f"/exceptions/{quote(exception_id, safe='')}"
