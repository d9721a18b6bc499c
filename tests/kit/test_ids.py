"""Ids: their format, their order, and that no two are the same."""

import re
import threading
import uuid

from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit import ids

JANUARY = 1_767_225_600_000_000
MOMENTS = st.integers(0, (2**48 - 1) * 1000)


def test_a_uuid7_says_version_variant_and_time():
    """What people see is a UUID of version 7 in lower case, which tells its millisecond (RFC 9562, 5.7)."""
    # After whatever moment other tests of this process made ids for: ids never run backwards.
    later = ((uuid.UUID(ids.uuid7(0)).int >> 80) + 1_000) * 1_000

    made = ids.uuid7(later)

    read = uuid.UUID(made)
    assert made == str(read)
    assert (7, uuid.RFC_4122) == (read.version, read.variant)
    assert later // 1000 <= read.int >> 80 <= later // 1000 + 1


def test_uuids_of_one_process_ascend_within_a_millisecond_and_when_the_clock_goes_back():
    """Sorting by id is sorting by making, for 20,000 ids of one moment and for a clock set back by an hour."""
    moments = [JANUARY] * 20_000 + [JANUARY - 3_600_000_000] * 100 + [JANUARY + 5_000_000] * 100

    made = [ids.uuid7(moment) for moment in moments]

    assert sorted(set(made)) == made
    assert {7} == {uuid.UUID(each).version for each in made}


def test_uuids_made_by_many_threads_are_all_different():
    """Threads that ask at once never get the same id, and each sees its own ascend."""
    made: list[list[str]] = [[] for _ in range(4)]

    def work(own: list[str]) -> None:
        own.extend(ids.uuid7(JANUARY) for _ in range(2_000))

    threads = [threading.Thread(target=work, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 8_000 == len(set().union(*made))
    assert made == [sorted(own) for own in made]


@given(MOMENTS)
def test_a_ulid_is_26_characters_that_tell_its_millisecond(moment):
    """A request id is a ULID: Crockford's base 32 without I, L, O and U, the time in the first ten characters."""
    made = ids.ulid(moment)

    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", made)
    assert moment // 1000 == sum(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(c) << 5 * (9 - i) for i, c in enumerate(made[:10])
    )


@given(MOMENTS, MOMENTS)
def test_ulids_sort_by_time(one, other):
    """Of two ULIDs of different milliseconds the earlier sorts first."""
    if one // 1000 == other // 1000:
        return

    assert (one < other) == (ids.ulid(one) < ids.ulid(other))


def test_ulids_of_one_moment_are_all_different():
    """80 bits of chance keep the ids of requests of one millisecond apart."""
    made = {ids.ulid(JANUARY) for _ in range(10_000)}

    assert 10_000 == len(made)
