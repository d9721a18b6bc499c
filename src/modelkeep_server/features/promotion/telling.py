"""Telling people of what was done with a version: where each kind of notice leads, and what it quotes."""

from collections.abc import Sequence

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.notify.settling import settle, settle_done
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.notices import QUOTED_CHARS
from modelkeep_server.rules.permissions import Role

#: The page of a version's review, below its own.
REVIEW = "/review"
_ASKING = ("review.asked", "review.overdue")


def tell_of(
    work: Work,
    actor: Actor,
    kind: str,
    model: Model,
    version: Version,
    *,
    text: str | None = None,
    place: str = "",
    named: Sequence[str] = (),
    **facts: str,
) -> None:
    """
    Tell of an act on a version; as many statements as features/notify/telling.py: `tell`.

    Args:
        text: What was said with it, quoted as far as a notice goes.
        place: What follows the version's address, as `/review`.
        named: E-mails of whom it concerns.
        facts: What the sentence of the kind needs beside `version` and `by`.
    """
    told = {"version": version.address, "text": (text or "")[:QUOTED_CHARS] or None, **facts}
    about = About.of(model, version.key, named=named)
    tell_about(work, actor, kind, told, about, href=_href(model, version, place))


def settle_review(work: Work, actor: Actor, model: Model, version: Version, still: Sequence[Role] = ()) -> None:
    """
    Settle what asks for a review of a version: for everybody, or, where approvals in the roles `still` are waited for,
    for whoever decided just now and those who hold none of these. Admins, who are told of delays, wait until it is
    over. One statement.
    """
    href = _href(model, version, REVIEW)
    if not still:
        settle(work, _ASKING, model_key=model.key, href=href)
        return
    settle_done(work, _ASKING, model_key=model.key, href=href, by=actor.user_id, still=(*still, Role.ADMIN))


def settle_next_review(work: Work, model: Model, version: Version) -> None:
    """Settle what asks that a version in production be looked at again. One statement."""
    settle(work, ("review.due",), model_key=model.key, href=_href(model, version, ""))


def _href(model: Model, version: Version, place: str) -> str:
    return f"/models/{model.address}/versions/{version.version}{place}"
