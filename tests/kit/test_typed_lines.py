"""Lines that a person types back: the same again, and every slip named by the line it is in."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelkeep_server.kit.typed_lines import (
    ALPHABET,
    LINE,
    LineWrong,
    draw_lines,
    from_symbols,
    read_line,
    read_lines,
    to_symbols,
)


@given(st.binary(min_size=1, max_size=300))
def test_bytes_come_back_however_they_are_typed(data: bytes) -> None:
    """Small letters, O for 0, I or L for 1, other spaces and a full stop behind the number: the same bytes."""
    lines = draw_lines(to_symbols(data))
    typed = [line.lower().replace("0", "o").replace("1", "l") for line in (line[5:] for line in lines)]

    assert from_symbols(read_lines(lines)) == data
    numbered = [f"{number}. {line.replace(' ', '')}" for number, line in enumerate(typed, 1)]
    assert from_symbols(read_lines(numbered)) == data
    bare = [symbol for number, line in enumerate(typed, 1) for symbol in read_line(line, number)]
    assert from_symbols(bare) == data


@given(st.binary(min_size=30, max_size=120), st.randoms(use_true_random=False))
def test_up_to_four_wrong_letters_are_named_by_their_line(data: bytes, chance: random.Random) -> None:
    """Not by chance: the code finds four for certain. A line of another place is wrong as well."""
    lines = draw_lines(to_symbols(data))
    wrong = chance.randrange(len(lines))
    letters = list(lines[wrong])
    places = [at for at, letter in enumerate(letters) if letter in ALPHABET and at > 4]
    for at in chance.sample(places, min(chance.randint(1, 4), len(places))):
        letters[at] = chance.choice([letter for letter in ALPHABET if letter != letters[at]])

    with pytest.raises(LineWrong) as refused:
        read_lines([*lines[:wrong], "".join(letters), *lines[wrong + 1 :]])

    assert refused.value.number == wrong + 1


def test_slips_of_every_kind_are_told_by_line() -> None:
    """A letter of no sheet, a letter too few, lines swapped or left out, two neighbours exchanged."""
    lines = draw_lines(to_symbols(bytes(range(60))))
    swapped = lines[1][:6] + lines[1][7] + lines[1][6] + lines[1][8:]
    cases = {
        2: [lines[0], lines[1].replace(lines[1][-1], "!"), *lines[2:]],
        3: [*lines[:2], lines[2][:-1], *lines[3:]],
        4: [*lines[:3], *lines[4:]],
        1: [f"  1{lines[1][3:]}", *lines[1:]],
    }

    for number, typed in [*cases.items(), (2, [lines[0], swapped, *lines[2:]])]:
        with pytest.raises(LineWrong) as refused:
            read_lines(typed)
        assert (refused.value.number, f"Line {number} " in str(refused.value)) == (number, True)
    assert len(lines[0].split()) == 1 + LINE // 4 + 1


def test_no_more_lines_than_numbers() -> None:
    """A sheet of thousands of lines is nobody's to type."""
    with pytest.raises(ValueError, match="too many"):
        draw_lines([0] * LINE * 1024)
    with pytest.raises(ValueError, match="whole number"):
        from_symbols([1])
