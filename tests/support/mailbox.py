"""A mail server of the tests' own, that speaks SMTP over a real connection and keeps what it was given."""

import contextlib
import datetime
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, SECRET = "registry", "p@ss:w/rd"


@dataclass
class Mailbox:
    """
    What arrived, and how the server is to answer from now on: `answers` are taken one a recipient, then it says yes.

    `url` is what MODELKEEP_SMTP_URL says.
    """

    host: str
    port: int
    answers: list[str] = field(default_factory=list)
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The server as a setting names it."""
        return f"smtp://{self.host}:{self.port}"

    # The names are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or answer as told."""
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a letter."""
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.extend(envelope.rcpt_tos)
        self.encrypted.append(session.ssl is not None)
        return "250 2.0.0 kept as 4711"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def serving_mail(*, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """
    Serve mail on this machine until the block ends. With `tls` the server insists on STARTTLS, then on USER and
    SECRET.
    """
    mailbox = Mailbox("127.0.0.1", port or free_port())

    def authenticate(_: Any, __: Any, ___: Any, ____: str, sent: Any) -> AuthResult:
        right = isinstance(sent, LoginPassword) and (sent.login, sent.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=right, handled=False)

    demands: dict[str, Any] = {}
    if tls is not None:
        demands = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": authenticate}
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **demands)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def make_certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for 127.0.0.1, as a server shows it and as a client trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "mail.crt", folder / "mail.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, secret)
    client = ssl.create_default_context(cafile=str(certificate))
    return server, client
