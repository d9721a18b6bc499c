"""Handing letters to a mail server over SMTP."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from modelkeep_server.adapters.mail.smtp import Place, SmtpMailer, read_place, read_sender
from modelkeep_server.ports import Letter, MailFailed, MailRefused
from tests.support.mailbox import SECRET, USER, make_certificate, serving_mail

LETTER = Letter("1.2.mk-test", "ada@example.com", "Hello", "A line.\n.\n. A line with a dot.\nÜmläute €\n")
SENDER = read_sender("Modelkeep <models@company.com>")


def test_a_letter_arrives_whole() -> None:
    """Text with dots and foreign letters, one address, a name that repeats, and a word to other machines."""
    with serving_mail() as box:
        said = [SmtpMailer(read_place(box.url), SENDER).send(LETTER) for _ in range(2)]

    first, second = box.letters
    assert said == ["250 2.0.0 kept as 4711"] * 2
    assert first.get_content().replace("\r\n", "\n") == LETTER.text
    assert box.recipients == ["ada@example.com"] * 2
    assert (first["from"], first["to"], first["subject"]) == (
        "Modelkeep <models@company.com>", "ada@example.com", "Hello",
    )  # fmt: skip
    assert first["message-id"] == second["message-id"] == "<1.2.mk-test@company.com>"
    assert first["auto-submitted"] == "auto-generated"


def test_elsewhere_nothing_travels_in_the_clear(tmp_path: Path) -> None:
    """STARTTLS is demanded, the certificate checked, and only then are user and passphrase sent."""
    shown, trusted = make_certificate(tmp_path)
    with serving_mail(tls=shown) as box, serving_mail() as plain:
        place = Place("localhost", box.port, tls=False, demands_tls=True, user=USER, passphrase=SECRET)
        SmtpMailer(place, SENDER, context=trusted).send(LETTER)
        faults = []
        for other, context in (
            (place, ssl.create_default_context()),
            (replace(place, passphrase="wrong"), trusted),
            (replace(place, port=plain.port), trusted),
        ):
            with pytest.raises(MailFailed) as failed:
                SmtpMailer(other, SENDER, context=context).send(LETTER)
            faults.append((type(failed.value), str(failed.value)))

    assert (box.encrypted, plain.letters) == ([True], [])
    assert [kind for kind, _ in faults] == [MailFailed] * 3
    assert ["TLS cannot be trusted" in faults[0][1], "MODELKEEP_SMTP_URL" in faults[1][1]] == [True, True]
    assert "STARTTLS" in faults[2][1]


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (replace(LETTER, to="ada@example.com\r\nBcc: eve@example.com"), MailRefused),
        (replace(LETTER, to="ada@example.com, eve@example.com"), MailRefused),
        (replace(LETTER, to="Ada <ada@example.com>"), MailRefused),
        (replace(LETTER, subject="Hello\r\nBcc: eve@example.com"), MailRefused),
        (replace(LETTER, subject="Hello\nX: y"), MailRefused),
    ],
)
def test_no_header_can_be_slipped_in(letter: Letter, kind: type[MailFailed]) -> None:
    """A line break or a second address in what goes into the head: the letter is refused, and nothing is sent."""
    with serving_mail() as box:
        with pytest.raises(kind):
            SmtpMailer(read_place(box.url), SENDER).send(letter)

        assert box.letters == []


def test_what_the_server_refuses_is_told_without_the_address() -> None:
    """5xx is for good, 4xx is not; the operator alone sees the server's own words."""
    with serving_mail() as box:
        box.answers = ["550 5.1.1 <ada@example.com> unknown", "450 4.2.1 <ada@example.com> greylisted"]
        mailer = SmtpMailer(read_place(box.url), SENDER)
        with pytest.raises(MailRefused) as refused:
            mailer.send(LETTER)
        with pytest.raises(MailFailed) as failed:
            mailer.send(LETTER)

    assert str(refused.value) == "The mail server did not take the recipient: there is no such mailbox (550 5.1.1)."
    assert str(failed.value) == "The mail server did not take the recipient (450 4.2.1)."
    assert not isinstance(failed.value, MailRefused)
    assert "ada@example.com" in refused.value.said


@pytest.mark.parametrize(
    "url", ["https://host", "smtp://", "smtp://host:port", "smtp://user:a/b@host", "smtp://host/?tls=no", "host:25"]
)
def test_a_wrong_address_of_a_mail_server_is_refused_unrepeated(url: str) -> None:
    """It may hold a passphrase, so the reason does not show it."""
    with pytest.raises(ValueError, match=r"^(begins|ends|has)") as wrong:
        read_place(url)

    assert "a/b" not in str(wrong.value)


def test_addresses_of_mail_servers() -> None:
    """Ports by their scheme, escaped credentials, and TLS demanded of every machine but this one."""
    places = [
        read_place(url) for url in ("smtp://u%40c.com:p%2F@mail.company.com", "smtps://mail", "smtp://127.0.0.1:25")
    ]

    assert [(place.port, place.tls, place.demands_tls) for place in places] == [
        (587, False, True), (465, True, True), (25, False, False),
    ]  # fmt: skip
    assert (places[0].user, places[0].passphrase) == ("u@c.com", "p/")
    assert "p/" not in repr(places[0])
