"""
The policies that every registry begins with, installed and switched on once, also in a registry that was there before.

What people make of them afterwards stays: a policy of the pack is recognised by its `starter`, not by its name.
"""

from dataclasses import replace

from sqlalchemy import select

from modelkeep_server.db import recording
from modelkeep_server.db.tables import policies
from modelkeep_server.db.work import Work
from modelkeep_server.features.policies import writing
from modelkeep_server.features.policies.views import PolicyScope, Rule, Severity, Target, Wording
from modelkeep_server.rules.errors import NameTaken

STARTERS: dict[str, Wording] = {
    "complete-metadata": Wording(
        "Complete metadata",
        "Reviewers approve a model for a use. Without its metadata nobody knows what is approved, and nobody can "
        "repeat the training.",
        Severity.BLOCK,
        True,
        PolicyScope(),
        (
            Rule(
                "version.completeness.missing.size() == 0",
                "The metadata is complete.",
                "version.completeness.missing.map(m, m.label)",
            ),
        ),
    ),
    "weights": Wording(
        "Weights are there",
        "A version without the file that makes it a model cannot be deployed.",
        Severity.BLOCK,
        True,
        PolicyScope(),
        (
            Rule(
                'artifacts.exists(a, a.type == "WEIGHTS" && a.status == "AVAILABLE" && !a.damaged)',
                "At least one file of weights is there and may be downloaded.",
            ),
        ),
    ),
    "scan-clean": Wording(
        "Files are clean",
        "Files that carry code run it on whoever loads them. Every file was looked through and found clean, or, where "
        "its format cannot be judged, a Security Architect answers for it.",
        Severity.BLOCK,
        True,
        PolicyScope(),
        (
            Rule(
                'artifacts.all(a, !a.damaged && (a.verdict in ["CLEAN_DATA", "CODE_ALLOWLISTED"] || '
                '(a.verdict == "UNKNOWN" && a.waived)))',
                "Every file was scanned and found clean, or is waived where its format cannot be judged.",
                'artifacts.filter(a, a.damaged || !(a.verdict in ["CLEAN_DATA", "CODE_ALLOWLISTED"] || '
                '(a.verdict == "UNKNOWN" && a.waived))).map(a, a.path + " (" + a.verdict + ")")',
            ),
        ),
    ),
    "evaluations": Wording(
        "Evaluations pass",
        "The latest run of every suite that is meant for this tier and group meets its thresholds. Models of medium "
        "and high risk have at least one run.",
        Severity.BLOCK,
        True,
        PolicyScope(),
        (
            Rule(
                "evaluations.suites.all(s, s.hasRun && s.passed)",
                "The latest run of every matching evaluation suite passes.",
                'evaluations.suites.filter(s, !s.passed).map(s, s.name + (s.hasRun ? " (not passed)" : " (no run)"))',
            ),
            Rule(
                'model.riskTier == "LOW" || evaluations.count > 0',
                "A model of medium or high risk has at least one evaluation run.",
            ),
        ),
    ),
    "training-dataset": Wording(
        "Training dataset in lineage",
        "When data turns out to be wrong, or has to be deleted, its lineage says which versions learned from it.",
        Severity.BLOCK,
        True,
        PolicyScope(),
        (
            Rule(
                'lineage.datasets.exists(d, d.role == "TRAINING")',
                "A training dataset is in the lineage.",
            ),
        ),
    ),
    "card-published": Wording(
        "Card published before production",
        "Whoever uses a model in production reads its card: what it is for, what it is not for, and how good it is. An "
        "owner looks at it and publishes it. One that was generated before the version was edited does not count.",
        Severity.BLOCK,
        True,
        PolicyScope(targets=(Target.PRODUCTION,)),
        (
            # Of a card that is there as a draft only the second fails, whose first fact leads to publishing it; of one
            # that was published of other content only the third, which leads to generating it anew.
            Rule("card.published || card.hasDraft", "A model card was generated."),
            Rule(
                "!card.hasDraft || card.current",
                "The model card is published.",
                'card.published ? ["A draft waits, and revision " + string(card.revision) + " was generated before the '
                'version was edited"] : []',
            ),
            Rule(
                "card.current || card.hasDraft || !card.published",
                "The published model card tells of what the version holds now.",
                '["Revision " + string(card.revision) + " was generated before the version was edited: generate the '
                'card anew, and publish it"]',
            ),
        ),
    ),
}


def lacks_starters(work: Work) -> bool:
    """Whether a policy of the pack was never installed here. One statement."""
    return bool(_find_missing(work))


def install_starters(work: Work) -> None:
    """Install what of the pack was never installed here."""
    for starter in _find_missing(work):
        _install(work, starter, STARTERS[starter])


def _find_missing(work: Work) -> list[str]:
    there = {row.starter for row in work.all(select(policies.c.starter).where(policies.c.starter.is_not(None)))}
    return [starter for starter in STARTERS if starter not in there]


def _install(work: Work, starter: str, wording: Wording) -> None:
    named = {row.name_key for row in work.all(select(policies.c.name_key))}
    free = wording.name if wording.name.lower() not in named else f"{wording.name} (starter pack)"
    named_so = replace(wording, name=free)
    try:
        public_id = writing.insert_policy(work, named_so, starter=starter, by=None)
    except NameTaken:
        # Another server that starts at the same time was faster.
        return
    recording.record(
        work,
        "policy.create",
        actor=recording.HOUSE,
        actor_kind="house",
        auth="host",
        object_id=public_id,
        object_label=free,
        after=writing.as_event(named_so, 1),
    )
