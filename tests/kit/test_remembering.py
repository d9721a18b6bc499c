"""What was made of texts is remembered for those that were asked for last, as far as there is room."""

from modelkeep_server.kit.remembering import Remembered


def test_what_was_asked_for_last_is_kept_by_its_length() -> None:
    """A long text takes the room of several short ones, and one that has no room is made each time."""
    made: list[str] = []
    remembered = Remembered(lambda text: made.append(text) or text.upper(), 10)

    asked = [remembered(text) for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb", "d" * 11, "d" * 11)]

    assert asked == ["AAAA", "BBBB", "AAAA", "CCCC", "AAAA", "BBBB", "D" * 11, "D" * 11]
    assert made == ["aaaa", "bbbb", "cccc", "bbbb", "d" * 11, "d" * 11]
