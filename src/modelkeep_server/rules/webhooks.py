"""What a webhook may be, what of an act it is told, and when it is given up."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from modelkeep_server.rules import texts
from modelkeep_server.rules.naming import find_name_fault
from modelkeep_server.rules.notices import KINDS, Kind

#: What a webhook may be told of, and the types of its messages.
TYPES: Mapping[str, Kind] = {name: kind for name, kind in KINDS.items() if not kind.personal}
NAME_CHARS = 100
URL_CHARS = 2000
WEBHOOKS_MAX = 50
GROUPS_MAX = 100
#: The type of what is sent to try a webhook out.
TEST = "webhook.test"
#: So many deliveries of each are kept, the newest.
KEPT_DELIVERIES = 100
#: Tries of one delivery, the waits between them growing to a day in all.
TRIES = 8
FIRST_WAIT_SECONDS = 80.0
LONGEST_WAIT_SECONDS = 17 * 3600.0
#: One of which nothing arrived for so long is turned off.
FAILING_FOR = timedelta(days=5)
#: For so long what is sent is signed with the former secret too.
BOTH_SECRETS_FOR = timedelta(hours=24)
#: What a receiver answers that wants no more.
GONE = 410
#: What of an act is told. Words that people typed are not among it: they are read here, by who may.
_TOLD = (
    "by", "target", "role", "state", "status", "environment", "deployment", "live", "policy", "due", "until",
    "revision",
)  # fmt: skip


class DeliveryStatus(StrEnum):
    """How a delivery stands. DROPPED: by the time it could be sent, the webhook was not to be told of it any more."""

    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    DROPPED = "DROPPED"


class OffReason(StrEnum):
    """Why the registry itself turned a webhook off."""

    FAILING = "FAILING"
    GONE = "GONE"


OFF_WORDS: Mapping[OffReason, str] = {
    OffReason.FAILING: f"Nothing arrived there for {FAILING_FOR.days} days, so it was turned off.",
    OffReason.GONE: f"The receiver answered {GONE}, which says that it wants no more, so it was turned off.",
}


def find_name_fault_of(name: str) -> str | None:
    """What is wrong with the name of a webhook, as a sentence, or None."""
    return texts.find_text_fault(name, max_chars=NAME_CHARS, required=True)


def find_url_fault(url: str) -> str | None:
    """
    What is wrong with the address of a webhook as it is written, as a sentence, or None. Where it leads is not asked.
    """
    fault = texts.find_text_fault(url, max_chars=URL_CHARS, required=True)
    if fault:
        return fault
    if not url.isascii() or " " in url or "\\" in url:
        return "Write it in ASCII without blanks and backslashes: %20 for a blank, xn-- for a host in other letters."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "This is not an address. Write https://..."
    if parts.scheme not in ("https", "http") or not host:
        return "Begin with https:// and name a host."
    if "@" in parts.netloc:
        return "It may not carry a user name or a password: what is sent is signed, and the receiver checks that."
    if parts.fragment or "#" in url:
        return "Leave away the # and what follows it: that is never sent."
    if port == 0:
        return "There is no port 0."
    return None


def find_kinds_fault(kinds: Collection[str]) -> str | None:
    """What is wrong with the kinds of notices that a webhook is told of, as a sentence, or None."""
    unknown = sorted(set(kinds) - set(TYPES))
    if unknown:
        return f"There is no kind {unknown[0][:80]!r}. Kinds: {', '.join(TYPES)}."
    return None if kinds else "Choose at least one kind."


def find_groups_fault(groups: Collection[str]) -> str | None:
    """What is wrong with the groups of models that a webhook is told of, as a sentence, or None."""
    if len(groups) > GROUPS_MAX:
        return f"At most {GROUPS_MAX} groups; these are {len(groups):,}."
    faults = ((group, find_name_fault(group)) for group in groups)
    return next((f"{group[:80]!r}: {fault}" for group, fault in faults if fault), None)


def takes(groups: Collection[str], *, group: str | None, is_restricted: bool) -> bool:
    """Whether a webhook of these groups, in any case, is told of a model of this one; None: of no model."""
    if not groups:
        return not is_restricted
    return group is not None and group.lower() in {one.lower() for one in groups}


def why_not_told(
    kind: str, *, kinds: Collection[str], groups: Collection[str], group: str | None, is_restricted: bool
) -> str | None:
    """
    Why a webhook is not told of something any more that it was to be told of, as a sentence; None where it still is.

    Args:
        kind: The type of the message; `TEST` is for every webhook.
        group: As `takes` has it.
    """
    if kind == TEST:
        return None
    if kind not in kinds:
        return "The webhook is not told of this kind any more."
    if takes(groups, group=group, is_restricted=is_restricted):
        return None
    if groups:
        return "The webhook is not told of the model's group any more."
    return "The model became restricted, and the webhook does not name its group."


def choose_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What of the facts of a notice leaves the registry."""
    return {name: facts[name] for name in _TOLD if facts.get(name) is not None}
