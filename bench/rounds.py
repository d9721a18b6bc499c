"""
Requests under review to measure with: rows as the registry writes them, each with its event, but without asking what a
request takes, since files and evaluations for a thousand versions would take minutes.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bench.seeding import OWNER
from modelkeep_server.app import open_house
from modelkeep_server.db.tables import promotions, reviews
from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access, actors
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.policies import judging
from modelkeep_server.features.promotion import contents
from modelkeep_server.features.versions import moving
from modelkeep_server.features.versions import queries as version_queries
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock, ids
from modelkeep_server.rules.approvals import REVIEW_DAYS, RiskTier
from modelkeep_server.rules.lifecycle import State
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings

AT_ONCE = 100
VERSION = "1.0.0"


def seed_reviews(settings: Settings, addresses: Sequence[str], count: int) -> None:
    """
    Open requests for the version 1.0.0 of the last `count` models that have one: every second of `addresses`, as
    `bench.seeding.seed` makes them. Every third of those that take two approvals has the Architect's already; they
    were asked for every half an hour for 20 days, so that some are overdue.
    """
    with open_house(settings) as house:
        with house.writing() as work:
            secrets = [
                tokens.create_token_by_operator(work, host="bench", email=email, roles=[role]).secret
                for email, role in ((OWNER, Role.MODEL_OWNER), ("security@company.com", Role.SECURITY_ARCHITECT))
            ]
        with house.reading() as work:
            owner, security = (actors.find_actor_by_token(work, secret) for secret in secrets)
        assert owner is not None
        assert security is not None
        # The first one stays a draft, for files to be sent to.
        chosen = list(addresses)[2::2][-count:]
        for start in range(0, len(chosen), AT_ONCE):
            with house.writing() as work:
                for number, address in enumerate(chosen[start : start + AT_ONCE], start):
                    _request(work, owner, security, address, number)


def _request(work: Work, owner: Actor, security: Actor, address: str, number: int) -> None:
    group, _, name = address.partition("/")
    model = model_queries.get_model(work, owner, group, name)
    version = version_queries.lock_version(work, owner, group, name, VERSION)
    digest = contents.freeze(work, owner, version)
    asked_at = work.now - timedelta(days=20) + timedelta(minutes=28 * number)
    key = work.insert(
        promotions,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "version_id": version.key,
            "round": 1,
            "target": "STAGING",
            "justification": "Recall rose by two points on the holdout of March.",
            "urgent": number % 25 == 0,
            "status": "OPEN",
            "digest": digest,
            "risk_tier": model.risk_tier.value,
            "requested_by": owner.user_id,
            "requested_at": asked_at,
            "due_at": asked_at + timedelta(days=REVIEW_DAYS[model.risk_tier]),
            "revision": 1,
        },
    )
    judging.keep(work, owner, judging.judge(work, model, version, "STAGING"), version, key, "REQUEST")
    work.granted["promotion.request"] = Role.MODEL_OWNER.value
    submitted = {"submitted_at": asked_at, "submitted_by": owner.user_id}
    moving.move(work, owner, version, State.SUBMITTED, "promotion.request", more={"digest": digest}, columns=submitted)
    if model.risk_tier is not RiskTier.LOW and number % 3 == 0:
        _approve(work, security, model, version, key, digest)


def _approve(work: Work, actor: Actor, model: Model, version: Version, key: int, digest: str) -> None:
    seen: dict[str, Any] = {"evaluations": [], "cardRevision": None, "checks": []}
    work.insert(
        reviews,
        {
            "public_id": ids.uuid7(clock.to_us(work.now)),
            "promotion_id": key,
            "person_id": actor.user_id,
            "role": Role.SECURITY_ARCHITECT.value,
            "decision": "APPROVE",
            "comment": "Looked at it.",
            "digest": digest,
            "risk_tier": model.risk_tier.value,
            "saw": seen,
            "checklist": None,
            "at": work.now,
        },
    )
    access.record(work, actor, "promotion.approve", object_id=version.id, object_label=version.address)
