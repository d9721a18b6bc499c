"""The pages drawn from the tables of `rules/` and from the settings."""

import json
import textwrap
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from modelkeep_server.operate.docs.markdown import page, table
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.fields import FIELDS, LIMITS, SECTIONS
from modelkeep_server.rules.formats import ArtifactType, formats_of
from modelkeep_server.rules.lifecycle import MOVES, STATES
from modelkeep_server.rules.permission_words import words_of
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES
from modelkeep_server.rules.policy_facts import list_facts
from modelkeep_server.settings import PREFIX, Settings
from modelkeep_server.settings.oidc import OIDC_PREFIX, OidcIssuer


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


def write_policy_facts() -> str:
    """What policies may ask of."""
    return page(
        "What policies may ask of",
        "`rules/policy_facts.py`",
        table(("fact", "is", "means"), ((f"`{one.path}`", one.kind.value, one.says) for one in list_facts())),
    )


def write_formats() -> str:
    """The formats of files, by artifact type."""
    parts = []
    for kind in ArtifactType:
        rows = (
            (
                row.label,
                f"`{row.format.value}`",
                " ".join(f"`{end}`" for end in row.endings),
                "yes" if row.may_carry_code else "",
            )
            for row in formats_of(kind)
        )
        parts += [f"## {kind.value}", table(("format", "in JSON", "usual names", "can bring code"), rows)]
    told = "A format is told by the content alone. A name that promises another format is refused."
    return page("The formats of files", "`rules/formats.py`", told, *parts)


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
    """Every setting, and a file that has them all."""
    rows = (
        (
            f"`{PREFIX}{name.upper()}`",
            f"`{name}`",
            _type_of(field),
            _default_of(field),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    )
    issuers = (
        (f"`{OIDC_PREFIX}{name.upper()}`", f"`{name}`", _type_of(field), _default_of(field), field.description or "")
        for name, field in OidcIssuer.model_fields.items()
    )
    told = (
        "Each is a variable of the environment, or a key of `modelkeep.toml` in the working folder of the server and "
        "of the commands beside it; the environment wins. `modelkeep settings` prints what is in force and where it "
        "comes from. A key that is no setting is refused at the start; a `MODELKEEP_*` variable that is none is warned "
        "of."
    )
    return page(
        "Settings",
        "`settings/`",
        told,
        table(("variable", "key", "type", "default", "what it does"), rows),
        "## modelkeep.toml",
        "Every setting, commented out. Copy it, and take the `#` away where you want another value.",
        f"```toml\n{write_sample_toml()}\n```",
        "## Issuers of OpenID Connect",
        "Each issuer is a table `[[oidc]]` of the file. For a single one the variables do the same; they stand in "
        "place of the file's. `MODELKEEP_OIDC` takes several, as a JSON list of objects.",
        table(("variable", "key", "type", "default", "what it does"), issuers),
    )


def write_sample_toml() -> str:
    """
    A `modelkeep.toml` in which every setting stands as a comment, with its description above it.

    One that has no default stands with an example.
    """
    parts = [*_sample_of(Settings), "#[[oidc]]", *_sample_of(OidcIssuer)]
    return "\n\n".join(parts)


def _sample_of(model: type[BaseModel]) -> list[str]:
    """A part for each setting that is no table."""
    parts = []
    for name, field in model.model_fields.items():
        if name == "oidc":
            continue
        lines = textwrap.wrap(field.description or "", 100, break_long_words=False, break_on_hyphens=False)
        is_set = not field.is_required() and field.default_factory is None and field.default not in (None, "", {})
        value = field.default if is_set else (field.examples or [""])[0]
        parts.append("\n".join([*(f"# {line}" for line in lines), f"#{name} = {_toml_of(value)}"]))
    return parts


_TYPES: dict[Any, str] = {
    bool: "true or false", int: "whole number", float: "number", Path: "path", SecretStr: "secret", str: "text",
}  # fmt: skip


def _type_of(field: FieldInfo) -> str:
    """The type in words: that of what is not None, where None is the other choice."""
    if get_origin(field.annotation) in (dict, tuple):
        return "table" if get_origin(field.annotation) is dict else "tables"
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    return " or ".join(_TYPES.get(kind, "table") for kind in kinds)


def _default_of(field: FieldInfo) -> str:
    if field.is_required() or field.default_factory is not None or field.default in (None, "", (), {}):
        return ""
    return f"`{_toml_of(field.default)}`"


def _toml_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(inner)}" for key, inner in value.items()) + " }"
    return str(value) if isinstance(value, (int, float)) else json.dumps(str(value))
