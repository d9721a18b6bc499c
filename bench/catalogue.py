"""
A catalogue to search in, drawn by chance and the same each time: what its models are called and say of themselves.

Names, words, tags, owners and groups are as uneven as people make them: few are everywhere, most are rare.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from bench.seeding import OWNER

TAGS, GROUPS, OWNERS, WORDS = 500, 300, 2_000, 20_000
#: How many models hold each rare word, which no other text has.
RARE = 10
RARE_WORDS = 40
#: Words of descriptions, and the part of models that hold each.
COMMON = {"model": 0.95, "trained": 0.9, "weekly": 0.85, "data": 0.95}
HALFWAY = dict.fromkeys(("quarterly", "shadow", "calibrated", "batch", "gradient", "tabular"), 0.08)
RESTRICTED, RETIRED, MINE, PUBLISHED = 0.05, 0.03, 0.002, 0.1
_NOTED = 0.1
_YEARS = 3
_NOW = datetime(2026, 11, 1, tzinfo=UTC)

_DOMAINS = """
fraud churn credit claim demand anomaly sentiment ranking pricing routing energy image invoice label ledger loan loss
meter network parcel patient payment plant price recommender region renewal retail risk route search session shelf
speech station stock supplier tariff text ticket traffic translation turbine vendor vision visit voice warehouse
"""
_KINDS = """
detector classifier detection forecast scorer ranker estimator segmenter encoder tagger matcher router planner
recommender summarizer embedder
"""
_REGIONS = "eu us uk apac latam de fr jp global nordics india brazil"
DOMAINS, KINDS, REGIONS = _DOMAINS.split(), _KINDS.split(), _REGIONS.split()
#: Of the syllables of words that no language has.
_STARTS = "b br c cl d dr f fl g gr h j k l m n p pr qu r s st t tr v w z"
_VOWELS, _ENDS = "a e i o u ai ea ou io", "n r s l t x m nd rt ck"
_STATES = {
    "DRAFT": 30, "SUBMITTED": 6, "CHANGES_REQUESTED": 4, "APPROVED_STAGING": 4, "STAGING": 10, "APPROVED_PROD": 4,
    "PRODUCTION": 22, "DEPRECATED": 12, "RETIRED": 8,
}  # fmt: skip
_TIERS = {"LOW": 50, "MEDIUM": 35, "HIGH": 15}
_FRAMEWORKS = {
    "pytorch": 35, "scikit-learn": 25, "xgboost": 15, "tensorflow": 12, "lightgbm": 6, "onnx": 3, "jax": 2,
}  # fmt: skip
_TYPES = {"classification": 40, "regression": 22, "ranking": 9, "forecasting": 9, "llm": 8, "embedding": 7, "vision": 5}
_LICENSES = {"Proprietary": 50, "Apache-2.0": 25, "MIT": 12, "CC-BY-4.0": 6, "Llama-3.1": 4, "BSD-3-Clause": 3}


@dataclass(frozen=True)
class DrawnVersion:
    """A version of a drawn model."""

    version: str
    state: str
    framework: str
    model_type: str
    license: str
    has_card: bool


@dataclass(frozen=True)
class DrawnModel:
    """A model to plant. `registrar` is the place of its registrar among the owners."""

    group: str
    name: str
    description: str
    owners: Sequence[str]
    registrar: int
    tags: Sequence[str]
    tier: str
    restricted: bool
    retired: bool
    external: bool
    created_at: datetime
    updated_at: datetime
    versions: Sequence[DrawnVersion]


class _Wheel:
    """Draws one of many, each as often as its weight says."""

    def __init__(self, chance: random.Random, weights: dict[str, float]) -> None:
        self._chance = chance
        self._values = list(weights)
        self._sums = list(accumulate(weights.values()))

    def draw(self, count: int) -> list[str]:
        return self._chance.choices(self._values, cum_weights=self._sums, k=count)

    def one(self) -> str:
        return self.draw(1)[0]


def _uneven(values: Sequence[str], first: int = 1) -> dict[str, float]:
    """The n-th is drawn about 1/n times as often as the first (Zipf); a later `first` makes the first less common."""
    return {value: 1 / place for place, value in enumerate(values, first)}


def spell_words(count: int, seed: int, *, syllables: int) -> list[str]:
    """So many words that no language has, all different."""
    chance = random.Random(seed)
    starts, vowels, ends = (letters.split() for letters in (_STARTS, _VOWELS, _ENDS))
    found: dict[str, None] = {}
    while len(found) < count:
        parts = [chance.choice(starts) + chance.choice(vowels) for _ in range(chance.randint(1, syllables))]
        found["".join(parts) + chance.choice(ends)] = None
    return list(found)


TAG_NAMES = [*KINDS, *REGIONS, *DOMAINS]
TAG_NAMES = list(dict.fromkeys([*TAG_NAMES, *spell_words(TAGS, 3, syllables=2)]))[:TAGS]
GROUP_NAMES = [f"{word}-models" for word in dict.fromkeys([*DOMAINS, *spell_words(GROUPS, 4, syllables=2)])][:GROUPS]
OWNER_NAMES = [f"{word}@company.com" for word in spell_words(OWNERS, 5, syllables=3)]
#: Each stands in `RARE` models, wherever there are so many.
RARE_NAMES = [f"{word}ium" for word in spell_words(RARE_WORDS, 6, syllables=4)]


def draw_catalogue(count: int) -> Iterator[DrawnModel]:
    """So many models, oldest first."""
    return _Catalogue(count).draw()


class _Catalogue:
    def __init__(self, count: int) -> None:
        self._count = count
        self._chance = chance = random.Random(count)
        self._words = _Wheel(chance, _uneven([*DOMAINS, *KINDS, *spell_words(WORDS, 7, syllables=4)], 20))
        self._tags, self._groups = _Wheel(chance, _uneven(TAG_NAMES)), _Wheel(chance, _uneven(GROUP_NAMES))
        self._owners = _Wheel(chance, _uneven(OWNER_NAMES))
        self._domains, self._kinds = _Wheel(chance, _uneven(DOMAINS)), _Wheel(chance, _uneven(KINDS))
        self._states, self._tiers = _Wheel(chance, dict(_STATES)), _Wheel(chance, dict(_TIERS))
        self._facts = tuple(_Wheel(chance, dict(row)) for row in (_FRAMEWORKS, _TYPES, _LICENSES))
        places = chance.sample(range(count), min(RARE * RARE_WORDS, count))
        self._rare = {place: RARE_NAMES[number % RARE_WORDS] for number, place in enumerate(places)}
        self._named: dict[str, int] = {}

    def draw(self) -> Iterator[DrawnModel]:
        step = timedelta(days=365 * _YEARS) / self._count
        for place in range(self._count):
            yield self._draw(place, _NOW - step * (self._count - place))

    def _draw(self, place: int, created_at: datetime) -> DrawnModel:
        chance = self._chance
        stem = f"{self._domains.one()}-{self._kinds.one()}-{chance.choice(REGIONS)}"
        self._named[stem] = number = self._named.get(stem, 0) + 1
        owners = list(dict.fromkeys(self._owners.draw(chance.randint(1, 3))))
        return DrawnModel(
            group=self._groups.one(),
            name=f"{stem}-{number}",
            description=self._describe(place, stem),
            owners=[*owners, OWNER] if chance.random() < MINE else owners,
            registrar=chance.randrange(OWNERS),
            tags=list(dict.fromkeys(self._tags.draw(chance.randint(1, 6)))),
            tier=self._tiers.one(),
            restricted=chance.random() < RESTRICTED,
            retired=chance.random() < RETIRED,
            external=chance.random() < RESTRICTED,
            created_at=created_at,
            updated_at=created_at + (_NOW - created_at) * chance.random() ** 2,
            versions=self._draw_versions(),
        )

    def _draw_versions(self) -> list[DrawnVersion]:
        count = self._chance.choices((0, 1, 2, 3), (15, 45, 25, 15))[0]
        return [self._draw_version(number) for number in range(count)]

    def _draw_version(self, number: int) -> DrawnVersion:
        framework, model_type, license_ = (wheel.one() for wheel in self._facts)
        has_card = self._chance.random() < PUBLISHED
        return DrawnVersion(f"1.{number}.0", self._states.one(), framework, model_type, license_, has_card)

    def _describe(self, place: int, stem: str) -> str:
        """25 to 60 words, the common ones among them; now and then a number that no other model has."""
        chance = self._chance
        told = [word for word, part in COMMON.items() if chance.random() < part]
        told += [word for word, part in HALFWAY.items() if chance.random() < part]
        told += self._words.draw(chance.randint(25 - len(COMMON), 60 - len(COMMON) - len(HALFWAY)))
        chance.shuffle(told)
        told[3:3] = stem.split("-")[:2]
        if place in self._rare:
            told.append(self._rare[place])
        if chance.random() < _NOTED:
            told.append(f"RISK-{place:07}")
        return " ".join(told).capitalize() + "."
