"""Keys on paper: what a sheet or enough shares hold makes the same ring, and a slip is named by its line."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.adapters.keys.keyfile import KeyFile
from modelkeep_server.adapters.keys.material import Kek, Material, new_kek, new_material
from modelkeep_server.adapters.keys.sheets import Gathering, draw_sheets
from modelkeep_server.kit.typed_lines import ALPHABET
from modelkeep_server.operate.key_sheets import draw_page, find_fingerprints, split_text
from modelkeep_server.ports import KeyUnusable, SheetWrong

REGISTRY = "mk-0197a000-0000-7000-8000-00000000abcd"
BEGAN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

names = st.one_of(st.just(REGISTRY), st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", fullmatch=True))
keys_of_32 = st.binary(min_size=32, max_size=32)
materials = st.builds(
    Material,
    names,
    st.lists(
        st.builds(
            Kek,
            st.from_regex(r"kek-[0-9a-f]{16}", fullmatch=True),
            keys_of_32,
            st.integers(0, 2**32 - 1).map(lambda s: datetime.fromtimestamp(s, UTC).isoformat(timespec="seconds")),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda kek: kek.id,
    ).map(tuple),
    keys_of_32,
)


def gather(*sheets: object) -> Material:
    """What these sheets make, each as its lines."""
    gathering = Gathering()
    for sheet in sheets:
        gathering.add(sheet.lines)  # type: ignore[attr-defined]
    return gathering.finish()


@settings(max_examples=60)
@given(materials)
def test_a_sheet_makes_the_same_keys(material: Material) -> None:
    """Whatever the registry's name and however many keys: the same ring, to the last member."""
    [sheet] = draw_sheets(material)

    assert gather(sheet) == material
    assert KeyFile(gather(sheet)).fingerprint() == KeyFile(material).fingerprint()


@settings(max_examples=10)
@given(materials, st.integers(2, 5), st.data())
def test_any_shares_that_suffice_make_the_same_keys(material: Material, shares: int, data: st.DataObject) -> None:
    """Each set of so many shares does, in any order; one fewer never."""
    needed = data.draw(st.integers(2, shares))

    sheets = draw_sheets(material, shares, needed)

    for chosen in combinations(data.draw(st.permutations(sheets)), needed):
        assert gather(*chosen) == material
    with pytest.raises(SheetWrong, match="1 more sheet needed"):
        gather(*sheets[: needed - 1])


@pytest.mark.parametrize("shares", [1, 3])
def test_one_wrong_letter_is_named_by_its_line(shares: int) -> None:
    """Each letter of each line in turn, made another: that line is named, on a sheet and on a share."""
    material = new_material(REGISTRY, BEGAN)
    sheet = draw_sheets(material, shares, min(shares, 2))[0]
    chance = random.Random(7)

    for wrong, line in enumerate(sheet.lines):
        for at in [at for at, letter in enumerate(line) if at > 4 and letter in ALPHABET]:
            other = chance.choice([letter for letter in ALPHABET if letter != line[at]])
            lines = [*sheet.lines]
            lines[wrong] = line[:at] + other + line[at + 1 :]
            with pytest.raises(SheetWrong, match=f"^Line {wrong + 1} "):
                Gathering().add(lines)


def test_sheets_that_do_not_belong_are_refused_in_words() -> None:
    """Cut at the end, the same share twice, shares of two sets, lines of something else, none at all."""
    material = new_material(REGISTRY, BEGAN)
    [whole] = draw_sheets(material)
    first, second, _ = draw_sheets(material, 3, 2)
    stranger = draw_sheets(material, 3, 2)[1]
    gathering = Gathering()
    gathering.add(first.lines)

    refusals = []
    for take, lines in [
        (Gathering().add, whole.lines[:-1]), (Gathering().add, first.lines[:-1]), (gathering.add, first.lines),
        (gathering.add, stranger.lines), (Gathering().add, ()),
    ]:  # fmt: skip
        with pytest.raises(SheetWrong) as refused:
            take(lines)
        refusals.append(str(refused.value))
    gathering.add(second.lines)

    assert ["end" in refusals[0], "end" in refusals[1]] == [True, True]
    assert "already" in refusals[2]
    assert "another set" in refusals[3]
    assert "no sheet" in refusals[4]
    assert gathering.finish() == material
    for numbers in [(1, 2), (3, 1), (17, 2), (2, 3)]:
        with pytest.raises(ValueError, match="shares"):
            draw_sheets(material, *numbers)


def test_keys_that_no_sheet_carries_are_told() -> None:
    """Names that this program does not give, or hundreds of keys: copy the file itself."""
    material = new_material(REGISTRY, BEGAN)
    many = replace(material, keks=tuple(new_kek(BEGAN + timedelta(days=day)) for day in range(256)))

    for odd in (replace(material, keks=(Kek("mine", b"k" * 32, BEGAN.isoformat()),)), many):
        with pytest.raises(KeyUnusable):
            draw_sheets(odd)


def test_a_page_is_read_back_as_it_was_printed() -> None:
    """Several pages in one text, with what a scanner puts around the lines; no page is wider than paper."""
    material = new_material(REGISTRY, BEGAN)
    fingerprint = KeyFile(material).fingerprint()
    sheets = draw_sheets(material, 3, 2)
    facts = [("registry", REGISTRY), ("fingerprint", fingerprint)]
    pages = [draw_page(sheet.lines, facts, (sheet.number, 3, 2)) for sheet in sheets]
    text = "\f\n".join(pages[1:]).replace("\n", "\r\n  ")
    gathering = Gathering()

    for lines in split_text(text):
        gathering.add(lines)

    assert gathering.finish() == material
    assert find_fingerprints(text) == {fingerprint}
    assert split_text("\n".join(sheets[0].lines)) == [[line.strip() for line in sheets[0].lines]]
    assert max(len(line) for page in pages for line in page.splitlines()) <= 78
    assert all(line.isascii() for page in pages for line in page.splitlines())
    assert "SHARE 2 OF 3, ANY 2 NEEDED" in pages[1]
