"""The catalogue answers the same on SQLite and PostgreSQL: the same models, in the same order, for one question."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from modelkeep_server.features.models import service
from modelkeep_server.features.models.checks import NewModel
from modelkeep_server.features.search import queries
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.views import CatalogueFilter
from modelkeep_server.kit.words import split_words
from modelkeep_server.rules.saved_searches import SORTS
from tests.support.make import Make, Person
from tests.support.registries import KINDS, Registries, Registry
from tests.support.slow_search import Book, Reader, fits

BEGIN = datetime(2025, 3, 1, 12, tzinfo=UTC)
TEXTS = [
    "Predicts the churn of customers, and of the others", "CHURN in Straße and STRASSE", "naïve Bayes",
    "naive Bayes", "Naïve BAYES again", "İstanbul ıssız", "模型 识别", "模型识别", "модель оттока", "مدل", "हिन्दी मॉडल",
    "한국어 모델", "ΣΊΣΥΦΟΣ σίσυφος", "85% accuracy", "1e5 rows, 3.14 mean", "0x1f 0b11 1_000", "v2.0-rc1", "foo123bar",
    "2b or not 2b", "e-mail a@b.co", "http://example.com/path/file.txt?q=1", "C++ and C# and .NET", "½ Ⅻ ﬁ ①",
    "x*y OR z NEAR w", 'say "hello world"', "don't", "a & b | !c <-> d", "tab\tand\nlines", "😀 emoji 👩‍👩‍👧",
    "under_score-and-hyphen", "ǆ Ǆ ǅ", "ŉ ß ẞ", "x" * 300, "𝒜lgebra", "e\u0301te\u0301", "AND OR NOT NEAR", "null",
    "1234567890123456789012345678901234567890", "-5 +7", "1,000.5",
]  # fmt: skip
QUESTIONS = [
    "churn", "CHURN", "chu", "hurn", "the", "and", "of", "the churn", "churn customers", "churn nothing", "strasse",
    "straße", "naïve", "naive", "NAÏVE", "istanbul", "İstanbul", "ıssız", "模型", "模", "识别", "модель", "МОД", "مدل",
    "हिन्दी", "मॉडल", "한국어", "σίσυφος", "ΣΊΣΥΦΟΣ", "85", "85%", "8", "1e5", "1e", "3.14", "3", "14", "0x1f", "0x",
    "0b11", "1_000", "000", "v2", "2.0", "rc1", "foo123", "foo", "123", "2b", "2", "e-mail", "mail", "a@b.co", "co",
    "http://example.com", "example.com", "path/file", "file.txt", "c++", "c", "c#", ".net", "½", "1⁄2", "Ⅻ", "xii",
    "ﬁ", "fi", "①", "x*y", "x*", "*", "OR", "z OR w", "NEAR", "near(", "NEAR(x y)", '"hello world"',
    '"world hello"', '"', '""', "'", "don't", "don", "t", "a & b", "&", "|", "!c", "<->", "!", "\\", "(", ")", "()",
    ":*", "churn:*", "churn*", "^churn", "-churn", "+churn", "churn -customers", "words:churn", "{x y}", "tab and",
    "😀", "emoji 😀", "under_score", "underscore", "hyphen", "ǆ", "ß", "ss", "ŉ", "x" * 300, "x" * 299, "x" * 301,
    "algebra", "été", "e\u0301t", "NOT", "null", "1234567890123456789012345678901234567890", "123456789", "-5", "5",
    "+7", "1,000.5", "1000", " ", "",
]  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """The same models on one database, seen by one person."""

    registry: Registry
    owner: Person
    group: str

    def names(self, limit: int = 200, **asked: object) -> list[str]:
        """The names found, in order, page after page, within the group unless another is asked for."""
        question = CatalogueFilter(**{"group": self.group, **asked})  # type: ignore[arg-type]
        found: list[str] = []
        cursor = None
        with self.registry.reading() as work:
            while True:
                page = queries.list_models(work, self.owner.actor, question, limit=limit, cursor=cursor)
                found.extend(row.model.name for row in page.items)
                cursor = page.next_cursor
                if cursor is None:
                    assert page.total == len(found)
                    return found


def shelve(registry: Registry, group: str, texts: Sequence[str], per_moment: int = 3) -> Shelf:
    """One model a text, made some at a time: `per_moment` of them share one moment to the microsecond."""
    owner = Make(registry).owner()
    for start in range(0, len(texts), per_moment):
        with registry.writing(now=BEGIN + timedelta(hours=7 * start)) as work:
            for number in range(start, min(start + per_moment, len(texts))):
                tags = [tag for tag, every in (("Even", 2), ("third", 3), ("😀", 5)) if number % every == 0]
                tier = ("LOW", "MEDIUM", "HIGH")[number % 3]
                owners = [f"team{number % 4}@example.com", f"Solo{number}@Example.com"]
                name = f"{'Mm'[number % 2]}{number:03}"
                service.create_model(
                    work, owner.actor, NewModel(group, name, texts[number], owners, tier, tags=tags, risk_rationale="x")
                )
    return Shelf(registry, owner, group)


_shelves: dict[int, list[Shelf]] = {}


@pytest.fixture
def shelves(registries: Registries) -> list[Shelf]:
    """The same models on both databases; made once a worker, since nothing here changes them."""
    if id(registries) not in _shelves:
        _shelves[id(registries)] = [shelve(registries.shared(kind), "Contract-Shelf", TEXTS) for kind in KINDS]
    return _shelves[id(registries)]


pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("sort", SORTS)
def test_every_text_finds_the_same_in_the_same_order(shelves: list[Shelf], sort: str) -> None:
    """Words, parts of words, punctuation, operators of either database, and any script: one answer."""
    differing = {}

    for question in QUESTIONS:
        first, second = (ask(shelf, question, sort) for shelf in shelves)
        if first != second:
            differing[question] = (first, second)

    assert differing == {}


def ask(shelf: Shelf, question: str, sort: str) -> list[str] | str:
    """What is found, or what is said of a question that cannot be read."""
    try:
        return shelf.names(text=question, sort=sort)
    except QueryMistake as mistake:
        return mistake.errors[0].message


def test_a_text_finds_the_models_that_a_slow_reader_finds(shelves: list[Shelf]) -> None:
    """What is found is what a reader would find by hand; half of the questions and more can be read."""
    books = [
        Book(
            group="Contract-Shelf", name=f"{'Mm'[number % 2]}{number:03}", description=text,
            tags=tuple(tag for tag, every in (("Even", 2), ("third", 3), ("😀", 5)) if number % every == 0),
        )
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    differing = {}
    read = 0

    for question in QUESTIONS:
        try:
            node = read_query(question, now=BEGIN)
        except QueryMistake:
            continue
        if "ı" in question:  # A dotless i is an i to the registry, and a letter of its own to the slow reader.
            continue
        read += 1
        expected = [book.name for book in books if fits(node, book, Reader(sees_all=True))]
        found = shelves[0].names(text=question, sort="name")
        if found != expected:
            differing[question] = (found, expected)

    assert differing == {}
    assert read > len(QUESTIONS) / 2


def test_words_of_digits_and_letters_are_whole_on_both(registries: Registries) -> None:
    """Words that a parser might take for numbers, hosts or exponents are found by any beginning of theirs."""
    chance = random.Random(11)
    # A tag of the shelf begins with "e" too, so that "e" alone is left out below.
    words = ["".join(chance.choices("0123456789eExXabz", k=chance.randint(1, 9))) for _ in range(120)]
    texts = [" ".join(words[start : start + 4]) for start in range(0, len(words), 4)]
    group = f"q{''.join(chance.choices('ghijk', k=12))}"
    both = [shelve(registries.shared(kind), group, texts, 10) for kind in KINDS]
    differing = {}

    for word in words:
        part = word[: chance.randint(1, len(word))].casefold()
        expected = [n for n, text in enumerate(texts) if any(w.startswith(part) for w in split_words(text))]
        found = [sorted(int(name[1:]) for name in shelf.names(text=part)) for shelf in both]
        if part != "e" and found != [expected, expected]:
            differing[part] = (found, expected)

    assert differing == {}


FILTERS: list[dict[str, object]] = [
    {"group": "contract-shelf"}, {"group": "CONTRACT-SHELF"}, {"group": "contract"}, {"risk_tier": "LOW"},
    {"risk_tier": "HIGH"}, {"tag": "even"}, {"tag": "EVEN"}, {"tag": "eve"}, {"tag": "😀"},
    {"tag": "third", "risk_tier": "LOW"}, {"owner": "team1@example.com"}, {"owner": "TEAM1@EXAMPLE.COM"},
    {"owner": "team1"}, {"owner": "solo3@example.com"},
    {"owner": "team2@example.com", "tag": "even", "risk_tier": "MEDIUM", "text": "bayes"},
    {"created_from": BEGIN + timedelta(hours=21)}, {"created_to": BEGIN + timedelta(hours=21)},
    {"created_from": BEGIN + timedelta(hours=21), "created_to": BEGIN + timedelta(hours=21)},
    {"updated_from": BEGIN + timedelta(days=5)}, {"updated_to": BEGIN + timedelta(microseconds=-1)},
    {"updated_from": BEGIN + timedelta(days=5), "tag": "even", "text": "model"},
    {"text": "contract", "tag": "third"},
]  # fmt: skip


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("asked", FILTERS, ids=lambda asked: " ".join(f"{k}={v}" for k, v in asked.items())[:60])
def test_every_filter_finds_the_same_in_the_same_order(
    shelves: list[Shelf], asked: dict[str, object], sort: str
) -> None:
    """Group, tier, tag, owner and dates, alone and together, and any page size: one answer."""
    whole = [shelf.names(sort=sort, **asked) for shelf in shelves]
    paged = [shelf.names(limit=limit, sort=sort, **asked) for limit in (1, 4) for shelf in shelves]

    assert whole[0] == whole[1]
    assert paged == [whole[0]] * 4


def test_each_filter_keeps_what_it_says(shelves: list[Shelf]) -> None:
    """Filters ignore case, match whole values, include both ends of a stretch of time, and all must hold."""
    shelf = shelves[0]
    everything = shelf.names(sort="name")

    kept = {str(asked): {int(name[1:]) for name in shelf.names(**asked)} for asked in FILTERS}

    numbers = range(len(TEXTS))
    moment = {n: BEGIN + timedelta(hours=7 * (n - n % 3)) for n in numbers}
    expected: list[set[int]] = [
        set(numbers), set(numbers), set(), {n for n in numbers if n % 3 == 0}, {n for n in numbers if n % 3 == 2},
        *[{n for n in numbers if n % 2 == 0}] * 2, set(), {n for n in numbers if n % 5 == 0},
        {n for n in numbers if n % 3 == 0}, *[{n for n in numbers if n % 4 == 1}] * 2, set(), {3},
        {n for n in numbers if n % 4 == 2 and n % 3 == 1 and "bayes" in TEXTS[n].casefold()},
        {n for n in numbers if moment[n] >= BEGIN + timedelta(hours=21)},
        {n for n in numbers if moment[n] <= BEGIN + timedelta(hours=21)}, {3, 4, 5},
        {n for n in numbers if moment[n] >= BEGIN + timedelta(days=5)}, set(), set(),
        {n for n in numbers if n % 3 == 0},
    ]  # fmt: skip
    assert len(everything) == len(TEXTS)
    assert kept == {str(asked): wanted for asked, wanted in zip(FILTERS, expected, strict=True)}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("seed", range(3))
def test_pages_stay_whole_while_models_are_added(registries: Registries, sort: str, seed: int) -> None:
    """Whatever is added between two pages, nothing that was there is missed, and nothing is shown twice."""
    chance = random.Random(seed)
    group = f"paged-{chance.getrandbits(40)}-{sort}"
    for kind in KINDS:
        shelf = shelve(registries.shared(kind), group, TEXTS[:20], per_moment=chance.choice([1, 7, 20]))
        asked = CatalogueFilter(group=group, sort=sort)
        there, seen, cursor, added = set(shelf.names()), [], None, 0
        while cursor is not None or not seen:
            with shelf.registry.reading() as work:
                page = queries.list_models(work, shelf.owner.actor, asked, limit=chance.randint(1, 5), cursor=cursor)
            seen.extend(row.model.name for row in page.items)
            cursor = page.next_cursor
            for _ in range(chance.randint(0, 3)):
                added += 1
                with shelf.registry.writing(now=BEGIN + timedelta(hours=chance.randint(-50, 500))) as work:
                    new = NewModel(group, f"{chance.choice('amz')}-{added}", "Added.", ["a@b.de"], "LOW")
                    service.create_model(work, shelf.owner.actor, new)
            if added > 60:
                break

        assert len(seen) == len(set(seen))
        assert there <= set(seen)
