"""
Random worlds to search: a few dozen models with versions, made by the registry's own acts in the order in which things
happened, and the same as plain objects (`slow_search.Book`).

The vocabulary is small, so that what is asked for is there: words that begin alike, accents, ideographs, emoji, tags
that differ in case alone, names of several words.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import actors
from modelkeep_server.features.identity.teams import service as teams
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models import queries as model_queries
from modelkeep_server.features.models import service as models
from modelkeep_server.features.models import sharing
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.versions import closing, moving
from modelkeep_server.features.versions import queries as versions_read
from modelkeep_server.features.versions import service as versions
from modelkeep_server.features.versions.checks import NewVersion
from modelkeep_server.kit import clock
from modelkeep_server.rules.lifecycle import MOVES, State
from modelkeep_server.rules.permissions import Role
from tests.support.registries import Registry
from tests.support.slow_search import Book, Reader, Release

BEGIN = datetime(2024, 1, 20, tzinfo=UTC)
DAYS = 40
GROUPS = ("nlp-models", "risk", "Fraud-Team", "cv", "churn_models")
NAME_PARTS = ("fraud", "Fraud", "frauds", "detector", "detect", "churn", "model", "models", "naive", "v2", "or", "x9")
TAGS = (
    "nlp",
    "NLP",
    "production",
    "prod",
    "fraud-detection",
    "cv",
    "été",
    "模型",
    "C++",
    "😀",
    "a/b",
    "tag",
    "experimental",
)
WORDS = (
    "fraud", "frauds", "fraudster", "detect", "detection", "detector", "churn", "model", "models", "modèle", "naïve",
    "naive", "Straße", "strasse", "模型", "風", "σίσυφος", "ΣΊΣΥΦΟΣ", "ёлка", "😀", "production", "prod", "nlp", "risk",
    "not", "or", "and", "to", "v2", "x9", "85", "été", "команда", "カード", "zebra",
)  # fmt: skip
PHRASES = (
    "Fraud detection of card payments", "detection fraud, never mind the order", "Detects fraud; churn too",
    "naïve Bayes model", "Naive BAYES models", "風険 模型 識別", "模型识别 model", "Predicts churn of customers or not",
    "Σίσυφος and ёлка", "Straße to the strasse", "The modèle été 85 %", "Fraudster! fraud-detection v2", "😀 model 😀",
    "to be or not to be", "команда моделей", "カード risk", "Detection", "model", "prod production productive",
    "a fraud\nand a detection in lines",
)  # fmt: skip
OWNERS = ("risk-team@company.com", "nlp@company.com", "Ann@Company.com", "bea@company.com", "o'brien+ml@company.com")
FRAMEWORKS = ("pytorch", "PyTorch", "scikit-learn", "XGBoost", "spark ml")
MODEL_TYPES = ("classification", "Regression", "bert-base")
LICENSES = ("Apache-2.0", "MIT", "apache-2.0")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0", "2.0.0-rc.1")
_TIERS = ("LOW", "MEDIUM", "HIGH")
_STATES = (
    "DRAFT",
    "DRAFT",
    "SUBMITTED",
    "STAGING",
    "APPROVED_PROD",
    "PRODUCTION",
    "PRODUCTION",
    "DEPRECATED",
    "RETIRED",
)
_ANN, _BEA, _TOM, _COL, _MIA = (
    "ann@company.com",
    "bea@company.com",
    "tom@company.com",
    "col@company.com",
    "mia@company.com",
)
#: The team that Tom is in; he has no role.
_TEAM = "risk-team@company.com"


@dataclass(frozen=True)
class Visitor:
    """Somebody who searches: at the registry's door, and for the slow evaluator."""

    actor: Actor
    token: str
    reader: Reader


@dataclass(frozen=True)
class World:
    """Models in a registry of their own, as plain objects too, and who searches them, by name."""

    registry: Registry
    books: tuple[Book, ...]
    visitors: dict[str, Visitor]


def imagine_books(chance: random.Random, count: int) -> tuple[Book, ...]:
    """Models that are in no registry yet. No two have the same address in any case."""
    books: dict[str, Book] = {}
    while len(books) < count:
        name = "-".join(chance.sample(NAME_PARTS, chance.choice((1, 1, 2, 2, 3))))
        book = Book(
            group=chance.choice(GROUPS),
            name=name.replace("-", chance.choice("-_")),
            description=" ".join(chance.sample(PHRASES, chance.choice((1, 1, 2)))),
            owners=tuple(chance.sample(OWNERS, chance.choice((1, 1, 2)))),
            registrar=chance.choice((_ANN, _BEA)),
            tags=_some_tags(chance),
            tier=chance.choice(_TIERS),
            releases=tuple(_imagine_releases(chance)),
            origin=chance.choice(("INTERNAL", "INTERNAL", "VENDOR")),
            visibility=chance.choice(("INTERNAL", "INTERNAL", "RESTRICTED")),
        )
        books.setdefault(book.address.lower(), book)
    return tuple(books.values())


def _some_tags(chance: random.Random) -> tuple[str, ...]:
    chosen = chance.sample(TAGS, chance.randint(0, 4))
    return tuple({tag.casefold(): tag for tag in chosen}.values())


