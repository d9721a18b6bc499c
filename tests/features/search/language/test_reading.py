"""What queries mean, as the tree that is compiled."""

import random
import threading
from datetime import UTC, datetime

import pytest

from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import (
    And,
    During,
    Everything,
    Fit,
    Mine,
    Node,
    Not,
    Or,
    Pattern,
    Place,
    Text,
    Value,
    WithId,
    leaves,
)
from modelkeep_server.kit import clock
from tests.support.endurance import Figures, sizes
from tests.support.search_queries import make_query

NOW = datetime(2026, 11, 26, 22, 30, 15, tzinfo=UTC)
UUID = "0190B2A4-7c1e-7a7a-8f00-0123456789ab"


def read(text: str) -> Node:
    return read_query(text, now=NOW)


def word(text: str, place: Place = Place.ANYWHERE) -> Text:
    return Text((Pattern(text, Fit.BEGINNING),), place)


def phrase(*words: str, place: Place = Place.ANYWHERE) -> Text:
    return Text(tuple(Pattern(one) for one in words), place)


def value(field: str, *values: str) -> Value:
    return Value(field, tuple(Pattern(one) for one in values))


def wild(field: str, text: str) -> Value:
    return Value(field, (Pattern(text, Fit.WILD),))


def day(text: str) -> int:
    return clock.to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("tag:nlp AND tag:production", And((value("tag", "nlp"), value("tag", "production")))),
        (
            "riskTier:HIGH AND owner:risk-team@company.com",
            And((value("riskTier", "high"), value("owner", "risk-team@company.com"))),
        ),
        ('fraud OR "fraud detection"', Or((word("fraud"), phrase("fraud", "detection")))),
        ("-tag:experimental", Not(value("tag", "experimental"))),
        ('"exact phrase"', phrase("exact", "phrase")),
        ("-unwanted-term", Not(Text((Pattern("unwanted"), Pattern("term", Fit.BEGINNING))))),
        ("model*", word("model")),
        ("tag:production", value("tag", "production")),
        ("owner:user@company.com", value("owner", "user@company.com")),
        (
            "created:[2024-01-01 TO 2024-06-30]",
            During("created", day("2024-01-01"), day("2024-07-01")),
        ),
        ("updated:>2024-01-01", During("updated", day("2024-01-02"), None)),
    ],
)
def test_the_guides_words_are_read(text, node):
    """Every example and operator of the user guide, and those of the requirements, as they stand there."""
    assert node == read(text)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", Everything()),
        (" \t\n\u200b\x00", Everything()),
        ("a b", And((word("a"), word("b")))),
        ("a AND b AND c", And((word("a"), word("b"), word("c")))),
        ("a OR b AND c", Or((word("a"), And((word("b"), word("c")))))),
        ("a b OR c d", Or((And((word("a"), word("b"))), And((word("c"), word("d")))))),
        ("(a OR b) c", And((Or((word("a"), word("b"))), word("c")))),
        ("(a b) (c d)", And((word("a"), word("b"), word("c"), word("d")))),
        ("a || b && c", Or((word("a"), And((word("b"), word("c")))))),
        ("a&&b||c", Or((And((word("a"), word("b"))), word("c")))),
        ("a NOT b", And((word("a"), Not(word("b"))))),
        ("a AND NOT b", And((word("a"), Not(word("b"))))),
        ("!a -b +c", And((Not(word("a")), Not(word("b")), word("c")))),
        ("-(a OR b)", Not(Or((word("a"), word("b"))))),
        ("NOT NOT a", word("a")),
        ("a and b or not c", And(tuple(word(one) for one in ("a", "and", "b", "or", "not", "c")))),
        ("tag:(nlp OR cv)", Or((value("tag", "nlp"), value("tag", "cv")))),
        ("tag:(nlp -cv)", And((value("tag", "nlp"), Not(value("tag", "cv"))))),
        ("tag:-nlp", Not(value("tag", "nlp"))),
        ("created:(>2024 <2026)", And((During("created", day("2025-01-01"), None),
                                       During("created", None, day("2026-01-01"))))),
        ("tag: nlp", value("tag", "nlp")),
        ("“fraud detection”", phrase("fraud", "detection")),
        ("tag：（nlp OR cv）", Or((value("tag", "nlp"), value("tag", "cv")))),
        ("fraud!", word("fraud")),
        ("TO", word("to")),
    ],
)  # fmt: skip
def test_terms_are_joined(text, node):
    """AND binds tighter than OR, terms side by side mean AND, and small letters are words."""
    assert node == read(text)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("Naïve", word("naive")),
        ("fraud-detection_v2", Text((Pattern("fraud"), Pattern("detection"), Pattern("v2", Fit.BEGINNING)))),
        ("*aud-det*", Text((Pattern("*aud", Fit.WILD), Pattern("det", Fit.BEGINNING)))),
        ("fr?ud", Text((Pattern("fr?ud", Fit.WILD),))),
        ("f**d", Text((Pattern("f*d", Fit.WILD),))),
        ("fraud\\*", word("fraud")),
        ('"fraud*"', phrase("fraud")),
        ("name:Fraud", word("fraud", Place.NAME)),
        ('description:"Customer churn"', phrase("customer", "churn", place=Place.DESCRIPTION)),
        ("模型*", Text((Pattern("模"), Pattern("型", Fit.BEGINNING)))),
        ("什么是模型？", Text((*map(Pattern, "什么是模"), Pattern("型", Fit.BEGINNING)))),
        ("🚀", word("🚀")),
        ("foo\\:bar", Text((Pattern("foo"), Pattern("bar", Fit.BEGINNING)))),
        ('"http://x"', phrase("http", "x")),
        ('"say \\"hi\\""', phrase("say", "hi")),
        ("dir\\models", Text((Pattern("dir"), Pattern("models", Fit.BEGINNING)))),
        (UUID, WithId(UUID.lower())),
        (f"tag:x {UUID}", And((value("tag", "x"), WithId(UUID.lower())))),
        (f'"{UUID}"', phrase(*UUID.lower().split("-"))),
        ("name:*", Everything()),
        ("name:* tag:x", value("tag", "x")),
        ("description:*", Text((Pattern("*", Fit.WILD),), Place.DESCRIPTION)),
    ],
)
def test_text_is_read(text, node):
    """Words fit beginnings, quotes fit whole words, wildcards stand where they were typed, a UUID is a model."""
    assert node == read(text)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("TAG:Équipe", value("tag", "equipe")),
        ('tag:"two  Words"', value("tag", "two words")),
        ("tag:team:nlp", value("tag", "team:nlp")),
        ("tag:http://x", value("tag", "http://x")),
        ("tag:what\\?", value("tag", "what?")),
        ('tag:"prod*"', value("tag", "prod*")),
        ("*-cnp", word("cnp")),
        ("name:*-cnp", Text((Pattern("cnp", Fit.BEGINNING),), Place.NAME)),
        ("tag:*", wild("tag", "*")),
        ("tag:**", wild("tag", "*")),
        ("tag:prod*", wild("tag", "prod*")),
        ("version:1.*", wild("version", "1.*")),
        ("labels:x", value("tag", "x")),
        ("model_type:x", value("modelType", "x")),
        ("Model-Type:x", value("modelType", "x")),
        ("owner:me", Mine()),
        ('owner:"me"', value("owner", "me")),
        ("is:MINE", Mine()),
        ("is:Live", value("is", "live")),
        ("has:card", value("has", "card")),
        ("risk:high", value("riskTier", "high")),
        ("riskTier:>=MEDIUM", value("riskTier", "medium", "high")),
        ("riskTier:>LOW", value("riskTier", "medium", "high")),
        ("riskTier:≤medium", value("riskTier", "low", "medium")),
        ("riskTier:[LOW TO HIGH}", value("riskTier", "low", "medium")),
        ("riskTier:*", wild("riskTier", "*")),
        ("state:approved-prod", value("state", "approved_prod")),
        ("state:approved*", value("state", "approved_staging", "approved_prod")),
        ("status:PRODUCTION", value("state", "production")),
        ("status:ACTIVE", value("is", "active")),
        ("status:retired", value("is", "retired")),
        ("state:retired", value("state", "retired")),
        ("state:=DRAFT", value("state", "draft")),
    ],
)
def test_values_of_fields_are_read(text, node):
    """Fields, values and choices are understood in any case, and in the spellings that people know."""
    assert node == read(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024-12", "2024-12-01", "2025-01-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2024-01-31T09:00:00Z", "2024-01-31T09:00:00", "2024-01-31T09:00:01"),
        ("2024-01-31T09:00:00+02:00", "2024-01-31T07:00:00", "2024-01-31T07:00:01"),
        ("2024-01-31T09:00", "2024-01-31T09:00:00", "2024-01-31T09:01:00"),
        ('"2024-01-31 09:00"', "2024-01-31T09:00:00", "2024-01-31T09:01:00"),
        ("today", "2026-11-26", "2026-11-27"),
        ("YESTERDAY", "2026-11-25", "2026-11-26"),
        ("today-1m", "2026-10-26", "2026-10-27"),
        ("today-1w", "2026-11-19", "2026-11-20"),
        (">2024-01-31", "2024-02-01", None),
        (">=2024-01-31", "2024-01-31", None),
        ("<2024-01-31", None, "2024-01-31"),
        ("<=2024-01-31", None, "2024-02-01"),
        (">=now-7d", "2026-11-19T22:30:15", None),
        (">=now-2w", "2026-11-12T22:30:15", None),
        (">=now-9m", "2026-02-26T22:30:15", None),
        (">=now-1y-1d", "2025-11-25T22:30:15", None),
        ("[2024-01-01 TO 2024-01-31]", "2024-01-01", "2024-02-01"),
        ("{2024-01-01 TO 2024-01-31}", "2024-01-02", "2024-01-31"),
        ("[2024-01-01 to 2024-01-31}", "2024-01-01", "2024-01-31"),
        ("[2024 TO *]", "2024-01-01", None),
        ("[* TO 2024]", None, "2025-01-01"),
        (">=9999", "9999-01-01", None),
    ],
)
def test_times_are_read(text, start, end):
    """A day is all of it in UTC, a moment its second, and `now` the moment of asking."""
    bounds = tuple(None if bound is None else day(bound) for bound in (start, end))
    assert During("created", *bounds) == read(f"created:{text}")


