"""One-time links: the one that was used is the last one that opens an account."""

import pytest

from modelkeep_server.features.identity import secrets
from modelkeep_server.features.identity.joining import accepting
from modelkeep_server.rules.errors import SignInFailed
from tests.support.accounts import fresh_email, invite
from tests.support.registries import Registry

_HASH = secrets.hash_passphrase("seven green lanterns hum")


def test_a_second_invitation_dies_with_the_first_that_is_accepted(registry: Registry) -> None:
    """A link that was sent twice cannot set a new passphrase days later, whatever case the address was written in."""
    email = fresh_email()
    astray, arrived = invite(registry, email.upper()), invite(registry, email)
    with registry.writing() as work:
        accepting.accept_invitation(work, secret=arrived, name="Ada", passphrase_hash=_HASH)

    with pytest.raises(SignInFailed, match="used already"), registry.writing() as work:
        accepting.accept_invitation(work, secret=astray, name="Eve", passphrase_hash=_HASH)
