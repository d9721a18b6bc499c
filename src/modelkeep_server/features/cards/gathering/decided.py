"""Policies, approvals and exceptions: what was decided of the version."""

from modelkeep_server.features.cards.gathering.facts import Facts
from modelkeep_server.features.cards.gathering.found import Answers, page_of, table
from modelkeep_server.features.cards.views import Origin, Source
from modelkeep_server.features.promotion.views import Decision
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import ROLES
from modelkeep_server.rules.wording import say_code

_DECISIONS = {Decision.APPROVE: "Approved", Decision.REQUEST_CHANGES: "Changes requested"}


def answer_decided(facts: Facts) -> Answers:
    """
    What policies said in the newest round, and every decision and exception of the version.

    Policies are not asked anew: one of them asks for a published card, so that a card would always be behind itself.
    """
    newest = next((one for one in facts.rounds if one.checks), None)
    checks = [
        (str(check["policy"]), say_code(str(check["severity"])), _say_result(bool(check["passed"]), check["excepted"]),
         "" if newest is None else say_code(newest.target.value), str(check["message"]))
        for check in (newest.checks if newest is not None else ())
    ]  # fmt: skip
    decisions = [
        (say_code(one.target.value), _DECISIONS[review.decision], review.by, ROLES[review.role].label,
         clock.say_moment(review.at), review.digest)
        for one in reversed(facts.rounds)
        for review in one.reviews
    ]  # fmt: skip
    exceptions = [
        (one.policy, say_code(one.status.value), clock.say_moment(one.expires_at), one.justification, one.risk,
         one.mitigation, ", ".join(grant.by for grant in one.grants))
        for one in reversed(facts.exceptions)
    ]  # fmt: skip
    reviews = page_of(facts, "/reviews")
    return {
        "policies": table(
            ("Policy", "Severity", "Result", "Asked for", "What it asks"), checks,
            (Source(Origin.POLICY, "Policies as last asked", reviews),),
        ),
        "approvals": table(
            ("For", "Decision", "By", "Role", "On", "Content digest"), decisions,
            (Source(Origin.REVIEW, "Reviews", reviews),),
        ),
        "exceptions": table(
            ("Policy", "Status", "Until", "Justification", "Risk", "Mitigation", "Granted by"), exceptions,
            (Source(Origin.POLICY, "Exceptions", page_of(facts)),),
        ),
    }  # fmt: skip


def _say_result(passed: bool, excepted: object) -> str:
    if passed:
        return "Passed"
    return "Lifted by an exception" if excepted else "Failed"
