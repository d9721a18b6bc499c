"""Signed notes and checkpoints: C2SP's own samples open, and nothing that was altered does."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep_server.kit.signed_note import (
    NoteRefused,
    TreeHead,
    checkpoint_text,
    make_vkey,
    open_note,
    parse_checkpoint,
    parse_vkey,
    sign_note,
)
from tests.support.bundles import KEY, ORIGIN, PUBLIC, VKEY, checkpoint_of, holds, log_of

#: The example of golang.org/x/mod/sumdb/note, another implementation of the format.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NOTE = checkpoint_of(log_of(5))


def test_another_implementations_note_opens():
    """A note signed by Go's implementation opens with its key."""
    assert GO_NOTE.split("\n\n")[0] + "\n" == open_note(GO_NOTE, GO_VKEY, holds)


def test_a_checkpoint_says_what_was_signed():
    """Opening a checkpoint gives back log, size and root."""
    head = TreeHead(ORIGIN, 7, bytes(32))

    note = sign_note(checkpoint_text(head), ORIGIN, PUBLIC, KEY.sign)

    assert head == parse_checkpoint(open_note(note, VKEY, holds))


def test_vkey_names_its_key():
    """A verifier key gives back the name and the public key it was made of."""
    assert (ORIGIN, PUBLIC) == parse_vkey(VKEY + "\n")


@pytest.mark.parametrize("at", range(len(NOTE.encode())))
def test_no_altered_checkpoint_opens(at):
    """A checkpoint with any one byte changed is refused, be it in text, name or signature."""
    altered = bytearray(NOTE.encode())
    altered[at] ^= 1

    with pytest.raises(NoteRefused):
        open_note(altered.decode("utf-8", "replace"), VKEY, holds)


@given(st.integers(0, len(VKEY) - 1), st.characters(codec="ascii"))
@settings(deadline=None)
def test_no_altered_vkey_is_read(at, character):
    """A verifier key with any one character changed is refused."""
    altered = VKEY[:at] + character + VKEY[at + 1 :]

    if altered.strip() != VKEY:
        with pytest.raises(NoteRefused):
            parse_vkey(altered)


def test_signatures_of_others_do_not_disturb():
    """A witness may add its signature; the note still opens with ours."""
    witnessed = f"{NOTE}— witness.example {base64.b64encode(bytes(76)).decode()}\n"

    assert open_note(NOTE, VKEY, holds) == open_note(witnessed, VKEY, holds)


@pytest.mark.parametrize(
    "note", ["", "text\n", "\n\n", NOTE[:-1], NOTE + "x\n", NOTE.replace("— ", "- "), NOTE.replace("\n\n", "\n")]
)
def test_what_is_no_note_is_refused(note):
    """Texts without the form of a signed note are refused, never half read."""
    with pytest.raises(NoteRefused):
        open_note(note, VKEY, holds)


@pytest.mark.parametrize(
    "text",
    ["", "log\n5\n", "log\n-1\nA\n", "log\n05\n{root}\n", "log\nfive\n{root}\n", "\n5\n{root}\n", "log\n5\n{root}",
     "log\n5\nAAAA\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    """Texts without origin, plain size and a root of 32 bytes are refused."""
    with pytest.raises(NoteRefused):
        parse_checkpoint(text.replace("{root}", base64.b64encode(bytes(32)).decode()))


def test_names_that_would_break_the_form_are_refused():
    """A key's name has no space and no plus, and a note ends in a newline."""
    with pytest.raises(ValueError, match="without spaces"):
        make_vkey("a b", PUBLIC)
    with pytest.raises(ValueError, match="newline"):
        sign_note("text", ORIGIN, PUBLIC, KEY.sign)
