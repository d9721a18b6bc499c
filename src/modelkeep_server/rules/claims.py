"""
What an issuer says of a person, and the roles that follow from it: by equal strings alone.

A claim counts where it is a string, or an array of nothing but strings. Anything else, and whatever is missing, gives
no role: an issuer that says something odd says nothing. Admin never follows from a claim unless an operator allows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelkeep_server.rules.permissions import Role

VALUES_MAX = 5_000


@dataclass(frozen=True)
class ClaimRules:
    """
    How one issuer's claims become roles.

    `claim` is a path: steps apart by dots, as in `realm_access.roles`; one that begins with https:// or http:// is a
    single name. `roles` maps a value of the claim to the roles it gives.
    """

    claim: str = "groups"
    roles: Mapping[str, tuple[Role, ...]] = field(default_factory=dict)
    admin_allowed: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """The names on the way to the claim."""
        return (self.claim,) if self.claim.startswith(("https://", "http://")) else tuple(self.claim.split("."))


def values_of(claims: Mapping[str, Any], rules: ClaimRules) -> frozenset[str]:
    """What the claim holds, as strings; empty where it is missing or anything but strings."""
    found: Any = claims
    for step in rules.steps:
        found = found.get(step) if isinstance(found, Mapping) else None
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or len(listed) > VALUES_MAX or not all(isinstance(value, str) for value in listed):
        return frozenset()
    return frozenset(listed)


def roles_of(claims: Mapping[str, Any], rules: ClaimRules) -> dict[Role, str]:
    """The roles that these claims give now, each with the value that gives it: the first one in the rules."""
    held = values_of(claims, rules)
    given: dict[Role, str] = {}
    for value, roles in rules.roles.items():
        for role in roles if value in held else ():
            if role is not Role.ADMIN or rules.admin_allowed:
                given.setdefault(role, value)
    return given
