"""
Who may download what: one row for each way to hold the right, with what it takes before a version is in production and
from then on. Judging, the help, the reference and the reason on a page are all drawn from `DOWNLOADS`.

A link is an opaque 256-bit handle, stored hashed. It opens what it was made for by itself, so that `curl` on a training
host works; where the version is guarded it also takes the minter's own session or token. Source: product R6.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from modelkeep_server.rules import wording
from modelkeep_server.rules.lifecycle import GUARDED, STATES, State
from modelkeep_server.rules.permission_words import join, words_of
from modelkeep_server.rules.permissions import Grant, Relation, Role

LIFETIME_SECONDS = 15 * 60
GUARDED_LIFETIME_SECONDS = 5 * 60


class Asks(StrEnum):
    """What somebody is asked before they get a link: nothing, what for, or which investigation it belongs to."""

    NOTHING = "NOTHING"
    PURPOSE = "PURPOSE"
    INVESTIGATION = "INVESTIGATION"


#: The words at a field that asks, and what is wrong where it stays empty.
ASKED: dict[Asks, tuple[str, str]] = {
    Asks.PURPOSE: ("Purpose", "Say what the download is for. It stands in the audit log."),
    Asks.INVESTIGATION: ("Investigation", "Name the investigation it belongs to. It stands in the audit log."),
}


@dataclass(frozen=True)
class LinkTerms:
    """
    What a link demands. `alone`: the handle opens what it is for without further credentials.
    """

    ttl_seconds: int
    alone: bool
    asks: Asks

    @property
    def needs_purpose(self) -> bool:
        """Whether a purpose, or an investigation, has to be named."""
        return self.asks is not Asks.NOTHING

    @property
    def asked(self) -> str:
        """What the field is called in which it is named."""
        return ASKED.get(self.asks, ASKED[Asks.PURPOSE])[0]


@dataclass(frozen=True)
class DownloadRight:
    """One way to hold the right: what it is asked before production, and from then on; None: it gives no right."""

    grant: Grant
    before: Asks | None
    guarded: Asks | None

    def asks_in(self, state: State) -> Asks | None:
        """What is asked while the version is in `state`; None where this gives no right to it."""
        return self.guarded if state in GUARDED else self.before


#: The row that comes first counts: who may without naming an investigation does not name one.
DOWNLOADS: tuple[DownloadRight, ...] = (
    DownloadRight(Grant(relation=Relation.OWNER), Asks.NOTHING, Asks.PURPOSE),
    DownloadRight(Grant(relation=Relation.GRANTED), Asks.NOTHING, Asks.PURPOSE),
    DownloadRight(Grant(relation=Relation.WRITE), Asks.NOTHING, None),
    DownloadRight(Grant(relation=Relation.READ), Asks.NOTHING, None),
    DownloadRight(Grant(role=Role.SRE), Asks.NOTHING, Asks.PURPOSE),
    DownloadRight(Grant(role=Role.ADMIN), Asks.NOTHING, Asks.PURPOSE),
    DownloadRight(Grant(role=Role.MRC), Asks.NOTHING, Asks.INVESTIGATION),
    DownloadRight(Grant(role=Role.SECURITY_ARCHITECT), Asks.NOTHING, Asks.INVESTIGATION),
)


def find_right(state: State, roles: Collection[Role], relations: Collection[Relation]) -> DownloadRight | None:
    """The row by which these roles and relations may download from a version in `state`, or None."""
    for row in DOWNLOADS:
        holds = row.grant.role in roles or row.grant.relation in relations
        if holds and row.asks_in(state) is not None:
            return row
    return None


def terms_for(state: State, asks: Asks | None = None) -> LinkTerms:
    """The terms of a link minted, or used, while the version is in `state`, for whoever is asked this."""
    if state in GUARDED:
        return LinkTerms(GUARDED_LIFETIME_SECONDS, alone=False, asks=asks or Asks.PURPOSE)
    return LinkTerms(LIFETIME_SECONDS, alone=True, asks=asks or Asks.NOTHING)


def say_missing(terms: LinkTerms) -> str:
    """What is wrong where the purpose, or the investigation, is asked and was left empty."""
    return ASKED.get(terms.asks, ASKED[Asks.PURPOSE])[1]


def what_is_missing(state: State, address: str) -> str:
    """Why somebody without a row may not download from a version in `state`, and who may."""
    free = [row.grant for row in DOWNLOADS if row.asks_in(state) not in (None, Asks.INVESTIGATION)]
    stands = [words_of(grant) for grant in free if grant.relation is not None]
    roles = [words_of(grant) for grant in free if grant.role is not None]
    named = [words_of(row.grant) for row in DOWNLOADS if row.asks_in(state) is Asks.INVESTIGATION]
    who = f"whoever is {join(stands)}, or has the role {join(roles)}"
    told = f"{address} {wording.say_stands(state)}: it can be downloaded by {who}"
    return f"{told}; by {join(named)} for an investigation that they name." if named else f"{told}."


def say_terms(state: State, asks: Asks | None) -> str:
    """A cell of the table as people read it."""
    if asks is None:
        return "no"
    terms = terms_for(state, asks)
    way = "opens by itself" if terms.alone else "opens with the own session or token"
    names = {Asks.PURPOSE: ", names a purpose", Asks.INVESTIGATION: ", names the investigation"}.get(asks, "")
    return f"{terms.ttl_seconds // 60} minutes, {way}{names}"


def list_rows() -> tuple[tuple[str, str, str], ...]:
    """The table as people read it: who, up to the last state before production, and from there on."""
    return tuple(
        (
            words_of(row.grant)[:1].upper() + words_of(row.grant)[1:],
            say_terms(State.DRAFT, row.before),
            say_terms(State.PRODUCTION, row.guarded),
        )
        for row in DOWNLOADS
    )


#: The heads of that table.
HEADS = ("Who", "Before production", ", ".join(STATES[state].label for state in STATES if state in GUARDED))