def test_a_month_back_from_its_31st_is_a_day_that_exists():
    """Steps of months end on the last day of a shorter month."""
    on_the_31st = datetime(2024, 3, 31, 12, tzinfo=UTC)
    node = read_query("created:today-1m", now=on_the_31st)
    assert node == During("created", day("2024-02-29"), day("2024-03-01"))


def test_open_spans_ask_for_nothing():
    """What says nothing of a time fits every model."""
    assert read("created:*") == read("created:[* TO *]") == Everything()


def test_every_term_knows_where_it_was_typed():
    """A span holds the whole term: its field, its quotes and parentheses, and its minus."""
    text = 'fraud -tag:"a b"  created:[2024 TO *] state:(DRAFT OR STAGING) (x OR y) NOT is:mine'
    node = read(text)
    assert isinstance(node, And)
    assert [text[part.span.start : part.span.end] for part in node.parts] == [
        "fraud", '-tag:"a b"', "created:[2024 TO *]", "state:(DRAFT OR STAGING)", "(x OR y)", "NOT is:mine"
    ]  # fmt: skip
    told = [text[leaf.span.start : leaf.span.end] for leaf, _ in leaves(node) if not isinstance(leaf, Everything)]
    assert ["fraud", 'tag:"a b"', "created:[2024 TO *]", "DRAFT", "STAGING", "x", "y", "is:mine"] == told


