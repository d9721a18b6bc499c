"""
Turning a handler's result into HTML: the Jinja environment, its filters, and the shell around every page.

A handler gives back `Page.of(SomeContext(...))`; the doorway calls `render(page, shell)` with the shell of the request.
Templates see the context's fields and properties under their own names, and the shell as `page`.
"""

import secrets
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from modelkeep_server.features.identity import access
from modelkeep_server.features.identity.views import NOBODY, Actor
from modelkeep_server.features.models.views import Model
from modelkeep_server.features.search.language.scanning import REMARK
from modelkeep_server.features.status.views import COMPONENTS, IMPACTS, Incident
from modelkeep_server.interfaces import directory
from modelkeep_server.interfaces.assets import asset
from modelkeep_server.interfaces.cards import words as card_values
from modelkeep_server.interfaces.cards.html import TEMPLATES as CARD_TEMPLATES
from modelkeep_server.interfaces.lineage.files import TEMPLATES as LINEAGE_TEMPLATES
from modelkeep_server.interfaces.lineage.files import draw_symbols
from modelkeep_server.interfaces.lineage.words import FLAG_MARKS, draw_lineage
from modelkeep_server.interfaces.marks import format_size, icon_of
from modelkeep_server.interfaces.templating import make_environment
from modelkeep_server.interfaces.web import card_words, compare_words, drawing, file_words
from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.interfaces.web.folding import models_where
from modelkeep_server.rules import fields as metadata_fields
from modelkeep_server.rules import metrics, naming, wording
from modelkeep_server.rules.approvals import TIERS, RiskTier
from modelkeep_server.rules.events import ACTIONS, Outcome
from modelkeep_server.rules.lifecycle import FLAGS, LINE, STATES, State
from modelkeep_server.rules.notices import UNREAD_COUNTED
from modelkeep_server.rules.permission_words import join, whom_to_ask
from modelkeep_server.rules.permissions import FRESH_FOR_RIGHTS, PERMISSIONS, ROLES, Relation

HERE = Path(__file__).parent
THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True)
class Page:
    """
    What a handler answers.

    `headers` are added to the answer; the doorway sets the security headers itself.
    """

    template: str
    context: Context
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Context, status: int = 200, headers: Mapping[str, str] | None = None) -> "Page":
        """The page that this context is for."""
        return cls(context.template, context, status, headers or {})


@dataclass(frozen=True)
class NavItem:
    """One entry of the top bar. `refusal` says why it is greyed for this person, None where it opens."""

    label: str
    href: str
    current: bool
    refusal: str | None


@dataclass(frozen=True)
class PageShell:
    """
    What every page shares: who looks, at which address, under which theme.

    `base_url` is the registry's public address without a slash at the end, for the commands that pages show. `csrf` is
    the token bound to the session (or, signed out, to the browser). `theme` is that of the cookie, see `theme_of`.
    `incidents` are those that are open. `lacks_copy_of_keys`: nobody confirmed that a copy of the present keys is kept.
    `section` is that of the page's context; `owners` are those of the model that it is about, and `admins` those of the
    registry, so that a refusal names whom to ask; `added_approvals` what Admins added, in words by risk tier.
    """

    csrf: str
    path: str
    request_id: str
    base_url: str
    actor: Actor = NOBODY
    notice: str | None = None
    notice_link: tuple[str, str] | None = None
    theme: str = "system"
    incidents: tuple[Incident, ...] = ()
    lacks_copy_of_keys: bool = False
    section: str = ""
    owners: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    added_approvals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def asks_for_copy(self) -> bool:
        """Whether this person is to be told that nobody keeps a copy of the keys: those who could see to it are."""
        return self.lacks_copy_of_keys and access.may_by_standing(self.actor, "key.read")

    @property
    def nav(self) -> tuple[NavItem, ...]:
        """The entries of the top bar; what the person may not open is greyed and says why. People is for overseers."""
        entries = [
            ("Models", "/models", "/models", "model.read"),
            ("Reviews", "/reviews", "/reviews", "review.read"),
            ("Deployments", "/deployments", "/deployments", "deployment.read"),
            ("Policies", "/policies", "/policies", "policy.read"),
            ("Lineage", "/lineage", "/lineage", "model.read"),
            ("Audit", "/audit", "/audit", "audit.read"),
        ]
        # Who administers is no choice for most people, so that greying it would only be in their way.
        if access.may(self.actor, "user.read"):
            entries.append(("People", "/admin/people", "/admin", "user.read"))
        elif access.may(self.actor, "job.read"):
            entries.append(("Jobs", "/admin/jobs", "/admin", "job.read"))
        return tuple(
            NavItem(label, href, self._is_within(base), self.why_not(act)) for label, href, base, act in entries
        )

    @property
    def unread_words(self) -> str:
        """How many notices this person has not read, as the bell says it; empty for none."""
        return "" if not self.actor.unread else "99+" if self.actor.unread >= UNREAD_COUNTED else str(self.actor.unread)

    def _is_within(self, base: str) -> bool:
        at = self.section or self.path
        return at == base or at.startswith(f"{base}/")

    def why_not(self, act: str, relations: Collection[Relation] = ()) -> str | None:
        """What this person lacks for an act and whom to ask, or None where nothing is lacking."""
        reason = access.why_not(self.actor, act, relations)
        return f"{reason} {whom_to_ask(act, relations, owners=self.owners, admins=self.admins)}" if reason else None

    def approvals_of(self, tier: RiskTier) -> str:
        """Whose approvals a promotion of a tier takes, with what Admins added to the floor."""
        added = self.added_approvals.get(tier, ())
        return TIERS[tier].approvals + (f"; your Admins added {join(added, 'and')}" if added else "")

    @property
    def is_stale(self) -> bool:
        """Whether this person showed too long ago who they are, for what touches rights."""
        return not access.is_fresh(self.actor, FRESH_FOR_RIGHTS)

    def asks_again(self, act: str) -> bool:
        """Whether this person may do an act, and has to confirm first that it is them."""
        minutes = PERMISSIONS[act].fresh_minutes
        return minutes is not None and access.may(self.actor, act) and not access.is_fresh(self.actor, minutes)

    @property
    def theme_name(self) -> str | None:
        """The theme to write into the page, None where the system decides."""
        return None if self.theme == "system" else f"keep-{self.theme}"


