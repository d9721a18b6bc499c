"""
What is audited: one row an action. `says` finishes the sentence "<person> ..." in activity lists.

An action that a person performs under a permission bears the permission's name; those without a permission (a sign-in,
a download through a link, an act of the registry itself) stand here alone. A test ties this table to
rules/permissions.py.
"""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Whether the act happened."""

    ALLOWED = "ALLOWED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Action:
    """One kind of event. `object_kind` is what it is about."""

    name: str
    object_kind: str
    says: str


ACTIONS: dict[str, Action] = {
    row.name: row
    for row in (
        Action("registry.create", "registry", "created this registry"),
        Action("registry.claim", "user", "became the first Admin"),
        Action("session.start", "session", "signed in"),
        Action("session.end", "session", "signed out"),
        Action("token.create", "token", "created a token"),
        Action("token.revoke", "token", "revoked a token"),
        Action("invitation.create", "invitation", "invited a person"),
        Action("invitation.accept", "user", "accepted an invitation"),
        Action("user.create", "user", "added a person"),
        Action("me.read", "user", "looked at their own rights"),
        Action("model.read", "model", "looked at a model"),
        Action("model.create", "model", "registered"),
        Action("model.update", "model", "edited"),
        Action("version.create", "version", "created version"),
        Action("version.update", "version", "edited version"),
        Action("version.deprecate", "version", "deprecated"),
        Action("version.stage", "version", "moved to staging"),
        Action("version.release", "version", "moved to production"),
        Action("version.retire", "version", "retired"),
        Action("promotion.request", "version", "requested promotion of"),
        Action("promotion.approve", "version", "approved"),
        Action("promotion.request_changes", "version", "requested changes to"),
        Action("artifact.upload", "artifact", "uploaded"),
        Action("artifact.remove", "artifact", "removed"),
        Action("artifact.link", "artifact", "made a download link for"),
        Action("artifact.download", "artifact", "began to download"),
        Action("artifact.download_end", "artifact", "ended the download of"),
        Action("artifact.quarantine", "artifact", "quarantined"),
        Action("audit.read", "audit", "looked at the audit log"),
        Action("audit.export", "audit", "exported the audit log"),
        Action("request.refuse", "request", "sent a request that was refused"),
    )
}
