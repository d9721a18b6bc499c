"""The process that prints: what it is given, what it may see, and that the server has nothing of it."""

import subprocess
import sys
from pathlib import Path

import pytest

import modelkeep_server.adapters.pdf
from modelkeep_server.adapters.pdf.lettering import Lettering, read_characters
from modelkeep_server.adapters.pdf.press import DATA_BYTES_MAX, Press
from modelkeep_server.ports import PrinterDown, PrintingTooLong

HOME = Path(modelkeep_server.adapters.pdf.__file__).parent
FONTS = HOME / "fonts"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'


def test_the_server_never_loads_typst() -> None:
    """It takes a tenth of a gigabyte, and only the process that prints needs it."""
    program = "import sys, modelkeep_server.app; print('typst' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", program]).strip() == b"False"


def test_a_drawing_reaches_no_file(tmp_path: Path) -> None:
    """A picture that a drawing points to, of this host or of the templates' own folder, is not in it."""
    plain = Press().draw_png(SVG.format(""))
    picture = tmp_path / "picture.svg"
    picture.write_text(SVG.format('<rect width="9" height="9" fill="red"/>'))

    for address in (str(picture), picture.as_uri(), f"../../../../../..{picture}", "https://a.example/p.png"):
        drawn = SVG.format(f'<image width="9" height="9" href="{address}" xlink:href="{address}"/>')
        try:
            assert Press().draw_png(drawn) == plain
        except PrinterDown:
            continue  # refused as a whole


def test_what_is_too_much_is_not_begun() -> None:
    """More data than a card ever has."""
    with pytest.raises(PrintingTooLong):
        Press().draw_png(SVG.format("x" * DATA_BYTES_MAX))


def test_what_is_no_drawing_is_told(tmp_path: Path) -> None:
    """As a failure, without words of what was sent."""
    with pytest.raises(PrinterDown) as down:
        Press().draw_png("secret words")
    assert "secret" not in str(down.value)


def test_every_font_names_its_licence() -> None:
    """A file beside it for each family, and no other file."""
    fonts = {path.stem.partition("_")[0] for path in FONTS.glob("*.ttf")}
    licences = {path.stem.removeprefix("LICENSE-") for path in FONTS.glob("LICENSE-*.txt")}

    assert {name.removesuffix("Mono") for name in fonts} == licences
    assert sum(path.stat().st_size for path in FONTS.glob("*.ttf")) < 7_000_000


def test_fonts_have_the_letters_of_many_scripts() -> None:
    """Latin, Greek, Cyrillic, Arabic, Hebrew, Devanagari, Thai, Georgian, Chinese, Japanese, Korean, signs, emoji."""
    text = "Größe Ελλάδα Київ العربية עברית हिन्दी ไทย ქართული 中文 日本語 한국어 ≤ ∑ → 😀"

    assert Lettering(FONTS).fit(text) == text


def test_signs_without_a_shape_become_their_number() -> None:
    """Private ones, controls and turns of direction; line ends of all systems become one."""
    fitted = Lettering(FONTS).fit({"a": ["\ue000\x00\u202e\u2066\ua670", "a\r\nb\u2028c\td", 1, None]})

    assert fitted == {"a": ["U+E000U+0000U+202EU+2066U+A670", "a\nb\nc    d", 1, None]}


def test_a_font_tells_which_letters_it_has() -> None:
    """Read from its own table: what Geist has, and what it lacks."""
    found = read_characters((FONTS / "Geist_400Regular.ttf").read_bytes())

    assert {ord("A"), ord("é"), ord("–")} <= found
    assert not {ord("א"), ord("中"), 0} & found
