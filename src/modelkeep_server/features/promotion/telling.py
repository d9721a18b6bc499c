"""Telling people of what was done with a version: where each kind of notice leads, and what it quotes."""

from collections.abc import Sequence

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.models.audiences import About, tell_about
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.versions.views import Version
from modelkeep_server.rules.notices import QUOTED_CHARS


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
    href = f"/models/{model.address}/versions/{version.version}{place}"
    tell_about(work, actor, kind, told, About.of(model, version.key, named=named), href=href)
