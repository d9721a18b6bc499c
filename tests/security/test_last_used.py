"""When a token was last used, whatever it was used for: a stolen one shows."""

from tests.support.clients import Api
from tests.support.make import Make


def test_a_token_that_only_uploads_was_used(api: Api, make: Make) -> None:
    """Routes that stream note it as all others do."""
    version = make.version()
    owner = make.owner_of(version)

    make.file(version, owner)

    (token,) = api.browser(owner).call("GET", "/api/v1/tokens").json()["items"]
    assert token["lastUsedAt"] is not None
