"""
Who may do what: one row an act. The API, the pages, `/me` and the help all read this table.

An act's name is the permission, the event's action and the entry of `/me`. A grant names a role, a relation to the
object, or both; one matching grant is enough. Deny is the default: an act without a row does not exist.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The guide's six roles."""

    MODEL_OWNER = "MODEL_OWNER"
    MRC = "MRC"
    SECURITY_ARCHITECT = "SECURITY_ARCHITECT"
    SRE = "SRE"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


@dataclass(frozen=True)
class RoleInfo:
    """A role as people read it: the guide's name and its line in the guide's table."""

    role: Role
    label: str
    may: str


ROLES: dict[Role, RoleInfo] = {
    info.role: info
    for info in (
        RoleInfo(Role.MODEL_OWNER, "Model Owner", "Create, update, and manage your own models"),
        RoleInfo(Role.MRC, "MRC", "Review and approve model promotions"),
        RoleInfo(Role.SECURITY_ARCHITECT, "Security Architect", "Create policies and security reviews"),
        RoleInfo(Role.SRE, "SRE", "Deploy models and manage infrastructure"),
        RoleInfo(Role.AUDITOR, "Auditor", "View audit logs and compliance reports"),
        RoleInfo(Role.ADMIN, "Admin", "Full system access"),
    )
}


class Relation(StrEnum):
    """
    How a person stands to one model. A WRITE collaborator is a READ collaborator too; GRANTED was let in for the very
    version at stake, until a day.
    """

    OWNER = "OWNER"
    WRITE = "WRITE"
    READ = "READ"
    GRANTED = "GRANTED"


class Scope(StrEnum):
    """What a personal token may be used for. A token never holds more than its person does at the moment of use."""

    READ = "read"
    WRITE = "write"
    DOWNLOAD = "download"
    DEPLOY = "deploy"
    REVIEW = "review"
    AUDIT = "audit"
    ADMIN = "admin"


#: What a program with a scope may do, as the end of "It may ...". Never more than its person may.
SCOPE_WORDS: dict[Scope, str] = {
    Scope.READ: "see models, versions and what else you see",
    Scope.WRITE: "create and change models and versions, and upload files",
    Scope.DOWNLOAD: "download files",
    Scope.DEPLOY: "move versions to staging and production, and write incidents",
    Scope.REVIEW: "approve promotions, request changes, and answer for files in your name",
    Scope.AUDIT: "read and export the audit log",
    Scope.ADMIN: "administer people, roles and models",
}

DEFAULT_SCOPES: tuple[Scope, ...] = (Scope.READ, Scope.WRITE, Scope.DOWNLOAD)


@dataclass(frozen=True)
class Grant:
    """One way to hold a permission: this role (any, if None) together with this relation (any, if None)."""

    role: Role | None = None
    relation: Relation | None = None


@dataclass(frozen=True)
class Permission:
    """
    One act. `says` finishes the sentence "To ... you need ..."; `scope` None means: never with a token.

    `fresh_minutes`: in a session, how long ago the person may have shown at most who they are. A token stands for
    itself: one with the scopes `review`, `audit` or `admin` was made in a session as fresh.
    """

    act: str
    grants: tuple[Grant, ...]
    scope: Scope | None
    says: str
    fresh_minutes: int | None = None


def _any_of(*roles: Role) -> tuple[Grant, ...]:
    return tuple(Grant(role=role) for role in roles)


_EVERYONE = (Grant(),)
_OWNERS = (Grant(Role.MODEL_OWNER, Relation.OWNER),)
_WRITERS = (*_OWNERS, Grant(relation=Relation.WRITE))
_ADMINS = _any_of(Role.ADMIN)
_SECURITY = _any_of(Role.SECURITY_ARCHITECT)
_CONTROL = (Role.MRC, Role.SECURITY_ARCHITECT, Role.SRE, Role.ADMIN)
_INSPECTORS = (Role.AUDITOR, Role.MRC, Role.SECURITY_ARCHITECT, Role.ADMIN)
_OVERSEERS = _any_of(Role.ADMIN, Role.AUDITOR)

#: Minutes since a person last showed who they are: for roles, keys, policies and bulk export, and for decisions.
FRESH_FOR_RIGHTS = 15
FRESH_FOR_DECISIONS = 60

#: Roles that decide or administer: where `dual_control` is on, a second Admin confirms each grant of them.
GUARDED: frozenset[Role] = frozenset({Role.MRC, Role.SECURITY_ARCHITECT, Role.ADMIN})

