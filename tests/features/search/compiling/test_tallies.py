"""Codes are counted as numbers exactly as one by one, however high the numbers of their values are."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.features.search.compiling.tallies import tally
from modelkeep_server.features.search.indexing.codes import DIGITS_COUNT, code_of

HIGHEST = 36**DIGITS_COUNT - 1
#: Every size of number: those of most registries, those with a digit more, and the highest that there are.
IDS = st.one_of(
    st.integers(0, 36**3 - 1), st.integers(0, 1 << 20), st.integers(36**5 - 2, 36**5 + 2), st.integers(0, HIGHEST)
)


@given(st.lists(IDS, unique=True, max_size=40), st.data())
@settings(max_examples=100, deadline=None)
def test_every_value_is_counted_as_often_as_it_stands_there(ids: list[int], data: st.DataObject) -> None:
    """A number has one letter; the letters of a text are told apart, and none is made up."""
    letters = {value_id: data.draw(st.sampled_from("AGT")) for value_id in ids}
    found = data.draw(st.lists(st.sampled_from(ids), max_size=120)) if ids else []
    codes = "".join(code_of(letters[value_id], value_id) for value_id in found)

    told = tally(codes.encode("ascii"))

    counted = {
        (letter, value_id): times
        for letter, of_it in told.items()
        for value_id, times in zip(of_it.ids.tolist(), of_it.times.tolist(), strict=True)
    }
    assert counted == dict(Counter((letters[value_id], value_id) for value_id in found))
