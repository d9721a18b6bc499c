"""The small computations behind the pictures on pages."""

from datetime import UTC, datetime, timedelta

import pytest

from modelkeep_server.features.versions.views import Passage
from modelkeep_server.interfaces.marks import format_size
from modelkeep_server.interfaces.web import drawing, forms
from modelkeep_server.rules.errors import FieldError
from modelkeep_server.rules.lifecycle import LINE, State

NOW = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (18_412_331, "18.4 MB"),
        (999_600, "1.0 MB"),
        (5 * 1024**3, "5.37 GB"),
        (2 * 10**15, "2000 TB"),
    ],
)
def test_a_size_is_written_in_decimal_units(size_bytes: int, words: str) -> None:
    """A size keeps three figures or so, and changes its unit before it needs four."""
    assert words == format_size(size_bytes)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=10), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=6), "6 days ago"),
        (timedelta(days=21), "3 weeks ago"),
        (timedelta(days=800), "2 years ago"),
        (timedelta(days=-7), "in 1 week"),
        (timedelta(seconds=-5), "in a moment"),
    ],
)
def test_a_time_is_told_by_its_distance(distance: timedelta, words: str) -> None:
    """A time is told by how long ago it was, or how far ahead it is."""
    assert words == drawing.format_span(NOW - distance, NOW)


def test_the_line_knows_past_present_and_future() -> None:
    """Each station is done, now or still to come, and a state visited twice shows its last visit."""
    history = (
        Passage(State.DRAFT, NOW - timedelta(days=5), "ada@example.com"),
        Passage(State.SUBMITTED, NOW - timedelta(days=4), "ada@example.com"),
        Passage(State.CHANGES_REQUESTED, NOW - timedelta(days=3), "rita@example.com"),
        Passage(State.SUBMITTED, NOW - timedelta(days=2), "ada@example.com"),
    )

    stations = {stop.state: stop for stop in drawing.stations_of(State.SUBMITTED, history)}

    assert set(State) == set(stations)
    assert [stations[s].status for s in tuple(State)[:4]] == ["done", "now", "done", "todo"]
    assert stations[State.SUBMITTED].passage == history[3]


def test_changes_requested_stands_beside_submitted() -> None:
    """The line has eight stops; the ninth state stands at the rank of SUBMITTED."""
    assert len(LINE) == 8
    assert drawing.rank_of(State.SUBMITTED) == drawing.rank_of(State.CHANGES_REQUESTED) == 1


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada Lovelace", "AL"), ("wei-lin.chou@example.com", "WC"), ("ada", "AD"), ("@", "?")]
)
def test_a_person_has_two_letters(name: str, letters: str) -> None:
    """A person's mark is made of the name, or of what stands before the @."""
    assert letters == drawing.initials_of(name)


def test_before_and_after_are_told_line_by_line() -> None:
    """A change shows what went, what came, and what stayed."""
    lines = drawing.delta_of({"state": "DRAFT", "x": 1, "gone": []}, {"state": "SUBMITTED", "x": 1})

    assert lines == (("-", '"state": "DRAFT",'), ("+", '"state": "SUBMITTED",'), (" ", '"x": 1,'), ("-", '"gone": []'))


def test_a_change_inside_a_member_marks_its_lines_alone() -> None:
    """Of a long list that grew by one entry, that entry is marked, and nothing else."""
    lines = drawing.delta_of({"owners": ["a", "b"]}, {"owners": ["a", "b", "c"]})

    assert [text.strip() for sign, text in lines if sign == "+"] == ['"b",', '"c"']
    assert [text.strip() for sign, text in lines if sign == "-"] == ['"b"']


def test_what_was_made_or_removed_is_told_whole() -> None:
    """An object that was not there before is all new, one that is gone is all old, and nothing is no line."""
    assert drawing.delta_of(None, {"x": 1}) == (("+", '"x": 1'),)
    assert drawing.delta_of({"x": 1}, None) == (("-", '"x": 1'),)
    assert drawing.delta_of(None, None) == ()


def test_a_size_carries_its_exact_bytes() -> None:
    """The exact number of bytes stands beside the human size."""
    assert drawing.draw_size(1000) == '<span title="1,000 bytes">1.0 kB</span>'


def test_a_digest_is_shortened_to_its_ends() -> None:
    """A digest shows four digits of each end; what is before the colon stays, and a short one stays whole."""
    assert drawing.short_digest("sha256:" + "c41f" + "0" * 56 + "8a07") == "sha256:c41f…8a07"
    assert drawing.short_digest("c41f8a07") == "c41f8a07"


def test_entries_are_parted_by_commas_and_blanks() -> None:
    """Owners and tags may be typed with commas, semicolons, blanks or lines between them, and each counts once."""
    assert forms.split_entries(" a@x.com,b@x.com;\n a@x.com ") == ("a@x.com", "b@x.com")


def test_a_notice_comes_only_from_the_list() -> None:
    """An address cannot make a page say something of its own."""
    assert forms.find_notice("model") is not None
    assert forms.find_notice("<b>hello</b>") is None
    assert forms.find_notice(None) is None


def test_a_form_shows_the_first_fault_of_each_field() -> None:
    """Of several faults of one field the form shows the first."""
    errors = [FieldError("owners", "one"), FieldError("owners", "two"), FieldError("name", "three")]

    assert forms.errors_by_field(errors) == {"owners": "one", "name": "three"}
