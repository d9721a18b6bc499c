"""
Who may do what: one row an act. The API, the pages, `/me` and the help all read this table.

An act's name is the permission, the event's action and the entry of `/me`. A grant names a role, a relation to the
object, or both; one matching grant is enough. Deny is the default: an act without a row does not exist.
"""

from collections.abc import Collection
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
    version at stake, until a day; a PROGRAM is a service account that collaborates with WRITE.
    """

    OWNER = "OWNER"
    WRITE = "WRITE"
    READ = "READ"
    GRANTED = "GRANTED"
    PROGRAM = "PROGRAM"


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

    @property
    def standing(self) -> str | None:
        """As what somebody acts who holds it so: a role, else OWNER or COLLABORATOR, else None."""
        if self.role is not None or self.relation is None:
            return self.role
        return "OWNER" if self.relation is Relation.OWNER else "COLLABORATOR"


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
_LET_IN = (Relation.OWNER, Relation.WRITE, Relation.READ, Relation.GRANTED)
_ADMINS = _any_of(Role.ADMIN)
_SRES = _any_of(Role.SRE)
_DECIDERS = _any_of(Role.MRC, Role.SECURITY_ARCHITECT)
_SECURITY = _any_of(Role.SECURITY_ARCHITECT)
_CONTROL = (Role.MRC, Role.SECURITY_ARCHITECT, Role.SRE, Role.ADMIN)
_INSPECTORS = (Role.AUDITOR, Role.MRC, Role.SECURITY_ARCHITECT, Role.ADMIN)
_OVERSEERS = _any_of(Role.ADMIN, Role.AUDITOR)
_TALKERS = (Grant(relation=Relation.OWNER), Grant(relation=Relation.WRITE), *_any_of(*_CONTROL))

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
        Permission("model.export", _EVERYONE, Scope.READ, "export the models that they see"),
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
        Permission("version.hold", _any_of(Role.MRC, Role.SECURITY_ARCHITECT, Role.ADMIN), Scope.REVIEW, "set a hold"),
        Permission("version.lift", _DECIDERS, Scope.REVIEW, "lift a hold", FRESH_FOR_DECISIONS),
        Permission("version.attest", _any_of(Role.MRC), Scope.REVIEW, "renew a review", FRESH_FOR_DECISIONS),
        Permission(
            "promotion.request", (*_OWNERS, Grant(relation=Relation.PROGRAM)), Scope.WRITE, "request a promotion"
        ),
        Permission("promotion.withdraw", _OWNERS, Scope.WRITE, "withdraw a request"),
        Permission("promotion.approve", _DECIDERS, Scope.REVIEW, "approve a promotion", FRESH_FOR_DECISIONS),
        Permission("promotion.request_changes", _DECIDERS, Scope.REVIEW, "request changes", FRESH_FOR_DECISIONS),
        Permission("review.read", _EVERYONE, Scope.READ, "see what is under review"),
        Permission("finding.raise", _DECIDERS, Scope.REVIEW, "raise a finding"),
        Permission("finding.settle", _DECIDERS, Scope.REVIEW, "settle a finding", FRESH_FOR_DECISIONS),
        Permission("comment.add", _TALKERS, Scope.WRITE, "comment on a version"),
        Permission("approval.read", _EVERYONE, Scope.READ, "see which approvals each risk tier takes"),
        Permission("approval.add", _ADMINS, Scope.ADMIN, "ask for more approvals", FRESH_FOR_RIGHTS),
        Permission("approval.end", _ADMINS, Scope.ADMIN, "ask for fewer approvals", FRESH_FOR_RIGHTS),
        Permission("approval.confirm", _DECIDERS, Scope.REVIEW, "confirm that fewer are asked for", FRESH_FOR_RIGHTS),
        Permission(
            "approval.decline",
            (*_ADMINS, *_DECIDERS),
            Scope.REVIEW,
            "decline that fewer are asked for",
            FRESH_FOR_RIGHTS,
        ),
        Permission("policy.read", _EVERYONE, Scope.READ, "see policies"),
        Permission("policy.create", _SECURITY, Scope.REVIEW, "create a policy", FRESH_FOR_RIGHTS),
        Permission("policy.update", _SECURITY, Scope.REVIEW, "change a policy", FRESH_FOR_RIGHTS),
        Permission("policy.confirm", _DECIDERS, Scope.REVIEW, "confirm a change of a policy", FRESH_FOR_RIGHTS),
        Permission("policy.decline", _DECIDERS, Scope.REVIEW, "decline a change of a policy", FRESH_FOR_RIGHTS),
        Permission("policy.try", _any_of(*_INSPECTORS), Scope.READ, "try a policy on versions"),
        Permission("exception.read", _EVERYONE, Scope.READ, "see exceptions"),
        Permission("exception.ask", _OWNERS, Scope.WRITE, "ask for an exception"),
        Permission("exception.withdraw", _OWNERS, Scope.WRITE, "take a request for an exception back"),
        Permission("exception.grant", _DECIDERS, Scope.REVIEW, "grant an exception", FRESH_FOR_DECISIONS),
        Permission("exception.refuse", _DECIDERS, Scope.REVIEW, "refuse an exception", FRESH_FOR_DECISIONS),
        Permission("exception.end", _DECIDERS, Scope.REVIEW, "end an exception"),
        Permission("suite.read", _EVERYONE, Scope.READ, "see evaluation suites"),
        Permission("suite.create", _DECIDERS, Scope.REVIEW, "create an evaluation suite", FRESH_FOR_RIGHTS),
        Permission("suite.update", _DECIDERS, Scope.REVIEW, "change an evaluation suite", FRESH_FOR_RIGHTS),
        Permission("evaluation.record", (*_WRITERS, *_DECIDERS), Scope.WRITE, "record an evaluation"),
        Permission("evaluation.sign", _DECIDERS, Scope.REVIEW, "sign an evaluation off", FRESH_FOR_DECISIONS),
        Permission("lineage.add", _WRITERS, Scope.WRITE, "say where a version comes from or who uses it"),
        Permission("lineage.remove", _WRITERS, Scope.WRITE, "take lineage off a version"),
        Permission(
            "lineage.tell",
            _any_of(Role.MODEL_OWNER, *_CONTROL),
            Scope.WRITE,
            "tell the owners of what a change reaches",
        ),
        Permission("card.generate", _WRITERS, Scope.WRITE, "generate a model card"),
        Permission("card.annotate", _TALKERS, Scope.WRITE, "annotate a model card"),
        Permission("card.publish", _OWNERS, Scope.WRITE, "publish a model card"),
        Permission("card.discard", _WRITERS, Scope.WRITE, "discard the draft of a model card"),
        Permission("environment.create", _SRES, Scope.DEPLOY, "create an environment"),
        Permission("environment.update", _SRES, Scope.DEPLOY, "change an environment"),
        Permission("environment.end", _SRES, Scope.DEPLOY, "end an environment"),
        Permission("deployment.read", _EVERYONE, Scope.READ, "see what is deployed"),
        Permission("deployment.record", _SRES, Scope.DEPLOY, "record a deployment"),
        Permission("deployment.rollback", _SRES, Scope.DEPLOY, "roll back"),
        Permission("notice.read", _EVERYONE, Scope.READ, "see what you were told"),
        Permission("notice.set", _EVERYONE, Scope.WRITE, "choose what you are told"),
        Permission("search.read", _EVERYONE, Scope.READ, "see saved searches"),
        Permission("search.save", _EVERYONE, Scope.WRITE, "save a search"),
        Permission("search.update", _EVERYONE, Scope.WRITE, "change a saved search of yours"),
        Permission("search.alert", _EVERYONE, Scope.WRITE, "choose which searches tell you of new models"),
        Permission("search.delete", _EVERYONE, Scope.WRITE, "delete a saved search of yours"),
        Permission("search.restore", _EVERYONE, Scope.WRITE, "put back a saved search of yours"),
        Permission("search.take_down", _ADMINS, Scope.ADMIN, "take down a search that somebody shares"),
        Permission("search.allow", _ADMINS, Scope.ADMIN, "let a search that was taken down be shared again"),
        Permission("webhook.read", _ADMINS, Scope.ADMIN, "see webhooks"),
        Permission("webhook.create", _ADMINS, Scope.ADMIN, "create a webhook", FRESH_FOR_RIGHTS),
        Permission("webhook.update", _ADMINS, Scope.ADMIN, "change a webhook", FRESH_FOR_RIGHTS),
        Permission("webhook.rotate", _ADMINS, Scope.ADMIN, "make a new secret for a webhook", FRESH_FOR_RIGHTS),
        Permission("webhook.send", _ADMINS, Scope.ADMIN, "try a webhook, or send a message of it again"),
        Permission("webhook.end", _ADMINS, Scope.ADMIN, "end a webhook", FRESH_FOR_RIGHTS),
        Permission(
            "trail.read", (Grant(relation=Relation.OWNER), *_any_of(*_INSPECTORS)), Scope.READ, "see a compliance trail"
        ),
        Permission("artifact.upload", _WRITERS, Scope.WRITE, "upload artifacts"),
        Permission("artifact.remove", _WRITERS, Scope.WRITE, "remove artifacts"),
        Permission(
            "artifact.link",
            (*(Grant(relation=relation) for relation in _LET_IN), *_any_of(*_CONTROL)),
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
