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
    """
    One kind of event. `object_kind` is what it is about.

    `is_activity`: whoever follows a model wants to know of it, so it stands in activity lists, where it was allowed.
    """

    name: str
    object_kind: str
    says: str
    is_activity: bool = False


ACTIONS: dict[str, Action] = {
    row.name: row
    for row in (
        Action("registry.create", "registry", "created this registry"),
        Action("registry.claim", "user", "became the first Admin"),
        Action("session.start", "session", "signed in"),
        Action("session.end", "session", "signed out"),
        Action("session.confirm", "session", "confirmed that it is them"),
        Action("passphrase.change", "user", "changed their passphrase"),
        Action("identity.link", "user", "connected a way to sign in"),
        Action("identity.unlink", "user", "disconnected a way to sign in"),
        Action("token.create", "token", "created a token"),
        Action("token.revoke", "token", "revoked a token"),
        Action("invitation.create", "invitation", "invited a person"),
        Action("invitation.accept", "user", "accepted an invitation"),
        Action("invitation.read", "invitation", "looked at invitations"),
        Action("invitation.revoke", "invitation", "took an invitation back"),
        Action("user.create", "user", "added a person"),
        Action("user.read", "user", "looked at the list of people"),
        Action("user.disable", "user", "disabled the account of"),
        Action("user.enable", "user", "enabled the account of"),
        Action("user.reset", "user", "made a reset link for"),
        Action("user.sign_out", "user", "ended all sessions and tokens of"),
        Action("role.grant", "user", "granted a role to"),
        Action("role.end", "user", "took a role from"),
        Action("role.ask", "user", "asked a second Admin for a role for"),
        Action("role.confirm", "user", "confirmed a role of"),
        Action("role.decline", "user", "declined a role for"),
        Action("team.read", "team", "looked at teams"),
        Action("team.create", "team", "created a team"),
        Action("team.update", "team", "changed a team"),
        Action("team.end", "team", "ended a team"),
        Action("service.read", "service", "looked at service accounts"),
        Action("service.create", "service", "created a service account"),
        Action("service.update", "service", "changed a service account"),
        Action("service.end", "service", "ended a service account"),
        Action("me.read", "user", "looked at their own rights"),
        Action("model.read", "model", "looked at a model"),
        Action("model.export", "registry", "exported a list of models"),
        Action("model.create", "model", "registered", is_activity=True),
        Action("model.update", "model", "edited", is_activity=True),
        Action("model.transfer", "model", "transferred", is_activity=True),
        Action("model.retire", "model", "retired", is_activity=True),
        Action("model.lower_tier", "model", "lowered the risk tier of", is_activity=True),
        Action("collaborator.read", "model", "looked at who works on"),
        Action("collaborator.add", "model", "let a collaborator into", is_activity=True),
        Action("collaborator.end", "model", "ended a collaboration on", is_activity=True),
        Action("access.read", "access", "looked at requests for access"),
        Action("access.ask", "access", "asked for access"),
        Action("access.withdraw", "access", "took a request for access back"),
        Action("access.decide", "access", "decided on a request for access"),
        Action("version.create", "version", "created version", is_activity=True),
        Action("version.update", "version", "edited version", is_activity=True),
        Action("version.close", "version", "closed", is_activity=True),
        Action("version.reopen", "version", "reopened", is_activity=True),
        Action("version.deprecate", "version", "deprecated", is_activity=True),
        Action("version.stage", "version", "moved to staging", is_activity=True),
        Action("version.release", "version", "moved to production", is_activity=True),
        Action("version.retire", "version", "retired", is_activity=True),
        Action("version.hold", "version", "put on hold", is_activity=True),
        Action("version.lift", "version", "lifted the hold of", is_activity=True),
        Action("version.attest", "version", "renewed the review of", is_activity=True),
        Action("promotion.request", "version", "requested promotion of", is_activity=True),
        Action("promotion.approve", "version", "approved", is_activity=True),
        Action("promotion.request_changes", "version", "requested changes to", is_activity=True),
        Action("promotion.withdraw", "version", "withdrew the request for", is_activity=True),
        Action("review.read", "version", "looked at reviews"),
        Action("finding.raise", "finding", "raised a finding on", is_activity=True),
        Action("finding.settle", "finding", "settled a finding on", is_activity=True),
        Action("comment.add", "version", "commented on", is_activity=True),
        Action("trail.read", "version", "looked at the compliance trail of"),
        Action("approval.read", "approval", "looked at the approvals each tier takes"),
        Action("approval.add", "approval", "asked for more approvals"),
        Action("approval.end", "approval", "wants fewer approvals"),
        Action("approval.confirm", "approval", "confirmed that fewer approvals are asked for"),
        Action("approval.decline", "approval", "declined that fewer approvals are asked for"),
        Action("policy.read", "policy", "looked at policies"),
        Action("policy.create", "policy", "created the policy"),
        Action("policy.update", "policy", "changed the policy"),
        Action("policy.confirm", "policy", "confirmed a change of the policy"),
        Action("policy.decline", "policy", "declined a change of the policy"),
        Action("policy.try", "policy", "tried a policy"),
        Action("exception.read", "exception", "looked at exceptions"),
        Action("exception.ask", "exception", "asked for an exception for", is_activity=True),
        Action("exception.withdraw", "exception", "took back the request for an exception for", is_activity=True),
        Action("exception.grant", "exception", "granted an exception for", is_activity=True),
        Action("exception.refuse", "exception", "refused an exception for", is_activity=True),
        Action("exception.end", "exception", "ended an exception for", is_activity=True),
        Action("suite.read", "suite", "looked at evaluation suites"),
        Action("suite.create", "suite", "created the evaluation suite"),
        Action("suite.update", "suite", "changed the evaluation suite"),
        Action("evaluation.record", "evaluation", "recorded an evaluation of", is_activity=True),
        Action("evaluation.sign", "evaluation", "signed off an evaluation of", is_activity=True),
        Action("lineage.add", "version", "told more of the lineage of", is_activity=True),
        Action("lineage.remove", "version", "took off some of the lineage of", is_activity=True),
        Action("consumer.add", "version", "named a consumer of", is_activity=True),
        Action("consumer.remove", "version", "took off a consumer of", is_activity=True),
        Action("lineage.tell", "version", "told the owners of what a change reaches"),
        Action("card.generate", "version", "generated the model card of", is_activity=True),
        Action("card.annotate", "version", "annotated the model card of", is_activity=True),
        Action("card.publish", "version", "published the model card of", is_activity=True),
        Action("card.discard", "version", "discarded the draft of the model card of", is_activity=True),
        Action("environment.create", "environment", "created the environment"),
        Action("environment.update", "environment", "changed the environment"),
        Action("environment.end", "environment", "ended the environment"),
        Action("deployment.read", "deployment", "looked at deployments"),
        Action("deployment.record", "deployment", "recorded a deployment of", is_activity=True),
        Action("deployment.rollback", "deployment", "rolled back", is_activity=True),
        Action("notice.read", "user", "looked at what they were told"),
        Action("notice.set", "user", "chose what they are told"),
        Action("webhook.read", "webhook", "looked at webhooks"),
        Action("webhook.create", "webhook", "created the webhook"),
        Action("webhook.update", "webhook", "changed the webhook"),
        Action("webhook.rotate", "webhook", "made a new secret for the webhook"),
        Action("webhook.send", "webhook", "had a message sent by the webhook"),
        Action("webhook.end", "webhook", "ended the webhook"),
        Action("artifact.upload", "artifact", "uploaded", is_activity=True),
        Action("artifact.remove", "artifact", "removed", is_activity=True),
        Action("artifact.link", "artifact", "made a download link for"),
        Action("artifact.download", "artifact", "began to download"),
        Action("artifact.download_end", "artifact", "ended the download of"),
        Action("download.read", "artifact", "looked at who downloaded"),
        Action("bundle.link", "version", "made a download link for all files of"),
        Action("bundle.download", "version", "began to download all files of"),
        Action("bundle.download_end", "version", "ended the download of all files of"),
        Action("artifact.quarantine", "artifact", "quarantined", is_activity=True),
        Action("artifact.restore", "artifact", "stored anew", is_activity=True),
        Action("artifact.scan", "artifact", "looked through", is_activity=True),
        Action("artifact.rescan", "artifact", "asked to look again through", is_activity=True),
        Action("artifact.release", "artifact", "released for a time", is_activity=True),
        Action("artifact.waive", "artifact", "accepted for a time", is_activity=True),
        Action("artifact.end_waiver", "artifact", "ended the release or waiver of", is_activity=True),
        Action("digest.read", "artifact", "looked up a digest"),
        Action("format.read", "format", "looked at the formats"),
        Action("format.add", "format", "listed a further format"),
        Action("format.end", "format", "took a format off the list"),
        Action("storage.read", "registry", "looked at the file store"),
        Action("storage.check", "registry", "had stored files checked"),
        Action("key.read", "registry", "looked at the keys"),
        Action("key.rotate", "key", "made a key for stored files"),
        Action("key.rewrap", "key", "wrapped the keys of stored files anew"),
        Action("key.retire", "key", "let an old key go"),
        Action("key.escrow", "registry", "made a copy of the keys to keep elsewhere"),
        Action("key.confirm", "registry", "confirmed that the keys are kept elsewhere"),
        Action("audit.read", "audit", "looked at the audit log"),
        Action("audit.export", "audit", "exported the audit log"),
        Action("incident.create", "incident", "reported an incident"),
        Action("incident.update", "incident", "updated an incident"),
        Action("job.read", "job", "looked at background jobs"),
        Action("job.retry", "job", "had a failed job tried again"),
        Action("metrics.read", "registry", "read the metrics"),
        Action("registry.backup", "registry", "began a backup of this registry"),
        Action("registry.restore", "registry", "restored this registry from a backup"),
        Action("request.refuse", "request", "sent a request that was refused"),
    )
}
