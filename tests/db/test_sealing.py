"""What is sealed into rows opens for ever where it belongs, and nowhere else."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from modelkeep_server.db.sealing import SealBroken, seal, unseal
from tests.support.registries import Registries


def test_a_nonce_and_then_the_sealed_bytes_open(registries: Registries) -> None:
    """The form that earlier versions wrote, by the cipher itself: 12 bytes of nonce, the bytes, their tag of 16."""
    nonce = bytes(range(12))
    with registries.shared("sqlite").reading() as work:
        written = nonce + AESGCM(work.parts.keys.derive("jobs")).encrypt(nonce, b"a secret", b"mail")

        opened = unseal(work, "jobs", written, place="mail")
        sealed_now = seal(work, "jobs", b"a secret", place="mail")

    assert opened == b"a secret"
    assert len(sealed_now) == len(written)


def test_what_is_sealed_opens_in_its_place_alone(registries: Registries) -> None:
    """Changed, cut off, in another place, or for another purpose, sealed bytes do not open."""
    with registries.shared("sqlite").reading() as work:
        sealed = seal(work, "jobs", b"a secret", place="mail")

        for purpose, tried, place in (
            ("jobs", sealed, "mails"), ("scans", sealed, "mail"), ("jobs", sealed[:-1], "mail"),
            ("jobs", sealed[:5], "mail"), ("jobs", b"", "mail"), ("jobs", bytes([sealed[0] ^ 1]) + sealed[1:], "mail"),
        ):  # fmt: skip
            with pytest.raises(SealBroken):
                unseal(work, purpose, tried, place=place)
