"""Codes are counted as numbers exactly as one by one, however high the numbers of their values are."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.features.search.facets.tallies import NUMBER_BITS, Tally, pack, tally
from modelkeep_server.features.search.indexing.codes import code_of

#: Every size of number: those of most registries, those with a digit more, and the highest that there are.
IDS = st.one_of(
    st.integers(0, 36**3 - 1), st.integers(0, 1 << 20), st.integers(36**5 - 2, 36**5 + 2),
    st.integers(0, (1 << NUMBER_BITS) - 1),
)  # fmt: skip


def read(told: Mapping[str, Tally]) -> dict[tuple[str, int], int]:
    """How often each letter and number was counted."""
    return {
        (letter, value_id): times
        for letter, of_it in told.items()
        for value_id, times in zip(of_it.ids.tolist(), of_it.times.tolist(), strict=True)
    }


@given(st.lists(IDS, unique=True, max_size=40), st.data())
@settings(max_examples=200, deadline=None)
def test_every_value_is_counted_as_often_as_it_stands_there(ids: list[int], data: st.DataObject) -> None:
    """A number has one letter; the letters of a text are told apart, and none is made up or runs into its number."""
    letters = {value_id: data.draw(st.sampled_from("AGT")) for value_id in ids}
    found = data.draw(st.lists(st.sampled_from(ids), max_size=120)) if ids else []
    codes = "".join(code_of(letters[value_id], value_id) for value_id in found)

    told = read(tally(pack(codes.encode("ascii"))))

    assert told == Counter((letters[value_id], value_id) for value_id in found)


def test_a_number_that_does_not_fit_is_never_counted_as_another() -> None:
    """It is refused, whatever the letter."""
    with pytest.raises(OverflowError):
        pack(code_of("A", 1 << NUMBER_BITS).encode("ascii"))
