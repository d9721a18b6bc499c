"""The public address: one that could never work is refused at the start, not at every request."""

import pytest

from modelkeep_server.settings.loading import SettingsRefused, load_settings


@pytest.mark.parametrize(
    "address",
    ["https://company.com/models", "https://a:b@company.com", "https://company.com?x=1", "ftp://company.com"],
)
def test_an_address_with_more_than_scheme_host_and_port_is_refused(address: str) -> None:
    """Hosts and origins are compared with it, and neither has a path or a name in it."""
    with pytest.raises(SettingsRefused, match="PUBLIC_URL"):
        load_settings(public_url=address)


def test_the_host_is_kept_in_lower_case_as_browsers_send_it() -> None:
    """Origin headers are in lower case: another spelling would make every form a forgery."""
    assert load_settings(public_url="https://Models.Company.com/").public_url == "https://models.company.com"
