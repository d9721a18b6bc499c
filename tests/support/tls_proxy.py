"""A TLS proxy as operators put in front: it ends TLS, adds who asked to X-Forwarded-For, and passes on the rest."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class TlsProxy:
    """
    Listens on `port` from the start; passes on to `target`, once that is known. One request a connection.

    Args:
        hops: Addresses that further proxies in between add, behind the visitor's own.
    """

    def __init__(self, certificate: Path, hops: tuple[str, ...] = ()) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._hops = hops
        self.port = 0
        self.target = 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve in a thread of its own until the block ends."""
        with start_blocking_portal("asyncio") as portal:
            server = portal.call(partial(asyncio.start_server, self._serve, "127.0.0.1", 0, ssl=self._context))
            self.port = server.sockets[0].getsockname()[1]
            try:
                yield
            finally:
                portal.call(server.close)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
            with contextlib.closing(inner_writer):
                inner_writer.write(self._passed_on(head, writer.get_extra_info("peername")[0]))
                passing = asyncio.create_task(_pump(reader, inner_writer))
                await _pump(inner_reader, writer)
                passing.cancel()

    def _passed_on(self, head: bytes, peer: str) -> bytes:
        first, *lines = head[:-4].split(b"\r\n")
        told = [
            line.split(b":", 1)[1].strip().decode() for line in lines if line.lower().startswith(b"x-forwarded-for")
        ]
        kept = [line for line in lines if not line.lower().startswith((b"x-forwarded-for", b"connection"))]
        forwarded = ", ".join([*told, peer, *self._hops]).encode()
        return b"\r\n".join([first, *kept, b"X-Forwarded-For: " + forwarded, b"Connection: close", b"", b""])


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while run := await reader.read(65536):
        writer.write(run)
        await writer.drain()
