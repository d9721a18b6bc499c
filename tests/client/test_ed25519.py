"""Ed25519 in pure Python: the samples of RFC 8032, and agreement with the cryptography package."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from modelkeep.verify_audit import L, verify_ed25519
from tests.support.bundles import holds

#: RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
SAMPLES = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_of_the_standard(sample):
    """Each sample signature of RFC 8032 is accepted."""
    assert verify_ed25519(*map(bytes.fromhex, sample))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
@settings(max_examples=25, deadline=None)
def test_verdicts_agree_with_the_oracle(seed, message, bit):
    """A signature is accepted as the cryptography package made it, and refused with any one bit flipped."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    flipped = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")

    assert verify_ed25519(public, message, signature)
    assert not verify_ed25519(public, message, flipped)
    assert not verify_ed25519(public, message + b"x", signature)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
@settings(max_examples=15, deadline=None)
def test_garbage_is_refused_as_by_the_oracle(public, signature):
    """Random bytes for key and signature are refused without an error."""
    assert holds(public, b"", signature) == verify_ed25519(public, b"", signature)


def test_a_second_spelling_of_a_signature_is_refused():
    """Adding the group's order to the scalar gives no other valid signature (RFC 8032, 8.4)."""
    public, message, signature = map(bytes.fromhex, SAMPLES[2])
    scalar = int.from_bytes(signature[32:], "little") + L

    assert not verify_ed25519(public, message, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("public", [b"\xff" * 32, b"\x01" + b"\0" * 30 + b"\x80", b"\x02" + bytes(31), b"", bytes(31)])
def test_what_is_no_point_is_no_key(public):
    """Bytes that encode no point of the curve, or not in its one way, verify nothing."""
    assert not verify_ed25519(public, b"", bytes.fromhex(SAMPLES[0][2]))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_signatures_of_another_length_are_refused(size):
    """A signature has 64 bytes."""
    assert not verify_ed25519(bytes.fromhex(SAMPLES[0][0]), b"", bytes(size))
