"""
What a move demands, each with whether it is there and how to mend it: shown before asking, checked at the request,
inside the last approval, and at each move by an SRE. Source: product R4.
"""

from collections.abc import Sequence

from sqlalchemy import select, true

from modelkeep_server.db.tables import findings
from modelkeep_server.db.work import Work
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.policies import judging
from modelkeep_server.features.policies.views import Check, Severity, Target
from modelkeep_server.features.promotion.views import FINDINGS, POLICY, Demands, FindingStatus, Promotion, unmet
from modelkeep_server.features.versions.views import Requirement, Version
from modelkeep_server.rules import wording
from modelkeep_server.rules.errors import FieldError, RequirementsUnmet
from modelkeep_server.rules.permissions import ROLES


def judge(work: Work, model: Model, version: Version, target: Target, *, within: Promotion | None = None) -> Demands:
    """
    Everything that a promotion to `target` demands of the version itself. Seven statements.

    `within`: the round that is being decided. What its approvals are bound to stops the moves after them, not them.
    """
    judgement = judging.judge(work, model, version, target)
    found = (*map(_to_requirement, judgement.checks), _judge_findings(work, version, within))
    return Demands(found, judgement)


def _to_requirement(check: Check) -> Requirement:
    excepted = check.excepted is not None and not check.passed
    message = " ".join(part for part in (check.message, check.detail) if part)
    if excepted:
        message = f"{message} An exception lifts this for a time."
    return Requirement(
        POLICY + check.policy,
        check.passed or excepted,
        message,
        check.remedy,
        blocks=check.severity is Severity.BLOCK,
        lifted_by=check.excepted if excepted else None,
        about=check.about,
        policy_id=check.policy_id,
        policy_why=check.why,
    )


def judge_approvals(promotion: Promotion) -> Requirement:
    """Whether the approvals are there that are asked for now, of the model's tier and by what Admins added."""
    given, needed = len(promotion.approvals), promotion.needed
    waits = " or ".join(ROLES[role].label for role in promotion.open_roles)
    message = f"{given} of {needed} approvals for {wording.say_state(promotion.target)}"
    return Requirement(
        "approvals",
        not promotion.missing,
        message if not promotion.missing else f"{message}; {waits} is still needed.",
        f"Ask somebody with the role {waits}, who never owned the model nor worked on the version, to review it.",
    )


def demand(requirements: Sequence[Requirement], what: str) -> None:
    """Raises RequirementsUnmet where one of these that blocks is not met; names each."""
    lacking = unmet(requirements)
    if not lacking:
        return
    count = "One requirement is" if len(lacking) == 1 else f"{len(lacking)} requirements are"
    raise RequirementsUnmet(
        f"{count} not met {what}.",
        remedy=" ".join(dict.fromkeys(one.remedy for one in lacking)),
        errors=[FieldError(one.id, one.message) for one in lacking],
    )


def _judge_findings(work: Work, version: Version, within: Promotion | None) -> Requirement:
    rows = work.all(
        select(findings.c.text).where(
            findings.c.version_id == version.key,
            findings.c.status == FindingStatus.OPEN.value,
            findings.c.blocking.is_(True),
            true() if within is None else findings.c.promotion_id.is_distinct_from(within.key),
        )
    )
    message = "No blocking finding is open"
    if rows:
        first = str(rows[0].text)
        named = f"“{first[:100]}{'...' if len(first) > 100 else ''}”"
        message = f"{len(rows)} blocking finding{'s are' if len(rows) > 1 else ' is'} open: {named}"
    return Requirement(
        FINDINGS,
        not rows,
        message,
        "Mend what was found and say so in the discussion; then an MRC or a Security Architect settles the finding.",
    )
