"""Models to measure with, made by the registry's own acts before it is served, so that its log is whole."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from modelkeep_server.app import House, open_house
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.people import lookups
from modelkeep_server.features.identity.sign_in import sessions
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.models.service import create_model
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.features.versions.service import create_version
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings

OWNER = "bench@company.com"
MODELS_AT_ONCE = 200
GROUPS = 40
_VOCABULARY = """
anomaly audio basket beam billing branch call campaign card churn claim classifier click cohort credit customer
default delay demand detection document embedding energy failure forecast fraud image invoice label language
ledger loan loss meter network night object page patient payment plant price ranking recommender region renewal
retail risk route scoring search segment sensor session shelf speech station stock supplier tariff text ticket
traffic translation turbine vendor vision visit voice warehouse weather
"""
WORDS = _VOCABULARY.split()


@dataclass(frozen=True)
class Cast:
    """The people of a promotion: a token of each, by who they are, and a session of the MRC's browser."""

    tokens: Mapping[str, str]
    session: str


@dataclass(frozen=True)
class Seeded:
    """What was made: `addresses` of models (`group/name`), a token of their owner with every scope, and reviewers."""

    addresses: tuple[str, ...]
    token: str
    cast: Cast


def seed(settings: Settings, count: int) -> Seeded:
    """Make a registry of `count` models, every second one with a version. The same models each time."""
    with open_house(settings) as house:
        with house.writing() as work:
            made = tokens.create_token_by_operator(work, host="bench", email=OWNER, roles=[Role.MODEL_OWNER])
        with house.reading() as work:
            actor = actors.find_actor_by_token(work, made.secret)
        assert actor is not None
        chance = random.Random(1)
        models = [_draw(chance, number) for number in range(count)]
        for start in range(0, count, MODELS_AT_ONCE):
            _make(house, actor, models[start : start + MODELS_AT_ONCE])
        cast = _make_cast(house, made.secret)
    return Seeded(tuple(f"{model.group}/{model.name}" for model in models), made.secret, cast)


def _make_cast(house: House, owner_token: str) -> Cast:
    roles = {"mrc": Role.MRC, "security": Role.SECURITY_ARCHITECT, "sre": Role.SRE}
    secrets = {"owner": owner_token}
    with house.writing() as work:
        for who, role in roles.items():
            made = tokens.create_token_by_operator(work, host="bench", email=f"{who}@company.com", roles=[role])
            secrets[who] = made.secret
    with house.writing() as work:
        reviewer = lookups.find_person_id(work, "mrc@company.com")
        assert reviewer is not None
        return Cast(secrets, sessions.start_session(work, reviewer, method="link").secret)


def _make(house: House, actor: Actor, models: list[NewModel]) -> None:
    with house.writing() as work:
        for model in models:
            create_model(work, actor, model)
        for model in models[::2]:
            create_version(work, actor, model.group, model.name, NewVersion("1.0.0"))


def _draw(chance: random.Random, number: int) -> NewModel:
    first, second = chance.sample(WORDS, 2)
    return NewModel(
        group=f"team-{number % GROUPS:02}",
        name=f"{first}-{second}-{number:06}",
        description=" ".join(chance.choices(WORDS, k=30)).capitalize() + ".",
        owners=[OWNER, f"{chance.choice(WORDS)}-team@company.com"],
        risk_tier=chance.choice(("LOW", "MEDIUM", "HIGH")),
        tags=chance.sample(WORDS, 3),
        repository_url=f"https://git.company.com/{first}/{second}",
    )