PERMISSIONS: dict[str, Permission] = {
    row.act: row
    for row in (
        Permission("me.read", _EVERYONE, Scope.READ, "see who you are"),
        Permission("session.end", _EVERYONE, None, "sign out"),
        Permission("session.confirm", _EVERYONE, None, "confirm that it is you"),
        Permission("passphrase.change", _EVERYONE, None, "change your passphrase"),
        Permission("identity.link", _EVERYONE, None, "connect a way to sign in", FRESH_FOR_RIGHTS),
        Permission("identity.unlink", _EVERYONE, None, "disconnect a way to sign in", FRESH_FOR_RIGHTS),
        Permission("token.create", _EVERYONE, None, "create a personal token"),
        Permission("token.revoke", _EVERYONE, None, "revoke a personal token"),
        Permission("user.read", _OVERSEERS, Scope.READ, "see the list of people"),
        Permission("user.disable", _ADMINS, Scope.ADMIN, "disable an account", FRESH_FOR_RIGHTS),
        Permission("user.enable", _ADMINS, Scope.ADMIN, "enable an account again", FRESH_FOR_RIGHTS),
        Permission("user.reset", _ADMINS, Scope.ADMIN, "make a link that resets a passphrase", FRESH_FOR_RIGHTS),
        Permission("user.sign_out", _ADMINS, Scope.ADMIN, "sign a person out everywhere", FRESH_FOR_RIGHTS),
        Permission("role.grant", _ADMINS, Scope.ADMIN, "grant a role", FRESH_FOR_RIGHTS),
        Permission("role.end", _ADMINS, Scope.ADMIN, "take a role away", FRESH_FOR_RIGHTS),
        Permission("role.confirm", _ADMINS, Scope.ADMIN, "confirm a role that somebody else grants", FRESH_FOR_RIGHTS),
        Permission("role.decline", _ADMINS, Scope.ADMIN, "decline a role that somebody else grants", FRESH_FOR_RIGHTS),
        Permission("invitation.read", _OVERSEERS, Scope.READ, "see invitations"),
        Permission("invitation.create", _ADMINS, Scope.ADMIN, "invite a person", FRESH_FOR_RIGHTS),
        Permission("invitation.revoke", _ADMINS, Scope.ADMIN, "take an invitation back"),
        Permission("team.read", _EVERYONE, Scope.READ, "see teams"),
        Permission("team.create", _ADMINS, Scope.ADMIN, "create a team", FRESH_FOR_RIGHTS),
        Permission("team.update", _ADMINS, Scope.ADMIN, "change a team", FRESH_FOR_RIGHTS),
        Permission("team.end", _ADMINS, Scope.ADMIN, "end a team", FRESH_FOR_RIGHTS),
        Permission("service.read", _EVERYONE, Scope.READ, "see service accounts"),
        Permission(
            "service.create", _any_of(Role.MODEL_OWNER, Role.ADMIN), None, "create a service account", FRESH_FOR_RIGHTS
        ),
        Permission(
            "service.update", _any_of(Role.MODEL_OWNER, Role.ADMIN), None, "change a service account", FRESH_FOR_RIGHTS
        ),
        Permission("service.end", _any_of(Role.MODEL_OWNER, Role.ADMIN), None, "end a service account"),
        Permission("model.read", _EVERYONE, Scope.READ, "see models"),
        Permission("model.create", _any_of(Role.MODEL_OWNER), Scope.WRITE, "create a model"),
        Permission("model.update", _OWNERS, Scope.WRITE, "edit a model"),
        Permission("model.transfer", _ADMINS, Scope.ADMIN, "transfer a model to other owners"),
        Permission("model.retire", _ADMINS, Scope.ADMIN, "retire a model"),
        Permission("model.lower_tier", _any_of(Role.MRC), Scope.REVIEW, "lower a risk tier", FRESH_FOR_DECISIONS),
        Permission("collaborator.read", _EVERYONE, Scope.READ, "see who works on a model"),
        Permission("collaborator.add", _OWNERS, Scope.WRITE, "let a collaborator in"),
        Permission("collaborator.end", _OWNERS, Scope.WRITE, "end what a collaborator may do"),
        Permission("access.read", _EVERYONE, Scope.READ, "see requests for access"),
        Permission("access.ask", _EVERYONE, Scope.WRITE, "ask for access"),
        Permission("access.withdraw", _EVERYONE, Scope.WRITE, "take a request for access back"),
        Permission("access.decide", _OWNERS, Scope.WRITE, "decide on a request for access"),
        Permission("version.create", _WRITERS, Scope.WRITE, "create a version"),
        Permission("version.update", _WRITERS, Scope.WRITE, "edit a version"),
        Permission("version.close", _OWNERS, Scope.WRITE, "close a version"),
        Permission("version.reopen", _OWNERS, Scope.WRITE, "reopen a version"),
        Permission("version.deprecate", (*_OWNERS, Grant(Role.ADMIN)), Scope.WRITE, "deprecate a version"),
        Permission("version.stage", _any_of(Role.SRE), Scope.DEPLOY, "move a version to staging"),
        Permission("version.release", _any_of(Role.SRE), Scope.DEPLOY, "move a version to production"),
        Permission("version.retire", _any_of(Role.ADMIN), Scope.ADMIN, "retire a version"),
        Permission("promotion.request", _OWNERS, Scope.WRITE, "request a promotion"),
        Permission(
            "promotion.approve",
            _any_of(Role.MRC, Role.SECURITY_ARCHITECT),
            Scope.REVIEW,
            "approve a promotion",
            FRESH_FOR_DECISIONS,
        ),
        Permission(
            "promotion.request_changes",
            _any_of(Role.MRC, Role.SECURITY_ARCHITECT),
            Scope.REVIEW,
            "request changes",
            FRESH_FOR_DECISIONS,
        ),
        Permission("artifact.upload", _WRITERS, Scope.WRITE, "upload artifacts"),
        Permission("artifact.remove", _WRITERS, Scope.WRITE, "remove artifacts"),
        Permission(
            "artifact.link",
            (*(Grant(relation=relation) for relation in Relation), *_any_of(*_CONTROL)),
            Scope.DOWNLOAD,
            "download artifacts",
        ),
        Permission(
            "download.read",
            (Grant(relation=Relation.OWNER), *_any_of(*_INSPECTORS)),
            Scope.READ,
            "see who downloaded artifacts",
        ),
        Permission(
            "artifact.release", _SECURITY, Scope.REVIEW, "release a blocked file for a time", FRESH_FOR_DECISIONS
        ),
        Permission(
            "artifact.waive", _SECURITY, Scope.REVIEW, "accept a file that could not be judged", FRESH_FOR_DECISIONS
        ),
        Permission("artifact.end_waiver", _SECURITY, Scope.REVIEW, "end a release or waiver"),
        Permission(
            "artifact.rescan",
            _any_of(Role.SECURITY_ARCHITECT, Role.SRE, Role.ADMIN),
            Scope.WRITE,
            "have files looked through again",
        ),
        Permission("digest.read", _EVERYONE, Scope.READ, "find versions by the digest of a file"),
        Permission("format.read", _EVERYONE, Scope.READ, "see which formats are taken"),
        Permission("format.add", _ADMINS, Scope.ADMIN, "list a further format", FRESH_FOR_RIGHTS),
        Permission("format.end", _ADMINS, Scope.ADMIN, "take a format off the list"),
        Permission("storage.read", _any_of(Role.SRE, Role.ADMIN), Scope.READ, "see how the file store stands"),
        Permission("storage.check", _any_of(Role.SRE, Role.ADMIN), Scope.WRITE, "have stored files checked"),
        Permission("key.read", _any_of(Role.SRE, Role.ADMIN), Scope.READ, "see the keys that stored files are under"),
        Permission("key.confirm", _ADMINS, None, "confirm that the keys are kept elsewhere", FRESH_FOR_RIGHTS),
        Permission("audit.read", _any_of(*_INSPECTORS), Scope.AUDIT, "read the audit log"),
        Permission("audit.export", _any_of(*_INSPECTORS), Scope.AUDIT, "export the audit log", FRESH_FOR_RIGHTS),
        Permission("incident.create", _any_of(Role.SRE), Scope.DEPLOY, "report an incident"),
        Permission("incident.update", _any_of(Role.SRE), Scope.DEPLOY, "update an incident"),
        Permission("job.read", _any_of(Role.SRE, Role.ADMIN), Scope.READ, "see background jobs"),
        Permission("job.retry", _any_of(Role.SRE, Role.ADMIN), Scope.WRITE, "have a failed job tried again"),
        Permission("metrics.read", _any_of(Role.SRE, Role.ADMIN), Scope.READ, "read the registry's metrics"),
    )
}

