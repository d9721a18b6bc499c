"""A card as one HTML file: no script, no request to anywhere, readable from a disk and on paper."""

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from modelkeep_server.features.cards.views import Card, CardStatus
from modelkeep_server.interfaces.cards import words
from modelkeep_server.interfaces.templating import make_environment
from modelkeep_server.rules.approvals import TIERS, RiskTier
from modelkeep_server.rules.lifecycle import STATES, State

TEMPLATES = Path(__file__).parent / "templates"


def render_html(card: Card, *, base_url: str) -> str:
    """
    The file of a card. The same card gives the same file.

    Args:
        base_url: The registry's public address without a slash at the end; sources and the card's own page are linked.
    """
    return (
        _environment()
        .get_template("cards/file.html")
        .render(
            card=card,
            base_url=base_url.rstrip("/"),
            is_published=card.status is CardStatus.PUBLISHED,
            state=STATES[State(card.state)],
            tier=TIERS[RiskTier(card.risk_tier)],
        )
    )


@cache
def _environment() -> jinja2.Environment:
    env = make_environment(TEMPLATES)
    # It is inlined, and ends before it could end the element that holds it.
    style = (TEMPLATES / "cards" / "file.css").read_text("utf-8")
    env.globals |= {**words.WORDS, "STYLE": Markup(style)}  # noqa: S704 - a file of the package
    env.filters |= {"moment": words.say_moment, "day": words.say_day}
    return env
