"""Claims become roles by equal strings, and by nothing else."""

from typing import Any

import pytest

from modelkeep_server.rules.claims import ClaimRules, roles_of
from modelkeep_server.rules.permissions import Role

OWNERS = {"ml-owners": (Role.MODEL_OWNER,)}
NESTED = ClaimRules("realm_access.roles", OWNERS)
FLAT = ClaimRules("groups", OWNERS)


@pytest.mark.parametrize(
    ("rules", "claims"),
    [
        (FLAT, {"groups": ["other", "ml-owners"]}),
        (FLAT, {"groups": "ml-owners"}),
        (NESTED, {"realm_access": {"roles": ["ml-owners"]}}),
        (ClaimRules("https://company.com/roles", OWNERS), {"https://company.com/roles": ["ml-owners"]}),
    ],
)
def test_an_equal_string_gives_the_role(rules: ClaimRules, claims: dict[str, Any]) -> None:
    """In a string or an array of strings, at the place that the rules name; told with the value that gave it."""
    assert roles_of(claims, rules) == {Role.MODEL_OWNER: "ml-owners"}


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"groups": None},
        {"groups": []},
        {"groups": "ML-Owners"},
        {"groups": "ml-owners "},
        {"groups": "x,ml-owners"},
        {"groups": "other ml-owners"},
        {"groups": ["ml-owners-of-another"]},
        {"groups": ["ml-owner"]},
        {"groups": [["ml-owners"]]},
        {"groups": ["ml-owners", 1]},
        {"groups": ["ml-owners", None]},
        {"groups": [{"name": "ml-owners"}]},
        {"groups": {"ml-owners": True}},
        {"groups": '["ml-owners"]'},
        {"groups": 1},
        {"groups": True},
        {"groups": ["ml\u2010owners"]},
        {"Groups": ["ml-owners"]},
        {"claims": {"groups": ["ml-owners"]}},
        {"groups": ["ml-owners"] * 6000},
    ],
)
def test_anything_else_gives_none(claims: dict[str, Any]) -> None:
    """Other cases, parts, nestings, numbers and texts that look like lists."""
    assert roles_of(claims, FLAT) == {}


@pytest.mark.parametrize(
    "claims",
    [
        {"realm_access.roles": ["ml-owners"]},
        {"realm_access": [{"roles": ["ml-owners"]}]},
        {"realm_access": {"roles": {"roles": ["ml-owners"]}}},
        {"roles": ["ml-owners"]},
    ],
)
def test_a_path_is_walked_step_by_step(claims: dict[str, Any]) -> None:
    """A flat name with dots, a list on the way, or the last name alone is not that place."""
    assert roles_of(claims, NESTED) == {}


def test_admin_never_comes_from_a_claim_unless_it_is_enabled() -> None:
    """The other roles of the same value do."""
    both = {"root": (Role.ADMIN, Role.SRE)}

    assert roles_of({"groups": ["root"]}, ClaimRules("groups", both)) == {Role.SRE: "root"}
    assert set(roles_of({"groups": ["root"]}, ClaimRules("groups", both, admin_allowed=True))) == {Role.ADMIN, Role.SRE}