#: RESTRICTED models are visible to people of these roles, to owners and to collaborators.
SEES_RESTRICTED: frozenset[Role] = frozenset({Role.MRC, Role.SECURITY_ARCHITECT, Role.SRE, Role.AUDITOR, Role.ADMIN})

_RELATION_WORDS = {
    Relation.OWNER: "to be an owner of this model",
    Relation.WRITE: "to be a collaborator with WRITE",
    Relation.READ: "to be a collaborator with READ",
    Relation.GRANTED: "to be let in for this version of this model",
}


_RELATION_NAMES = {
    Relation.OWNER: "owner of the model",
    Relation.WRITE: "WRITE collaborator",
    Relation.READ: "READ collaborator",
    Relation.GRANTED: "let in for the version",
}


def words_of(grant: Grant) -> str:
    """A grant as tables show it: "Model Owner and owner of the model"; "to be signed in" where it asks for nothing."""
    role = ROLES[grant.role].label if grant.role is not None else None
    relation = _RELATION_NAMES[grant.relation] if grant.relation is not None else None
    return " and ".join(word for word in (role, relation) if word) or "to be signed in"


def find_grant(act: str, roles: Collection[Role], relations: Collection[Relation] = ()) -> Grant | None:
    """The first grant of `act` that these roles and relations satisfy, or None. Raises KeyError for an unknown act."""
    for grant in PERMISSIONS[act].grants:
        role_fits = grant.role is None or grant.role in roles
        relation_fits = grant.relation is None or grant.relation in relations
        if role_fits and relation_fits:
            return grant
    return None


