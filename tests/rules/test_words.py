"""E-mail addresses, file paths, texts, links and tags: what is taken is harmless wherever it lands."""

import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.paths import find_path_fault, folders_of, path_key
from modelkeep_server.rules.texts import find_tag_fault, find_text_fault, find_url_fault

anything = st.text(st.characters(exclude_categories=()), max_size=60)
#: Letters whose case folding is not simply lower case, and marks that combine with them.
tricky = st.text(st.sampled_from("aAßẞſsKkÅåİıͅΐΰςΣσᾳᾼ̈́́μµﬁ.-/"), min_size=1, max_size=8)


@pytest.mark.parametrize(
    "email",
    ["data-team@company.com", "a@b.co", "first.last+tag@sub.example.org", "o'neil@example.com", "X_1@EXAMPLE.com"],
)
def test_plain_addresses_are_taken(email: str) -> None:
    """The addresses that people have."""
    assert find_email_fault(email) is None


@pytest.mark.parametrize(
    "email",
    [
        "", "a", "@b.co", "a@", "a@b", "a@b..co", "a@-b.co", "a..b@c.co", ".a@c.co", "a@b.co.", "a b@c.co", "a@c .co",
        "Ada <ada@c.co>", "a@b@c.co", "a\n@c.co", "a@c.co\n", "a@c.co\x00", "\ud800@c.co", f"{'a' * 65}@c.co",
        f"a@{'b' * 64}.co", f"a@{'b.' * 130}co", "ä@c.co", "a@[127.0.0.1]",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(email: str) -> None:
    """The fault ends the sentence "'x' ...", so that the form can show it."""
    fault = find_email_fault(email)

    assert fault is not None
    assert fault.startswith(("is ", "has "))


@given(anything)
@example("a@c.co\n")
def test_an_accepted_address_fits_a_mail_header(email: str) -> None:
    """No blank, control character, comma, bracket or quote gets through, whatever is sent."""
    if find_email_fault(email) is None:
        assert email.isascii()
        assert not set(email) & set(' ,;:<>()[]"\\\r\n\t\x00')
        assert email.count("@") == 1


@pytest.mark.parametrize(
    "path", ["model.safetensors", "tokenizer/vocab.json", "a/b/c.bin", "Größe.txt", ".gitattributes"]
)
def test_names_of_files_with_folders_are_taken(path: str) -> None:
    """Folders are allowed in names."""
    assert find_path_fault(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "", " ", "/etc/passwd", "a/", "a//b", "..", "../a", "a/../b", "./a", "a/.", "a\\b", "C:\\a", "c:a", "a:b", "a*",
        "a?", 'a"', "a<b", "a>b", "a|b", "con", "NUL.txt", "a/COM1", "lpt9.bin", "COM¹", "conin$", "a ", " a", "a.",
        "a./b", "a\x00b", "a\nb", "a\u202eb", "\ud800", "e\u0301.txt", "x" * 1100, "ä" * 600,
    ],
)  # fmt: skip
def test_names_that_harm_on_some_system_are_refused(path: str) -> None:
    """No climbing, no devices, no separators of other systems, no invisible characters, nothing too long."""
    assert find_path_fault(path) is not None


@given(anything)
def test_an_accepted_path_stays_below_where_it_lands(path: str) -> None:
    """On POSIX and on Windows alike, joined to a folder it names a file inside it."""
    if find_path_fault(path) is None:
        assert not PurePosixPath(path).is_absolute()
        assert ".." not in PurePosixPath(path).parts
        assert PureWindowsPath(path).anchor == ""
        assert not PureWindowsPath(path).is_reserved()
        assert "Cc" not in {unicodedata.category(character) for character in path}
        assert unicodedata.normalize("NFC", path) == path


@given(tricky, st.sampled_from([str.upper, str.lower, str.swapcase, str.title, str.casefold, str.strip]))
@example("\u1f82\u0301", lambda _: "\u1f02\u03af")
def test_paths_that_some_system_takes_for_one_share_a_key(one: str, change: Callable[[str], str]) -> None:
    """The key is Unicode's canonical caseless match (D145), and a key's own key is itself."""

    def folded(text: str) -> str:
        return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())

    other = change(one)

    assert (path_key(one) == path_key(other)) == (folded(one) == folded(other))
    assert path_key(path_key(one)) == path_key(one)


def test_the_folders_of_a_path_are_all_those_above_it() -> None:
    """Each step counts, the file itself does not."""
    assert folders_of("a/b/c") == ("a", "a/b")
    assert folders_of("a") == ()


@given(anything, st.booleans())
def test_an_accepted_text_can_be_stored_and_shown(text: str, lines: bool) -> None:
    """It is well-formed Unicode without NUL, control characters or characters that turn the reading direction."""
    if find_text_fault(text, max_chars=50, lines=lines) is None:
        assert len(text) <= 50
        text.encode()
        controls = {c for c in text if unicodedata.category(c) == "Cc"} - (set("\n\r\t") if lines else set())
        assert controls == set()
        assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_a_required_text_is_not_blank_and_a_long_one_says_how_long() -> None:
    """Faults say what to mend."""
    assert find_text_fault(" \n", max_chars=9, lines=True, required=True) == "This is required."
    assert find_text_fault("x" * 4001, max_chars=4000) == "At most 4,000 characters; this has 4,001."


@given(anything)
@example("http://[")
@example("http://a:b")
@example("@0")
@example("https://\u2100.com")
def test_an_accepted_link_leads_to_a_website(url: str) -> None:
    """Only http and https with a host; no script, no user name, no blank."""
    for sent in (url, f"https://{url}"):
        if find_url_fault(sent, max_chars=2000) is None:
            parts = urlsplit(sent)
            assert parts.scheme in ("http", "https")
            assert parts.hostname
            assert parts.username is None
            assert not any(c.isspace() and ord(c) < 128 for c in sent)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "ftp://a/b", "//a.com", "http://", "https://a b", "https://u:p@a.com"],
)
def test_links_that_are_no_website_are_refused(url: str) -> None:
    """What a page would show as a link must be safe to follow."""
    assert find_url_fault(url, max_chars=2000) is not None


@given(anything)
def test_an_accepted_tag_is_one_word(tag: str) -> None:
    """No blanks, no control characters, never empty."""
    if find_tag_fault(tag, max_chars=64) is None:
        assert 1 <= len(tag) <= 64
        assert tag.split() == [tag]
