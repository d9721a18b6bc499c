"""Cursors: they lead on within one list, and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.db.cursors import Cursors
from modelkeep_server.kit.paging import CursorRefused

KEY = bytes(range(32))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POSITIONS = st.lists(st.integers() | st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4)
FILTERS = st.dictionaries(
    st.sampled_from(["list", "q", "tier", "tag"]), st.none() | st.text(max_size=5) | st.integers()
)


@given(POSITIONS, FILTERS)
def test_a_cursor_gives_its_position_back(position, filters):
    """The sort values of the last row come back, of the same types, for the filter they were made for."""
    cursors = Cursors(KEY)

    cursor = cursors.make(position, filters)

    assert position == cursors.read(cursor, filters)
    assert set(cursor) <= set(ALPHABET)


def test_an_empty_filter_is_the_same_as_none():
    """`?tag=` and no `tag` list the same rows, so their cursors are the same too."""
    cursors = Cursors(KEY)

    cursor = cursors.make([1], {"list": "models", "tag": "", "q": None, "owners": ()})

    assert [1] == cursors.read(cursor, {"list": "models"})


@pytest.mark.parametrize(
    "other", [{}, {"list": "models"}, {"list": "events", "tag": "b"}, {"list": "events", "tag": 0}]
)
def test_a_cursor_of_another_filter_is_refused(other):
    """A cursor carried to another list would skip rows there, so it is refused, and the person is told what to do."""
    cursors = Cursors(KEY)
    cursor = cursors.make([17], {"list": "events", "tag": "a"})

    with pytest.raises(CursorRefused, match="other filters"):
        cursors.read(cursor, other)


def test_a_cursor_edited_in_any_character_is_refused():
    """Every other character at every place is refused, the unused bits of the last one included."""
    cursors, filters = Cursors(KEY), {"list": "models"}
    cursor = cursors.make(["name", 7], filters)
    edited = [cursor[:at] + c + cursor[at + 1 :] for at in range(len(cursor)) for c in ALPHABET if c != cursor[at]]

    refused = 0
    for each in edited:
        with pytest.raises(CursorRefused):
            cursors.read(each, filters)
        refused += 1

    assert len(cursor) * 63 == refused


def test_a_cursor_tells_nothing_of_its_position():
    """Inside ids count what one may not see: none can be read out of a cursor, nor how long it is."""
    near, far = (Cursors(KEY).make([number, "name"], {"list": "models"}) for number in (7, 70_000_007))

    raw = base64.urlsafe_b64decode(near + "=" * (-len(near) % 4))

    assert len(near) == len(far)
    assert near[16:] != far[16:]
    assert b"name" not in raw


def test_a_cursor_forged_with_another_key_is_refused():
    """Only the holder of the key can say where a list goes on."""
    filters = {"list": "models"}
    forged = Cursors(bytes(32)).make([1], filters)

    with pytest.raises(CursorRefused, match="gave out"):
        Cursors(KEY).read(forged, filters)


@pytest.mark.parametrize(
    "text", ["", "A", "=", "====", "not a cursor", "é", "A" * 21, "A" * 10_000, "\x00", "AAAA AAAA", "\ud800"]
)
def test_what_was_never_a_cursor_is_refused(text):
    """Any text in the address is answered with a clear refusal."""
    with pytest.raises(CursorRefused):
        Cursors(KEY).read(text, {})


@given(st.text())
def test_no_text_makes_reading_fail_otherwise(text):
    """Whatever stands in the address is refused as a cursor, and never fails in another way."""
    with pytest.raises(CursorRefused):
        Cursors(KEY).read(text, {"list": "models"})


@pytest.mark.parametrize("change", ["{}=", "{}==", "{} ", "{}\n", " {}", "{}A"])
def test_a_cursor_with_something_beside_it_is_refused(change):
    """One position has one spelling: padding, blanks and tails make it another text."""
    cursors = Cursors(KEY)
    cursor = cursors.make([1], {})

    with pytest.raises(CursorRefused):
        cursors.read(change.format(cursor), {})
