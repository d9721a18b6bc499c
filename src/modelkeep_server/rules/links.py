"""
Download links: how long one lives and what it demands, by the version's state.

A link is an opaque 256-bit handle, stored hashed. It opens one file by itself, so that `curl` on a training host works;
where the version is guarded it also takes the minter's own session or token, and a purpose.
"""

from dataclasses import dataclass

from modelkeep_server.rules.lifecycle import GUARDED, State

LIFETIME_SECONDS = 15 * 60
GUARDED_LIFETIME_SECONDS = 5 * 60


@dataclass(frozen=True)
class LinkTerms:
    """
    What a link to a version in some state demands. `alone`: the handle opens the file without further credentials.
    """

    ttl_seconds: int
    alone: bool
    needs_purpose: bool


def terms_for(state: State) -> LinkTerms:
    """The terms of a link minted, or used, while the version is in `state`."""
    if state in GUARDED:
        return LinkTerms(GUARDED_LIFETIME_SECONDS, alone=False, needs_purpose=True)
    return LinkTerms(LIFETIME_SECONDS, alone=True, needs_purpose=False)
