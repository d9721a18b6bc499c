"""Queries changed by pressing something, and taken apart for showing."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.features.search.language.editing import (
    add_term,
    add_words,
    clauses,
    exclude_term,
    pieces,
    remove_span,
    remove_term,
    write_term,
)
from modelkeep_server.features.search.language.mistakes import QueryMistake
from modelkeep_server.features.search.language.reading import read_query
from modelkeep_server.features.search.language.tree import And, Everything, Node, Not, Pattern, Span, Value, join
from modelkeep_server.kit.words import fold_value
from tests.support.endurance import Figures, sizes
from tests.support.search_fuzz import make_noise
from tests.support.search_queries import make_query

NOW = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)
ADDED = Value("tag", (Pattern("x y"),))


def read(text: str) -> Node:
    return read_query(text, now=NOW)


def find(text: str) -> Node | None:
    try:
        return read(text)
    except QueryMistake:
        return None


@pytest.mark.parametrize(
    ("query", "added"),
    [
        ("", "tag:nlp"),
        ("fraud", "fraud tag:nlp"),
        ("fraud AND churn", "fraud AND churn AND tag:nlp"),
        ("fraud OR churn", "(fraud OR churn) AND tag:nlp"),
        ("(fraud OR churn)", "(fraud OR churn) tag:nlp"),
        (" fraud  card ", "fraud  card tag:nlp"),
        ("fraud -tag:NLP x", "fraud tag:nlp x"),
        ("tag:nlp", "tag:nlp"),
        ('tag:"NLP" x', 'tag:"NLP" x'),
        ("fraud\\", "fraud\\\\ tag:nlp"),
        ("tag:", "tag: AND tag:nlp"),
        ("(fraud", "(fraud AND tag:nlp"),
        ("AND", "AND AND tag:nlp"),
        ("created:2024 TO", "created:2024 TO AND tag:nlp"),
    ],
)
def test_a_term_is_added_to_what_was_typed(query, added):
    """What was typed stays; OR is put in parentheses, and what is asked or excluded already is not said twice."""
    assert added == add_term(query, "tag", "nlp")


@pytest.mark.parametrize(
    ("query", "without"),
    [
        ("", "-tag:nlp"),
        ("fraud OR churn", "(fraud OR churn) AND -tag:nlp"),
        ("tag:nlp fraud", "-tag:nlp fraud"),
        ("fraud -tag:NLP", "fraud -tag:NLP"),
        ("tag:nlp AND -tag:cv", "-tag:nlp AND -tag:cv"),
    ],
)
def test_a_value_is_excluded(query, without):
    """What asked for the value excludes it then, in the same place."""
    assert without == exclude_term(query, "tag", "nlp")


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("tag:nlp", ""),
        ("fraud tag:nlp AND -tag:NLP x", "fraud AND x"),
        ("tag:(nlp OR cv) x", "tag:(cv) x"),
        ("tag:nlp OR tag:cv", "tag:cv"),
        ("-tag:(nlp OR cv)", "-tag:(cv)"),
        ("tag:nlp OR fraud", "tag:nlp OR fraud"),
        ("tag:cv", "tag:cv"),
        ("tag:", "tag:"),
    ],
)
def test_a_value_is_taken_out_of_a_query(query, left):
    """Where it stands among values of its field alone; what is said of other things as well stays."""
    assert left == remove_term(query, "tag", "nlp")


def test_one_of_several_choices_is_taken_out():
    """A comparison becomes what stays of it."""
    assert remove_term("riskTier:>=MEDIUM x", "riskTier", "HIGH") == "riskTier:MEDIUM x"
    assert remove_term("riskTier:>=LOW", "riskTier", "MEDIUM") == "riskTier:(LOW OR HIGH)"
    assert remove_term("is:mine fraud", "is", "mine") == "fraud"


def test_words_are_added_whole():
    """All that the words ask for is asked besides; OR among them goes into parentheses."""
    assert add_words("a OR b", "c OR d") == "(a OR b) AND (c OR d)"
    assert add_words("a", "created:[2024 TO *]") == "a created:[2024 TO *]"
    assert add_words("a", " ") == "a"


@pytest.mark.parametrize(
    ("query", "typed", "left"),
    [
        ("fraud AND tag:nlp", "tag:nlp", "fraud"),
        ("fraud AND tag:nlp AND x", "tag:nlp", "fraud AND x"),
        ("-tag:nlp  fraud", "-tag:nlp", "fraud"),
        ("fraud NOT (a OR b)", "NOT (a OR b)", "fraud"),
        ("(a b) c", "a", "(b) c"),
        ("(a) (b)", "(a)", "(b)"),
        ("a OR b AND c", "b", "a OR c"),
        ("a OR b", "a", "b"),
        ("NOT a b", "a", "b"),
        ("tag:(x) b", "x", "b"),
        ("+a b", "a", "b"),
        ("a", "a", ""),
        ("(broken tag:x", "tag:x", "(broken"),
    ],
)
def test_a_term_is_taken_out_with_what_belongs_to_it(query, typed, left):
    """No operator, parenthesis or field is left over."""
    at = query.index(typed)
    assert left == remove_span(query, Span(at, at + len(typed)))


def test_clauses_are_what_chips_show():
    """Each term that must fit: its field, its words, whether it is excluded, and where it stands."""
    query = 'fraud -tag:"a b" state:(DRAFT OR STAGING) owner:me created:>=now-7d (x OR tag:y) NOT name:z status:active'
    told = [(one.field, one.words, one.negated, query[one.span.start : one.span.end]) for one in clauses(query)]
    assert told == [
        ("", "fraud", False, "fraud"),
        ("tag", "a b", True, '-tag:"a b"'),
        ("state", "(DRAFT OR STAGING)", False, "state:(DRAFT OR STAGING)"),
        ("is", "mine", False, "owner:me"),
        ("created", ">=now-7d", False, "created:>=now-7d"),
        ("", "(x OR tag:y)", False, "(x OR tag:y)"),
        ("name", "z", True, "NOT name:z"),
        ("is", "active", False, "status:active"),
    ]
    assert clauses("") == clauses("tag:") == clauses("(a") == ()


def test_pieces_have_kinds():
    """What is drawn in which colour, in a query that is broken, too."""
    told = [(one.kind, one.text) for one in pieces('a -tag:("b" OR c) AND created:>=2024 "open') if one.kind != "blank"]
    assert told == [
        ("value", "a"), ("minus", "-"), ("name", "tag:"), ("operator", "("), ("phrase", '"b"'), ("operator", "OR"),
        ("value", "c"), ("operator", ")"), ("operator", "AND"), ("name", "created:"), ("name", ">="), ("value", "2024"),
        ("phrase", '"open'),
    ]  # fmt: skip


@given(st.text())
def test_pieces_are_the_query(text):
    """Whatever is typed, the pieces side by side are it, each where it stands."""
    cut = pieces(text)
    assert text == "".join(one.text for one in cut)
    assert all(one.text == text[one.span.start : one.span.end] for one in cut)


@given(st.text(max_size=200))
def test_a_value_is_written_so_that_it_means_itself(value):
    """Blanks, quotes, wildcards and operators in a value are its own."""
    if fold_value(value):
        assert read(write_term("tag", value)) == Value("tag", (Pattern(fold_value(value)),))


@pytest.mark.parametrize("texts", sizes(small=400, full=10_000))
def test_editing_means_what_it_says(texts: int, figures: Figures):
    """Adding is AND, excluding is AND NOT, and what is taken out leaves the rest as it was."""
    chance = random.Random(texts)
    for _ in range(texts):
        _check_edits(make_query(chance).text if chance.random() < 0.6 else make_noise(chance)[:600])

    figures.tell("queries edited", texts)


def _check_edits(text: str) -> None:
    added, without, left = (
        add_term(text, "tag", "x y"),
        exclude_term(text, "tag", "x y"),
        remove_term(text, "tag", "nlp"),
    )
    node = find(text)
    if node is None:
        assert clauses(text) == ()
        assert added.endswith('tag:"x y"')
        return
    assert find(left) is not None
    for edited, term in ((added, ADDED), (without, Not(ADDED))):
        meant = find(edited)
        assert meant is None or meant == join((node, term)), (text, edited)
        assert meant is not None or len(text) > 500 or text.count("(") > 15 or len(text.split()) > 90, (text, edited)
    parts = () if isinstance(node, Everything) else node.parts if isinstance(node, And) else (node,)
    said = clauses(text)
    assert len(said) == len(parts)
    for place, clause in enumerate(said):
        assert find(remove_span(text, clause.span)) == join((*parts[:place], *parts[place + 1 :])), (text, clause)
