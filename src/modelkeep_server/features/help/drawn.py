"""
What the guide does not say by hand: roles, permissions, states, moves and tiers, each read from its table in `rules/`.

A chapter names one in a fenced block, ```` ```modelkeep ```` with the name inside.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial

from modelkeep_server.features.help.views import DrawnTable
from modelkeep_server.features.search.language import fields as query_fields
from modelkeep_server.rules import links
from modelkeep_server.rules.approvals import TIERS
from modelkeep_server.rules.error_table import list_kinds
from modelkeep_server.rules.fields import FIELDS, LIMITS, SECTIONS
from modelkeep_server.rules.formats import FORMATS, ArtifactType
from modelkeep_server.rules.lifecycle import FLAGS, MOVES, STATES
from modelkeep_server.rules.lineage import KINDS as LINEAGE_KINDS
from modelkeep_server.rules.notices import KINDS
from modelkeep_server.rules.permission_words import words_of
from modelkeep_server.rules.permissions import PERMISSIONS, ROLES
from modelkeep_server.rules.policy_facts import EXAMPLES, list_facts

#: Drawn by a template of their own, since they are no tables: the diagram of states, and the support channels.
PICTURES = frozenset({"lifecycle", "support"})
#: What people search pictures by, where the prose around them does not say it.
WORDS_OF_PICTURES = {"support": "Help desk, Slack, E-mail, Office hours, Security issues"}


def _roles() -> DrawnTable:
    rows = tuple((info.label, info.may) for info in ROLES.values())
    codes = tuple(info.role.value for info in ROLES.values())
    return DrawnTable("The six roles", ("Role", "Permissions"), rows, ("name", "text"), codes)


def _acts() -> DrawnTable:
    rows = tuple(
        (
            row.says[:1].upper() + row.says[1:],
            ", or ".join(words_of(grant) for grant in row.grants),
            row.scope.value if row.scope else "a signed-in session only",
        )
        for row in PERMISSIONS.values()
    )
    heads = ("To", "You need", "Scope of a token")
    return DrawnTable("Every act, and who may do it", heads, rows, ("name", "text", "text"), tuple(PERMISSIONS))


def _states() -> DrawnTable:
    rows = tuple((info.state.value, info.meaning, info.who) for info in STATES.values())
    heads = ("State", "Description", "Who moves a version into it")
    return DrawnTable("The nine states", heads, rows, ("state", "text", "text"))


def _moves() -> DrawnTable:
    rows = tuple(
        (
            move.source.value,
            move.target.value,
            move.label,
            ", or ".join(words_of(grant) for grant in PERMISSIONS[move.act].grants),
        )
        for move in MOVES
    )
    heads = ("From", "To", "The move", "Who makes it")
    return DrawnTable("The nine moves", heads, rows, ("state", "state", "text", "text"))


def _flags() -> DrawnTable:
    def who(act: str) -> str:
        return ", or ".join(words_of(grant) for grant in PERMISSIONS[act].grants)

    rows = tuple((info.label, info.meaning, who(info.set_act), who(info.lift_act)) for info in FLAGS.values())
    heads = ("Beside the state", "Description", "Who sets it", "Who lifts it")
    return DrawnTable("The two flags beside the state", heads, rows, ("name", "text", "text", "text"))


def _tiers() -> DrawnTable:
    rows = tuple((info.tier.value, info.description, info.examples, info.approvals) for info in TIERS.values())
    heads = ("Risk tier", "Description", "Examples", "Approvals a promotion needs")
    return DrawnTable("The three risk tiers", heads, rows, ("tier", "text", "text", "text"))


def _formats() -> DrawnTable:
    rows = tuple(
        (
            row.label,
            ", ".join(f"`{end}`" for end in row.endings),
            ", ".join(kind.value for kind in ArtifactType if kind in row.types),
            "looked through for code" if row.may_carry_code else "data only",
        )
        for row in FORMATS.values()
    )
    heads = ("Format", "Usual names", "As", "Loading it")
    return DrawnTable("The formats that are taken", heads, rows, ("name", "text", "text", "text"), tuple(FORMATS))


def _downloads() -> DrawnTable:
    return DrawnTable("Who may download", links.HEADS, links.list_rows(), ("name", "text", "text"))


def _fields_of(section: str) -> DrawnTable:
    title = next(known.title for known in SECTIONS if known.id == section)
    fields = [field for field in FIELDS if field.section == section]
    asks = any(field.why for field in fields)
    heads: tuple[str, ...] = ("Field", "What it says")
    rows: tuple[tuple[str, ...], ...] = tuple((field.label, f"{field.hint} {LIMITS[field.kind]}") for field in fields)
    if asks:
        heads = (*heads, "Why a complete version has it")
        rows = tuple((*row, field.why or "") for row, field in zip(rows, fields, strict=True))
    codes = tuple(f"metadata.{field.path}" for field in fields)
    return DrawnTable(title, heads, rows, ("name", "text", "text")[: len(heads)], codes)


def _errors() -> DrawnTable:
    kinds = sorted(list_kinds(), key=lambda kind: (kind.status, kind.code))
    rows = tuple((kind.title, kind.remedy) for kind in kinds)
    codes = tuple(f"{kind.status} {kind.code}" for kind in kinds)
    heads = ("What the registry says", "What to do")
    return DrawnTable("Every way the registry says no", heads, rows, ("name", "text"), codes)


def _policy_facts() -> DrawnTable:
    rows = tuple((f"`{line.path}`", line.kind.value, line.says) for line in list_facts())
    return DrawnTable("What policies may ask of", ("Fact", "It is", "What it means"), rows, ("text", "text", "text"))


def _policy_examples() -> DrawnTable:
    rows = tuple((one.title, f"`{one.expression}`") for one in EXAMPLES)
    return DrawnTable("Rules that somebody might want", ("Rule", "Expression"), rows, ("name", "text"))


def _notices() -> DrawnTable:
    rows = tuple(
        (kind.label, kind.who, "always" if kind.waits else "yes", "yes" if kind.by_mail else "no")
        for kind in KINDS.values()
    )
    heads = ("What happens", "Who is told", "In the app", "By mail, until you choose otherwise")
    return DrawnTable("What people are told", heads, rows, ("name", "text", "text", "text"), tuple(KINDS))


def _lineage_kinds() -> DrawnTable:
    rows = tuple(
        (
            info.label,
            info.act,
            info.says,
            ", ".join(f"{row.label}{'' if row.required else ' (optional)'}" for row in info.fields)
            if any(row.required for row in info.fields)
            else " or ".join((" and ".join(row.label for row in info.fields[:-1]), info.fields[-1].label)),
        )
        for info in LINEAGE_KINDS.values()
    )
    heads = ("Kind", "Button", "What it is", "What it takes")
    codes = tuple(kind.value for kind in LINEAGE_KINDS)
    return DrawnTable("The kinds of lineage", heads, rows, ("name", "text", "text", "text"), codes)


def _query_fields() -> DrawnTable:
    rows = tuple((field.name, _say_taken(field)) for field in query_fields.FIELDS.values())
    examples = tuple(field.example for field in query_fields.FIELDS.values())
    return DrawnTable("The fields of the query language", ("Field", "It asks for"), rows, ("name", "text"), examples)


def _say_taken(field: query_fields.Field) -> str:
    told = field.says
    if field.choices:
        told += f": {', '.join(field.choices)}"
    if field.also:
        told += f" (also {', '.join(f'`{name}:`' for name in field.also)})"
    return told[:1].upper() + told[1:]


_TABLES: Mapping[str, Callable[[], DrawnTable]] = {
    "roles": _roles,
    "acts": _acts,
    "states": _states,
    "moves": _moves,
    "flags": _flags,
    "tiers": _tiers,
    "errors": _errors,
    "formats": _formats,
    "downloads": _downloads,
    "notices": _notices,
    "lineage-kinds": _lineage_kinds,
    "policy-facts": _policy_facts,
    "query-fields": _query_fields,
    "policy-examples": _policy_examples,
    **{f"fields-{section.id}": partial(_fields_of, section.id) for section in SECTIONS},
}

NAMES = frozenset(_TABLES) | PICTURES


@cache
def find_table(name: str) -> DrawnTable | None:
    """The table of this name; None for what is a picture. Raises KeyError for a name that nobody draws."""
    if name in PICTURES:
        return None
    return _TABLES[name]()
