"""
Writing `docs/reference/` from the tables in the code: `python -m modelkeep_server.operate.docs [--check]`.

With `--check` nothing is written; the exit code is 1 where a page differs from what the code says.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from modelkeep_server.rules import errors
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.errors import RegistryError
from modelkeep_server.rules.events import ACTIONS
from modelkeep_server.rules.fields import FIELDS, SECTIONS
from modelkeep_server.rules.lifecycle import MOVES, STATES
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES, Grant, Relation
from modelkeep_server.settings import Settings

FOLDER = Path("docs/reference")

_RELATIONS = {
    Relation.OWNER: "owner of the model",
    Relation.WRITE: "WRITE collaborator",
    Relation.READ: "READ collaborator",
}


def write_governance() -> str:
    """Roles, permissions, the life of a version, and what each tier demands."""
    return "\n\n".join(
        (
            "# Who may do what, and the life of a version",
            _from("rules/permissions.py, rules/lifecycle.py and rules/approvals.py"),
            "## Roles",
            _table(("role", "in JSON", "may"), ((r.label, f"`{r.role}`", r.may) for r in ROLES.values())),
            "## Permissions",
            _table(
                ("act", "to ...", "you need", "token scope"),
                (
                    (f"`{p.act}`", p.says, ", or ".join(_words(g) for g in p.grants), p.scope or "a session only")
                    for p in PERMISSIONS.values()
                ),
            ),
            "## States",
            _table(
                ("state", "means", "who moves a version into it"),
                ((f"`{info.state}`", info.meaning, info.who) for info in STATES.values()),
            ),
            "## Moves",
            "```mermaid\ngraph LR\n" + "\n".join(f"    {m.source} --> {m.target}" for m in MOVES) + "\n```",
            "## Risk tiers",
            _table(
                ("tier", "when", "for instance", "approvals", "people it takes"),
                ((f"`{t.tier}`", t.description, t.examples, t.approvals, str(t.people)) for t in TIERS.values()),
            ),
        )
    )


def write_fields() -> str:
    """What is known of a version."""
    parts = ["# Version metadata", _from("rules/fields.py")]
    for section in SECTIONS:
        rows = (
            (f"`metadata.{row.path}`", row.label, str(row.kind), row.hint, row.why or "")
            for row in FIELDS
            if row.section == section.id
        )
        parts += [f"## {section.title}", section.hint]
        parts.append(_table(("field", "label", "kind", "what it says", "why a complete version has it"), rows))
    return "\n\n".join(parts)


def write_events() -> str:
    """What is audited."""
    rows = ((f"`{a.name}`", a.object_kind, a.says, "yes" if a.is_activity else "") for a in ACTIONS.values())
    table = _table(("action", "about a", "somebody ...", "in activity lists"), rows)
    return "\n\n".join(("# Events", _from("rules/events.py"), table))


def write_errors() -> str:
    """Every way the registry says no."""
    rows = (
        (f"`{kind.code}`", str(kind.status), kind.title, kind.remedy)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, RegistryError) and kind is not RegistryError
    )
    return "\n\n".join(
        ("# Errors", _from("rules/errors.py"), _table(("code", "status", "what happened", "what to do"), rows))
    )


def write_settings() -> str:
    """Every setting."""
    rows = (
        (f"`MODELKEEP_{name.upper()}`", _default_of(name), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    told = (
        "Each can also stand in `modelkeep.toml` under its name in lower case without the prefix; the environment wins."
    )
    return "\n\n".join(("# Settings", _from("settings.py"), told, _table(("setting", "default", "what it does"), rows)))


PAGES: dict[str, Callable[[], str]] = {
    "governance.md": write_governance,
    "fields.md": write_fields,
    "events.md": write_events,
    "errors.md": write_errors,
    "settings.md": write_settings,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them. Gives the exit code."""
    stale = []
    for name, write in PAGES.items():
        path, text = FOLDER / name, write() + "\n"
        if "--check" in arguments:
            if not path.exists() or path.read_text("utf-8") != text:
                stale.append(str(path))
            continue
        FOLDER.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    for page in stale:
        print(f"{page} differs from the code. Run: make docs")
    return 1 if stale else 0


def _from(source: str) -> str:
    return f"Generated from `{source}` by `make docs`. Do not edit."


def _words(grant: Grant) -> str:
    role = ROLES[grant.role].label if grant.role is not None else None
    relation = _RELATIONS[grant.relation] if grant.relation is not None else None
    return " and ".join(word for word in (role, relation) if word) or "to be signed in"


def _default_of(name: str) -> str:
    field = Settings.model_fields[name]
    return "" if field.default_factory is not None or field.default is None else f"`{field.default}`"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in row)} |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