@pytest.mark.parametrize("queries", sizes(small=1_000, full=20_000))
def test_random_queries_mean_what_they_were_made_from(queries: int, figures: Figures):
    """Queries made from trees, in every spelling there is, are read as those trees."""
    chance = random.Random(queries)
    for _ in range(queries):
        asked = make_query(chance)
        assert _plain(read_query(asked.text, now=NOW)) == _plain(asked.means), asked.text

    figures.tell("queries read as they were meant", queries)


def test_queries_are_read_side_by_side():
    """The grammar is shared by no two threads: what one reads does not disturb another."""
    texts = ["tag:nlp AND (fraud OR -churn)", "created:[2024 TO 2025] OR state:DRAFT", '"a b" NOT (c d)']
    expected = [read(text) for text in texts]
    wrong: list[str] = []

    def work(place: int) -> None:
        text, node = texts[place % 3], expected[place % 3]
        wrong.extend(text for _ in range(150) if read(text) != node)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("# Find all production NLP models\ntag:nlp AND tag:production", "tag:nlp AND tag:production"),
        (
            '# Find models with "fraud" in name or description\r\nfraud OR "fraud detection"',
            'fraud OR "fraud detection"',
        ),
        ("  #\tof ours\n# and live\nis:mine is:live", "is:mine is:live"),
        ("tag:nlp\n# but for\n-tag:experimental", "tag:nlp -tag:experimental"),
        ("fraud #5\nrisk", "fraud 5 risk"),
        ("```modelkeep\n# of ours\ntag:nlp\r\n  ```\r\n", "tag:nlp"),
        ("```\ntag:nlp\n```", "tag:nlp"),
        ("# of ours\n```\ntag:nlp\n```\n-tag:cv\n", "tag:nlp -tag:cv"),
    ],
)
def test_lines_that_tell_of_a_query_are_no_part_of_it(typed: str, meant: str) -> None:
    """An example is pasted with the line above it; a sign within a word, or behind one, begins no such line."""
    assert _plain(read(typed)) == _plain(read(meant))


def test_a_fault_below_a_remark_keeps_its_place() -> None:
    """Positions are those of what was typed."""
    with pytest.raises(QueryMistake) as mistake:
        read("# of high risk\nriskTier:HIHG")
    assert (mistake.value.position, mistake.value.suggestion) == (24, "# of high risk\nriskTier:HIGH")


def _plain(node: Node) -> object:
    """The same whatever was joined first: nested AND and OR laid open, values in no order."""
    match node:
        case And() | Or():
            return type(node).__name__, tuple(one for part in node.parts for one in _parts(part, type(node)))
        case Not(part=Not(part=part)):
            return _plain(part)
        case Not(part=part):
            return "not", _plain(part)
        case Value():
            return node.field, frozenset((one.text.casefold(), one.fit) for one in node.patterns)
    return node


def _parts(node: Node, kind: type) -> list[object]:
    plain = _plain(node)
    return list(plain[1]) if isinstance(plain, tuple) and plain[0] == kind.__name__ else [plain]
