"""How issuers are set up: by variables for one, by tables for several; what cannot be is told by its name."""

from pathlib import Path
from typing import Any

import pytest

from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings.loading import SettingsRefused, load_settings

ONE = {"ISSUER": "https://login.company.com", "CLIENT_ID": "modelkeep", "NAME": "Company Login"}
TWO = """
[[oidc]]
name = "First"
issuer = "https://first.example/"
client_id = "a"
roles_claim = "realm_access.roles"
[oidc.roles]
"ml owners" = ["MODEL_OWNER", "SRE"]
[[oidc]]
name = "Second"
issuer = "https://second.example"
client_id = "b"
trust_email = true
"""


def set_variables(monkeypatch: pytest.MonkeyPatch, folder: Path, **values: str) -> None:
    """An empty working folder, and these variables."""
    monkeypatch.chdir(folder)
    for name, value in values.items():
        monkeypatch.setenv(f"MODELKEEP_OIDC_{name}", value)


def test_one_issuer_by_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each row of the reference page is a variable; the slug follows from the name."""
    set_variables(monkeypatch, tmp_path, **ONE, ROLES='{"g": ["MRC"]}', TRUST_EMAIL="true", CLIENT_SECRET="s3cret")

    (issuer,) = load_settings().oidc

    assert (issuer.slug, issuer.rules.roles, issuer.trust_email) == ("company-login", {"g": (Role.MRC,)}, True)
    assert "s3cret" not in repr(issuer)


def test_several_issuers_by_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the order of the file; the address is kept as it is spelt."""
    (tmp_path / "modelkeep.toml").write_text(TWO)
    set_variables(monkeypatch, tmp_path)

    first, second = load_settings().oidc

    assert (first.issuer, first.rules.steps, second.slug) == (
        "https://first.example/",
        ("realm_access", "roles"),
        "second",
    )
    assert first.roles == {"ml owners": (Role.MODEL_OWNER, Role.SRE)}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ISSUER": "http://login.company.com"}, "MODELKEEP_OIDC_ISSUER"),
        ({"ISSUER": "https://login.company.com?x=1"}, "MODELKEEP_OIDC_ISSUER"),
        ({"CLIENT_ID": ""}, "MODELKEEP_OIDC_CLIENT_ID"),
        ({"SLUG": "a/b"}, "MODELKEEP_OIDC_SLUG"),
        ({"SCOPES": "email"}, "MODELKEEP_OIDC_SCOPES"),
        ({"ROLES": "ml-owners=MRC"}, "MODELKEEP_OIDC_ROLES"),
        ({"ROLES": '{"g": ["BOSS"]}'}, "MODELKEEP_OIDC_ROLES"),
        ({"ROLES": '{"g": ["ADMIN"]}'}, "admin_from_claims"),
        ({"CLIENT_SECRT": "x"}, "MODELKEEP_OIDC_CLIENT_SECRT"),
    ],
)
def test_what_cannot_be_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, str], named: str
) -> None:
    """The variable at fault, and never its secret."""
    set_variables(monkeypatch, tmp_path, **{**ONE, "CLIENT_SECRET": "s3cret", **changes})

    with pytest.raises(SettingsRefused) as refused:
        load_settings()

    assert named in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"local_accounts": False},
        {
            "oidc": [
                {"issuer": "https://a.example", "client_id": "a"},
                {"issuer": "https://b.example", "client_id": "b"},
            ]
        },
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, Any]
) -> None:
    """No way to sign in at all; two issuers under one address."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsRefused):
        load_settings(**given)
