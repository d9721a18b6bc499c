"""
Handing letters to a mail server: SMTP with TLS from the first byte (`smtps:`), or with STARTTLS, which is demanded
everywhere but on this machine itself.

Headers are made by `email.message.EmailMessage`, which refuses line breaks. Sources: RFC 5321, RFC 3207, RFC 8314, and
RFC 3834 for `Auto-Submitted`.
"""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from modelkeep_server.kit import clock
from modelkeep_server.ports import Letter, MailFailed, MailRefused
from modelkeep_server.rules.emails import find_email_fault

TIMEOUT_SECONDS = 10.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DEFAULT_PORTS = {"smtp": 587, "smtps": 465}
#: RFC 3463. The server's own sentence nearly always holds the address, its code never.
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_WORDS = {
    "5.1.1": "there is no such mailbox",
    "5.1.2": "there is no such domain",
    "5.2.2": "the mailbox is full",
    "5.7.1": "it may not go there from here",
}


@dataclass(frozen=True)
class Place:
    """A mail server. `tls` from the first byte, else STARTTLS, which `demands_tls` insists on."""

    host: str
    port: int
    tls: bool
    demands_tls: bool
    user: str | None = None
    passphrase: str | None = field(default=None, repr=False)


def read_place(url: str) -> Place:
    """
    The place that `smtp://user:pass@host:587` or `smtps://...` names.

    Raises:
        ValueError: Says what is wrong with it, without repeating it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("has a host or a port that cannot be read") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("begins with smtp:// or smtps:// and names a host")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("ends with the host and port; write / @ : ? # in a user or passphrase as %2F %40 %3A %3F %23")
    return Place(
        host,
        port or _DEFAULT_PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        demands_tls=host not in _LOOPBACK,
        user=unquote(parts.username) if parts.username else None,
        passphrase=unquote(parts.password) if parts.password else None,
    )


def read_sender(text: str) -> Address:
    """The sender that `name@company.com` or `Words <name@company.com>` names. Raises ValueError."""
    words, address = parseaddr(text)
    fault = find_email_fault(address)
    if fault:
        raise ValueError(f"names an address that {fault}" if address else "is no address; write name@company.com")
    return Address(words, addr_spec=address)


class SmtpMailer:
    """Hands each letter over in a connection of its own: there are few, and servers drop idle ones."""

    def __init__(self, place: Place, sender: Address, *, context: ssl.SSLContext | None = None) -> None:
        self._place = place
        self._sender = sender
        self._context = context or ssl.create_default_context()

    def send(self, letter: Letter) -> str:
        """Hand one letter over. Raises MailFailed, MailRefused."""
        message = self._write(letter)
        with self._connected() as server:
            _demand(server.mail(self._sender.addr_spec), "the sender (MODELKEEP_MAIL_FROM)")
            _demand(server.rcpt(letter.to), "the recipient")
            answer = server.data(message)
            _demand(answer, "the letter")
            return _text(answer)

    def health(self) -> None:
        """Greet the server, as for a letter. Raises MailFailed."""
        with self._connected():
            pass

    def _write(self, letter: Letter) -> bytes:
        fault = find_email_fault(letter.to)
        if fault:
            raise MailRefused(f"The recipient's address {fault}.")
        message = EmailMessage(policy=policy.SMTP)
        try:
            message["From"] = self._sender
            message["To"] = Address(addr_spec=letter.to)
            message["Subject"] = letter.subject
            message["Date"] = format_datetime(clock.utc_now())
            message["Message-ID"] = f"<{letter.name}@{self._sender.domain}>"
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(letter.text)
            return message.as_bytes()
        except ValueError as error:
            raise MailRefused("A line of the letter's head holds what it cannot hold.") from error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        place = self._place
        try:
            with contextlib.closing(self._connect()) as server:
                server.ehlo_or_helo_if_needed()
                if not place.tls and place.demands_tls:
                    server.starttls(context=self._context)
                    server.ehlo()
                if place.user is not None:
                    server.login(place.user, place.passphrase or "")
                yield server
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
        except smtplib.SMTPAuthenticationError as error:
            said = _text((error.smtp_code, error.smtp_error))
            raise MailFailed(
                "The mail server does not take the user and passphrase of MODELKEEP_SMTP_URL.", said=said
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailFailed(
                "The mail server offers no STARTTLS, or no way to sign in that is known here.", said=str(error)
            ) from error
        except ssl.SSLError as error:
            raise MailFailed("The mail server's TLS cannot be trusted or understood.", said=str(error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailFailed("The mail server does not answer.", said=str(error) or type(error).__name__) from error

    def _connect(self) -> smtplib.SMTP:
        place = self._place
        # The name of this machine is nobody's business; a literal is what RFC 5321 (4.1.4) gives to those without one.
        if place.tls:
            return smtplib.SMTP_SSL(
                place.host, place.port, local_hostname="[127.0.0.1]", timeout=TIMEOUT_SECONDS, context=self._context
            )
        return smtplib.SMTP(place.host, place.port, local_hostname="[127.0.0.1]", timeout=TIMEOUT_SECONDS)


def _demand(answer: tuple[int, bytes], what: str) -> None:
    code, said = answer[0], _text(answer)
    if 200 <= code < 300:
        return
    found = _ENHANCED.search(said)
    status = found[0] if found else ""
    words = f": {_WORDS[status]}" if status in _WORDS else ""
    sentence = f"The mail server did not take {what}{words} ({f'{code} {status}'.strip()})."
    raise (MailRefused if code >= 500 else MailFailed)(sentence, said=said)


def _text(answer: tuple[int, bytes | str]) -> str:
    code, said = answer
    words = said if isinstance(said, str) else said.decode("utf-8", "replace")
    return f"{code} {' '.join(words.split())[:500]}"