def _imagine_releases(chance: random.Random) -> Iterator[Release]:
    for version in VERSIONS[: chance.choice((0, 1, 1, 2, 3, 4))]:
        state = chance.choice(_STATES)
        yield Release(
            version=version,
            state=state,
            framework=chance.choice(("", *FRAMEWORKS)),
            model_type=chance.choice(("", *MODEL_TYPES)),
            license=chance.choice(("", *LICENSES)),
            is_closed=state not in ("PRODUCTION", "DEPRECATED", "RETIRED") and chance.random() < 0.25,
        )


def plant(registry: Registry, chance: random.Random, count: int) -> World:
    """A world of so many models, made in an empty registry one moment after the other."""
    if not registry.house.settings.is_sqlite:
        # As far apart as among many, so that spans of documents begin and end between them.
        registry.tamper("ALTER SEQUENCE search_docs INCREMENT BY 997")
    visitors = _make_visitors(registry)
    books = list(imagine_books(chance, count))
    acts: list[tuple[timedelta, int, Callable[[Work], None]]] = []
    for place, book in enumerate(books):
        # Three at a time share a moment, to the microsecond.
        moment = timedelta(hours=7 * (place - place % 3), microseconds=place - place % 3)
        acts.append((moment, place, partial(register, actor=visitors[book.registrar].actor, book=book)))
        books[place] = replace(book, place=place, created=clock.to_us(BEGIN + moment))
        for release in book.releases:
            moment += timedelta(hours=chance.choice((0, 3, 40, 200)))
            acts.append(
                (moment, place, partial(add_release, actor=visitors[book.registrar].actor, book=book, new=release))
            )
        books[place] = replace(books[place], updated=clock.to_us(BEGIN + moment))
    moments = sorted({moment for moment, _, _ in acts})
    for moment in moments:
        with registry.writing(now=BEGIN + moment) as work:
            for at, _, act in acts:
                if at == moment:
                    act(work)
    shared = [book.address for book in books if book.visibility == "RESTRICTED"][::3]
    _share(registry, visitors, books, shared)
    reader = replace(visitors[_COL].reader, shared=frozenset(shared))
    visitors[_COL] = replace(visitors[_COL], reader=reader)
    return World(registry, tuple(complete(registry, visitors[_MIA].actor, books)), visitors)


def register(work: Work, actor: Actor, book: Book) -> None:
    """Register a model, without its versions."""
    new = NewModel(
        book.group, book.name, book.description, book.owners, book.tier, tags=book.tags, origin=book.origin,
        visibility=book.visibility, risk_rationale="As it is.",
    )  # fmt: skip
    models.create_model(work, actor, new)


def add_release(work: Work, actor: Actor, book: Book, new: Release) -> None:
    """A version of a model, brought to its state, closed where it is."""
    told = {"framework": new.framework, "modelType": new.model_type}
    metadata: dict[str, Any] = {key: value for key, value in told.items() if value}
    if new.license:
        metadata["card"] = {"license": new.license}
    place = (book.group, book.name, new.version)
    versions.create_version(work, actor, book.group, book.name, NewVersion(new.version, metadata=metadata))
    for act, state in _way_to(new.state):
        moving.move(work, actor, versions_read.get_version(work, actor, *place), state, act)
    if new.is_closed:
        closing.close_version(work, actor, *place, reason="It leads nowhere.")


def _way_to(state: str) -> Iterator[tuple[str, State]]:
    """The arrows of the diagram from DRAFT on, over the siding of changes requested only where that is the end."""
    present = State.DRAFT
    while present != state:
        ways = [move for move in MOVES if move.source is present]
        move = next((one for one in ways if one.target == state), ways[-1])
        yield move.act, move.target
        present = move.target


def _make_visitors(registry: Registry) -> dict[str, Visitor]:
    made = {
        email: visit(registry, email, roles)
        for email, roles in {
            _ANN: (Role.MODEL_OWNER,), _BEA: (Role.MODEL_OWNER,), _TOM: (), _COL: (), _MIA: (Role.MRC, Role.ADMIN),
        }.items()
    }  # fmt: skip
    with registry.writing() as work:
        teams.create_team(work, made[_MIA].actor, teams.NewTeam("Risk team", _TEAM, [_TOM]))
    made[_TOM] = replace(visit(registry, _TOM, ()), reader=Reader((_TOM, _TEAM)))
    made[_MIA] = replace(made[_MIA], reader=replace(made[_MIA].reader, sees_all=True))
    return made


def visit(registry: Registry, email: str, roles: tuple[Role, ...]) -> Visitor:
    """Somebody with these roles; anew, once they are in a team."""
    with registry.writing() as work:
        token = tokens.create_token_by_operator(work, host="test", email=email, roles=roles)
    with registry.reading() as work:
        actor = actors.find_actor_by_token(work, token.secret)
    assert actor is not None
    return Visitor(actor, token.secret, Reader((email,)))


def _share(registry: Registry, visitors: dict[str, Visitor], books: list[Book], shared: list[str]) -> None:
    """Let Col read these models."""
    for book in books:
        if book.address in shared:
            with registry.writing() as work:
                owner = visitors[book.registrar].actor
                sharing.share_model(work, owner, book.group, book.name, _COL, given="READ", until=None)


def complete(registry: Registry, actor: Actor, books: Sequence[Book]) -> Iterator[Book]:
    """The models with what the registry gave them: their ids, and when they changed."""
    with registry.reading() as work:
        for book in books:
            model = model_queries.get_model(work, actor, book.group, book.name)
            yield replace(book, public_id=model.id, updated=clock.to_us(model.updated_at))
