"""
What people are told, in the app and by mail: one row a kind of notice, from which pages, letters and settings come.

Nobody is told what they did themselves, nor anything of a model that they do not see. Mail can always be silenced; what
waits for somebody's own decision cannot be kept out of the app.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from modelkeep_server.rules import wording

#: Settings under this name are of all kinds at once: `by_mail` off silences all mail.
EVERY_KIND = "*"
#: The letter of most kinds; the others have one of their own.
NOTICE = "notice"
#: Unread notices are counted as far as this; the bell shows "99+" from there.
UNREAD_COUNTED = 100
#: So much of what somebody wrote is quoted in a notice; the page that it leads to has all of it.
QUOTED_CHARS = 300
#: So many are marked as read in one go.
READ_AT_ONCE = 10_000
#: So often within that time a request is taken back before the same has to wait: each of them tells people.
TAKEN_BACK_MAX = 5
TAKEN_BACK_WITHIN = timedelta(hours=24)
#: A person is written to once in this time of a folded kind about the same. The notices in the app stand side by side.
MAIL_APART = timedelta(hours=1)
#: The facts that say what a notice is about.
_ABOUT = ("version", "model", "target", "status", "policy", "by", "subject")
#: Read notices are kept for so many days.
KEPT_DAYS = 90


class Group(StrEnum):
    """Who is told, by what they are to the version, model or request that it is about."""

    OWNERS = "owners"
    REVIEWERS = "reviewers"
    ROUND = "round"
    SRES = "sres"
    MRCS = "mrcs"
    ADMINS = "admins"
    NAMED = "named"


GROUP_WORDS: Mapping[Group, str] = {
    Group.OWNERS: "owners of the model",
    Group.REVIEWERS: "MRC and Security Architects who may decide on it",
    Group.ROUND: "whoever took part in its reviews",
    Group.SRES: "SREs",
    Group.MRCS: "MRC",
    Group.ADMINS: "Admins",
    Group.NAMED: "whoever it concerns",
}


@dataclass(frozen=True)
class Kind:
    """
    A kind of notice. `label` says what happened, `says` is its sentence over the facts that it is told with.

    `in_app` and `by_mail` hold for whoever chose nothing. `waits` is true for what waits for the person's own decision:
    it stays in the app. `folded`: whoever asks or talks can bring it about again and again, so that a person is written
    to once in an hour about the same. `personal`: of somebody's own things, so that no webhook is told. `letter` is the
    row of features/notify/letters.py that writes the mail about it.
    """

    id: str
    label: str
    groups: tuple[Group, ...]
    says: str
    in_app: bool = True
    by_mail: bool = True
    waits: bool = False
    folded: bool = False
    personal: bool = False
    letter: str = NOTICE

    @property
    def who(self) -> str:
        """Who is told, in words."""
        words = [GROUP_WORDS[group] for group in self.groups]
        text = " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
        return text[0].upper() + text[1:]


KINDS: Mapping[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind(
            "review.asked",
            "A review is asked for",
            (Group.REVIEWERS,),
            "{by} asks for {what} of {version}, for {target}",
            waits=True,
            folded=True,
        ),
        Kind(
            "review.approval",
            "One approval was given",
            (Group.OWNERS,),
            "{by} approved {version} for {target} as {role}; more is needed",
            by_mail=False,
        ),
        Kind(
            "review.approved",
            "A version was approved",
            (Group.OWNERS, Group.ROUND, Group.SRES),
            "{version} is approved for {target}",
        ),
        Kind(
            "review.changes",
            "Changes were requested",
            (Group.OWNERS, Group.ROUND),
            "{by} requests changes to {version}",
        ),
        Kind(
            "review.withdrawn",
            "A request was withdrawn",
            (Group.REVIEWERS, Group.OWNERS),
            "{by} withdrew the request to promote {version} to {target}",
            by_mail=False,
            folded=True,
        ),
        Kind(
            "review.overdue",
            "A review is overdue",
            (Group.REVIEWERS, Group.ADMINS),
            "The review of {version} for {target} was due on {due}",
            waits=True,
        ),
        Kind(
            "review.due",
            "A version in production is due to be looked at again",
            (Group.OWNERS, Group.MRCS),
            "{version} is to be looked at again until {due}",
            waits=True,
        ),
        Kind(
            "version.moved",
            "A version was deployed, deprecated or retired",
            (Group.OWNERS, Group.ROUND),
            "{by} moved {version} to {state}",
        ),
        Kind(
            "deployment.recorded",
            "What is live was changed",
            (Group.OWNERS, Group.SRES),
            "{by} recorded what is live of {model} in {environment}: {live}",
            by_mail=False,
        ),
        Kind(
            "deployment.rolled_back",
            "A deployment was rolled back",
            (Group.OWNERS, Group.SRES),
            "{by} rolled {model} back in {environment}",
        ),
        Kind("version.closed", "A version was closed, or opened again", (Group.OWNERS, Group.ROUND, Group.REVIEWERS),
             "{by} {status} {version}", by_mail=False, folded=True),
        Kind("hold.set", "A version was put on hold", (Group.OWNERS, Group.ROUND, Group.SRES),
             "{by} put {version} on hold"),
        Kind("hold.lifted", "A hold was lifted", (Group.OWNERS, Group.ROUND, Group.SRES),
             "{by} lifted the hold of {version}", by_mail=False),
        Kind("finding.raised", "A finding was raised", (Group.OWNERS, Group.NAMED),
             "{by} raised a finding on {version}"),
        Kind("finding.settled", "A finding was settled", (Group.OWNERS, Group.NAMED),
             "{by} settled a finding on {version} as {status}", by_mail=False),
        Kind("card.published", "A model card was published", (Group.OWNERS, Group.ROUND),
             "{by} published revision {revision} of the model card of {version}", by_mail=False),
        Kind("comment.added", "Somebody commented", (Group.OWNERS, Group.ROUND, Group.NAMED),
             "{by} commented on {version}", by_mail=False, folded=True),
        Kind("lineage.change", "Something changes that a version comes from", (Group.OWNERS,),
             "{by} tells of a change of {node}, which reaches {reached}", letter="lineage_change"),
        Kind(
            "exception.asked",
            "An exception is asked for",
            (Group.REVIEWERS,),
            "{by} asks that “{policy}” be lifted for {version}",
            waits=True,
            folded=True,
        ),
        Kind("exception.part", "An exception was granted in part",
             (Group.REVIEWERS, Group.OWNERS, Group.NAMED),
             "{by} granted the exception from “{policy}” for {version} as {role}; {left} is still needed"),
        Kind("exception.decided", "An exception was decided", (Group.OWNERS, Group.NAMED),
             "The exception from “{policy}” for {version} was {status}"),
        Kind("exception.ending", "An exception ends soon", (Group.OWNERS,),
             "The exception from “{policy}” for {version} ends on {until}", letter="exception_ending"),
        Kind("access.asked", "Access is asked for", (Group.OWNERS,),
             "{by} asks for access to {model}", waits=True, folded=True, letter="access_asked"),
        Kind("access.granted", "You were let into a model", (Group.NAMED,),
             "{by} let you into {model}, with {access}"),
        Kind("access.decided", "A request for access was decided", (Group.NAMED,),
             "Your request for access to {model} was {status}", letter="access_decided"),
        Kind("search.match", "A new model matches a saved search", (Group.NAMED,),
             "New match for “{search}”: {found}", by_mail=False, folded=True, personal=True),
        Kind("search.taken_down", "A search that you share was taken down", (Group.NAMED,),
             "{by} took down “{search}”, which you shared", personal=True),
        Kind("search.allowed", "A search of yours may be shared again", (Group.NAMED,),
             "{by} allows you to share “{search}” again", personal=True),
    )
}  # fmt: skip

_MOMENTS = ("due", "until")
#: Facts that are told as codes, since webhooks send them so.
_CODES = ("status", "target", "state")


def say(kind: str, facts: Mapping[str, Any]) -> str:
    """The sentence of a notice, without its full stop. Raises KeyError: no such kind, or a fact it needs is missing."""
    told = {name: _say_fact(name, value) for name, value in facts.items()}
    return KINDS[kind].says.format_map(told)


def say_subject(kind: str, facts: Mapping[str, Any], now: datetime) -> str:
    """Names what a notice is about, in this hour: of those with one name, one is written to a person."""
    hour = now.timestamp() // MAIL_APART.total_seconds()
    named = [str(facts[name]) for name in _ABOUT if facts.get(name) is not None]
    return hashlib.sha256("\n".join([kind, str(hour), *named]).encode()).hexdigest()[:32]


def find_fault(kind: str, *, in_app: bool) -> str | None:
    """Why a person cannot have a kind this way, as a sentence, or None where they can."""
    if kind not in KINDS:
        return f"There is no such kind of notice. Kinds: {', '.join(KINDS)}."
    if not in_app and KINDS[kind].waits:
        return f"{KINDS[kind].label}: that waits for your decision, so it stays in the app. Its mail can be turned off."
    return None


def _say_fact(name: str, value: Any) -> str:
    if name in _MOMENTS and value:
        at = datetime.fromisoformat(str(value))
        return f"{at.day} {at:%B %Y}"
    return wording.say_code(str(value)).lower() if name in _CODES else str(value)
