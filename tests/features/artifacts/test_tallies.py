"""Ranges that are added up in memory before they are written down."""

from modelkeep_server.features.artifacts.downloading.tallies import Taken, Tallies


def test_who_is_slow_to_take_an_answer_keeps_no_other_in_memory():
    """Links that nobody uses any more are forgotten beyond a number, whichever of them still has a range under way."""
    tallies = Tallies()
    tallies.note("slow", "1", 0, 10, size_bytes=100)
    assert tallies.begin("slow", 10)

    for number in range(2_000):
        tallies.note(f"quick-{number}", str(number), 0, 10, size_bytes=100)

    assert [tallies.knows(handle) for handle in ("slow", "quick-0", "quick-500", "quick-1999")] == [
        True, False, False, True
    ]  # fmt: skip
    assert not tallies.end("slow", 10, 10)
    assert tallies.take("slow") == Taken("1", 100, requests=1, sent_bytes=10, spans=((10, 20),))


def test_what_could_not_be_written_down_is_taken_again():
    """Together with what came after it, also where with it all of the file had gone out."""
    tallies = Tallies()
    tallies.note("link", "1", 0, 50, size_bytes=100)
    assert tallies.begin("link", 50)
    assert tallies.end("link", 50, 50)
    taken = tallies.take("link")
    assert taken is not None
    assert not tallies.knows("link")

    tallies.give_back("link", taken)
    assert tallies.begin("link", 10)
    tallies.end("link", 0, 10)

    assert tallies.take("link") == Taken("1", 100, requests=2, sent_bytes=60, spans=((0, 10), (50, 100)))
