"""Whether somebody may download from a version, and on which terms: the rows of rules/links.py, asked."""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.version_access import relations_to
from modelkeep_server.features.models.views import Model, ModelStatus
from modelkeep_server.features.versions.views import Version
from modelkeep_server.kit import clock
from modelkeep_server.rules import links
from modelkeep_server.rules.errors import NotPermitted, StateForbids
from modelkeep_server.rules.links import LinkTerms
from modelkeep_server.rules.permissions import Relation


@dataclass(frozen=True)
class DownloadTerms:
    """
    What a download from a version takes of one person now. `refusal` says what they lack, or what stands against it;
    None: they may. `asks_access`: asking the owners to be let in would help. `role` is the one that allows it.
    """

    terms: LinkTerms
    refusal: str | None = None
    asks_access: bool = False
    role: str | None = None


def judge(work: Work, actor: Actor, model: Model, version: Version) -> DownloadTerms:
    """Whether this person may download from a version, and on which terms. One statement at most."""
    return _judge(actor, model, version, relations_to(work, actor, model, version.key, version.state))


def require(work: Work, actor: Actor, model: Model, version: Version) -> LinkTerms:
    """
    Go on only where this person may download from a version now; note the role that allowed it, for the event.

    Raises:
        NotPermitted: Says what is missing, and leads to asking the owners for access where that would help.
        StateForbids: The version is on hold.
    """
    relations = relations_to(work, actor, model, version.key, version.state)
    judged = _judge(actor, model, version, relations)
    if judged.asks_access and judged.refusal is not None:
        form = f"/access-requests/new?{urlencode({'model': model.address, 'version': version.version})}"
        asked = access.say_whom_to_ask(work, "artifact.link", relations, owners=model.owners)
        raise NotPermitted(
            judged.refusal,
            remedy=f"{asked} To be let in for a time, ask for access at {work.parts.public_url}{form} or by "
            "POST /api/v1/access-requests.",
            way=("Ask for access", form),
        )
    access.require(work, actor, "artifact.link", relations, owners=model.owners)
    if judged.refusal is not None:
        demand_not_held(version)
        raise NotPermitted(judged.refusal)
    work.granted["artifact.link"] = judged.role
    return judged.terms


def demand_not_held(version: Version) -> None:
    """Raises StateForbids where a version is on hold: nothing of it goes out before that is lifted."""
    held = say_held(version)
    if held is not None:
        raise StateForbids(held, remedy="Ask an MRC or a Security Architect to lift the hold.", rule="hold")


def say_held(version: Version) -> str | None:
    """Who put a version on hold, when and why, as a sentence; None where nobody did."""
    if version.hold is None:
        return None
    by, at, reason = version.hold.by, version.hold.at, version.hold.reason
    return f"{version.address} is on hold: {by} set it on {clock.say_moment(at)}, saying “{reason}”."


def _judge(actor: Actor, model: Model, version: Version, relations: Collection[Relation]) -> DownloadTerms:
    right = links.find_right(version.state, actor.roles, relations)
    if right is None:
        missing = access.why_not(actor, "artifact.link", relations)
        missing = missing or links.what_is_missing(version.state, version.address)
        asks = actor.is_known and model.status is ModelStatus.ACTIVE
        return DownloadTerms(links.terms_for(version.state), missing, asks_access=asks)
    terms = links.terms_for(version.state, right.asks_in(version.state))
    refusal = access.why_not(actor, "artifact.link", relations) or say_held(version)
    return DownloadTerms(terms, refusal, role=right.grant.role)