def theme_of(cookie: str | None) -> str:
    """The theme a cookie asks for; anything unknown is `system`."""
    return cookie if cookie in THEMES else "system"


def render(page: Page, shell: PageShell) -> str:
    """
    The page as HTML.

    Raises:
        AssetsNotBuilt: static/dist is missing; the message says how to build it.
        jinja2.UndefinedError: The template names something that its context lacks, which is a fault of the program.
    """
    model = getattr(page.context, "model", None)
    owners = model.owners if isinstance(model, Model) else ()
    variables = {**_open_up(page.context), "page": replace(shell, section=page.context.section, owners=owners)}
    return environment().get_template(page.template).render(variables)


_FILTERS: Mapping[str, Any] = {
    "ago": drawing.draw_ago,
    "day": drawing.draw_day,
    "moment": drawing.draw_moment,
    "minute": drawing.draw_minute,
    "clock": drawing.draw_clock,
    "clock_short": drawing.draw_clock_short,
    "size": drawing.draw_size,
    "span": drawing.format_ms,
    "plain_size": format_size,
    "ticks": drawing.draw_ticks,
    "short_digest": drawing.short_digest,
    "format_label": file_words.format_label,
    "state": lambda state: STATES[State(state)],
    "tier": lambda tier: TIERS[tier],
    "initials": drawing.initials_of,
    "hue": drawing.hue_of,
    "field_words": drawing.field_words,
    "pretty": drawing.pretty_json,
    "who": directory.name_of,
    "called": directory.name_with_email,
    "named": directory.name_within,
    "code_words": wording.say_code,
    "standing_words": wording.say_standing,
    "number": metrics.format_number,
    # For names that people typed, in commands that others paste into a shell.
    "quoted": shlex.quote,
}
_LIFE = {"STATES": STATES, "LINE": LINE, "FLAGS": FLAGS}


@cache
def environment() -> jinja2.Environment:
    """The one environment of all pages."""
    # The values of a card are drawn alike here and in its HTML file, and so is the graph here and in its files.
    env = make_environment(HERE / "templates", CARD_TEMPLATES, LINEAGE_TEMPLATES)
    env.filters |= _FILTERS
    env.globals |= {
        "asset": asset,
        "icon": draw_icon,
        "models_where": models_where,
        "help_mark": draw_help_mark,
        "csrf": draw_csrf,
        "icon_of": icon_of,
        "file_icon": file_words.file_icon,
        "verdict_chip": file_words.verdict_chip,
        "verdict_of": file_words.verdict_of,
        **compare_words.WORDS,
        **card_values.WORDS,
        **card_words.WORDS,
        "why_withheld": file_words.why_withheld,
        "rank_of": drawing.rank_of,
        "stations_of": drawing.stations_of,
        "delta_of": drawing.delta_of,
        "draw_lineage": draw_lineage,
        "draw_symbols": draw_symbols,
        "FLAG_MARKS": FLAG_MARKS,
        "find_value": metadata_fields.find_value,
        "find_advice": naming.find_advice,
        "limits": metadata_fields,
        "names": naming,
        **_LIFE,
        "TIERS": TIERS,
        "ROLES": ROLES,
        "ACTIONS": ACTIONS,
        "REMARK": REMARK,
        "COMPONENTS": COMPONENTS,
        "IMPACTS": IMPACTS,
        "OUTCOMES": tuple(Outcome),
        "FIELDS": metadata_fields.FIELDS,
        "SECTIONS": metadata_fields.SECTIONS,
    }
    return env


@lru_cache(maxsize=500)
def draw_icon(name: str, cls: str = "") -> Markup:
    """A lucide icon from the sprite, hidden from screen readers: the words beside it say the same."""
    return Markup('<svg class="i {}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        cls, asset("icons.svg"), name
    )


def draw_help_mark(place: str, what: str) -> Markup:
    """A question mark that leads from a page to the chapter that explains it. `place` is `chapter#heading`."""
    return Markup('<a class="help-mark" href="/help/{}" aria-label="Help: {}" title="Help: {}">{}</a>').format(
        place, what, what, draw_icon("circle-question-mark")
    )


@jinja2.pass_context
def draw_csrf(context: jinja2.runtime.Context) -> Markup:
    """The hidden fields of every POST form: the token of the session, and of a person's what tells a second click."""
    shell = context["page"]
    token = Markup('<input type="hidden" name="csrf_token" value="{}">').format(shell.csrf)
    if not shell.actor.is_known:
        return token
    return token + Markup('<input type="hidden" name="once" value="{}">').format(secrets.token_urlsafe(12))


def _open_up(context: Context) -> dict[str, Any]:
    """The fields and properties of a context, and its methods, under their own names."""
    public = {name for name in dir(type(context)) if not name.startswith("_")}
    names = public | {item.name for item in fields(context)}
    return {name: getattr(context, name) for name in names - {"template", "section", "of"}}