def acts_of(roles: Collection[Role]) -> tuple[str, ...]:
    """What these roles may do at all: acts that need a relation as well count, since they apply to own models."""
    return tuple(row.act for row in PERMISSIONS.values() if any(g.role is None or g.role in roles for g in row.grants))


def scopes_of(roles: Collection[Role]) -> tuple[Scope, ...]:
    """Every token scope that these roles can make use of, in the order of `Scope`."""
    used = {PERMISSIONS[act].scope for act in acts_of(roles)}
    return tuple(scope for scope in Scope if scope in used)


def what_is_missing(act: str, roles: Collection[Role], relations: Collection[Relation] = ()) -> str:
    """The sentence a refusal shows: what the act needs. Names the grants that lack least; sharing counts as far off."""
    row = PERMISSIONS[act]

    def distance(grant: Grant) -> int:
        lacks_role = grant.role is not None and grant.role not in roles
        lacks_relation = grant.relation is not None and grant.relation not in relations
        return lacks_role + lacks_relation * (1 if grant.relation is Relation.OWNER else 2)

    nearest = min(map(distance, row.grants))
    roles_alone, others = [], []
    for grant in row.grants:
        if distance(grant) > nearest:
            continue
        role = None if grant.role is None or grant.role in roles else ROLES[grant.role].label
        relation = None if grant.relation is None or grant.relation in relations else _RELATION_WORDS[grant.relation]
        if relation is None:
            roles_alone.append(role or "")
        else:
            others.append(f"the role {role} and {relation}" if role else relation)
    if roles_alone:
        many = len(roles_alone) > 1
        named = f"{', '.join(roles_alone[:-1])} or {roles_alone[-1]}" if many else roles_alone[0]
        others.append(f"one of the roles {named}" if many else f"the role {named}")
    return f"To {row.says} you need {' or '.join(others)}."


def whom_to_ask(
    act: str, relations: Collection[Relation] = (), *, owners: Sequence[str] = (), admins: Sequence[str] = ()
) -> str:
    """
    Who can give what is missing: an owner of the model where a relation is at stake, else an Admin, who does themselves
    what is theirs alone.

    `owners` and `admins` are addresses of such people, named where they are known.
    """
    by_relation = any(g.relation is not None and g.relation not in relations for g in PERMISSIONS[act].grants)
    admin = f"an Admin{_named(admins)}"
    if by_relation:
        return f"Ask an owner of the model{_named(owners)}, or {admin} if you need a role."
    if all(grant.role is Role.ADMIN for grant in PERMISSIONS[act].grants):
        return f"Ask {admin} to do it."
    return f"Ask {admin} to give you the role."


def _named(addresses: Sequence[str]) -> str:
    """At most three of these, in brackets."""
    return f" ({', '.join(addresses[:3])}{' ...' if len(addresses) > 3 else ''})" if addresses else ""
