"""The pages drawn from the tables of `rules/` and from the settings."""

from pydantic import BaseModel

from modelkeep_server.operate.docs.markdown import page, table
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.errors import list_kinds
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.fields import FIELDS, LIMITS, SECTIONS
from modelkeep_server.rules.lifecycle import MOVES, STATES
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, words_of
from modelkeep_server.settings import OidcIssuer, Settings


def write_governance() -> str:
    """Roles, permissions, the life of a version, and what each tier demands."""
    return page(
        "Who may do what, and the life of a version",
        "`rules/permissions.py`, `rules/lifecycle.py` and `rules/approvals.py`",
        "## Roles",
        table(("role", "in JSON", "may"), ((r.label, f"`{r.role}`", r.may) for r in ROLES.values())),
        "## Permissions",
        table(
            ("act", "to ...", "you need", "token scope"),
            (
                (f"`{p.act}`", p.says, ", or ".join(words_of(g) for g in p.grants), p.scope or "a session only")
                for p in PERMISSIONS.values()
            ),
        ),
        "## States",
        table(
            ("state", "means", "who moves a version into it"),
            ((f"`{info.state}`", info.meaning, info.who) for info in STATES.values()),
        ),
        "## Moves",
        "```mermaid\ngraph LR\n" + "\n".join(f"    {m.source} --> {m.target}" for m in MOVES) + "\n```",
        table(
            ("from", "to", "called", "act"),
            ((f"`{m.source}`", f"`{m.target}`", m.label, f"`{m.act}`") for m in MOVES),
        ),
        "## Risk tiers",
        table(
            ("tier", "when", "for instance", "approvals", "people it takes"),
            ((f"`{t.tier}`", t.description, t.examples, t.approvals, str(t.people)) for t in TIERS.values()),
        ),
    )


def write_fields() -> str:
    """What is known of a version."""
    parts = []
    for section in SECTIONS:
        rows = (
            (f"`metadata.{row.path}`", row.label, f"{row.hint} {LIMITS[row.kind]}", row.why or "")
            for row in FIELDS
            if row.section == section.id
        )
        parts += [f"## {section.title}", section.hint]
        parts.append(table(("field", "label", "what it says", "why a complete version has it"), rows))
    return page("Version metadata", "`rules/fields.py`", *parts)


def write_events() -> str:
    """What is audited."""
    rows = ((f"`{a.name}`", a.object_kind, a.says, "yes" if a.is_activity else "") for a in ACTIONS.values())
    return page("Events", "`rules/events.py`", table(("action", "about a", "somebody ...", "in activity lists"), rows))


def write_errors() -> str:
    """Every way the registry says no."""
    rows = ((f"`{kind.code}`", str(kind.status), kind.title, kind.remedy) for kind in list_kinds())
    return page("Errors", "`rules/errors.py`", table(("code", "status", "what happened", "what to do"), rows))


def write_settings() -> str:
    """Every setting."""
    rows = (
        (f"`MODELKEEP_{name.upper()}`", _default_of(name), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    told = (
        "Each can also stand in `modelkeep.toml` under its name in lower case without the prefix; the environment wins."
    )
    issuers = (
        (f"`{name}`", f"`MODELKEEP_OIDC_{name.upper()}`", _default_of(name, OidcIssuer), field.description or "")
        for name, field in OidcIssuer.model_fields.items()
    )
    of_issuers = (
        "Each issuer is a table `[[oidc]]` in `modelkeep.toml`. For a single one the variables do the same; they stand "
        "in place of the file's. `MODELKEEP_OIDC` takes several as a JSON list."
    )
    return page(
        "Settings",
        "`settings.py`",
        told,
        table(("setting", "default", "what it does"), rows),
        "## Issuers of OpenID Connect",
        of_issuers,
        table(("in `[[oidc]]`", "variable", "default", "what it does"), issuers),
    )


def _default_of(name: str, model: type[BaseModel] = Settings) -> str:
    field = model.model_fields[name]
    if field.is_required() or field.default_factory is not None or field.default in (None, "", (), {}):
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
