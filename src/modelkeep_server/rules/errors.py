"""
Every way the registry says no, drawn as one tree.

    RegistryError                     status  code
    ├── Malformed                     400     malformed_request
    ├── (of rules/login_errors.py)    400
    ├── NotSignedIn                   401     not_signed_in
    ├── ConfirmNeeded                 403     confirm_needed
    ├── Refused                       403     (an act that was refused is an event)
    │   ├── NotPermitted              403     not_permitted
    │   ├── DutiesOverlap             403     separation_of_duties
    │   ├── SignInFailed              401     sign_in_failed
    │   ├── TokenRefused              401     not_signed_in
    │   ├── ForgedRequest             403     forged_request
    │   ├── LinkExpired               403     link_expired
    │   └── LinkRefused               403     link_refused
    ├── NotFound                      404     not_found
    ├── Conflict                      409     conflict
    │   ├── NameTaken                 409     name_taken
    │   ├── StateForbids              409     state_forbids
    │   ├── OffsetDiffers             409     offset_differs
    │   ├── DigestDiffers             409     digest_differs
    │   └── IntegrityBroken           409     integrity
    ├── Gone                          410     gone
    ├── Stale                         412     stale_edit
    ├── ProtocolDiffers               412     protocol_differs
    ├── TooLarge                      413     too_large
    │   └── QuotaExceeded             413     quota_exceeded
    ├── NotAccepted                   415     not_accepted
    ├── RangeUnsatisfiable            416     range_unsatisfiable
    ├── Invalid                       422     invalid_input
    ├── RequirementsUnmet             422     requirements_not_met
    ├── TooMany                       429     too_many_requests
    ├── ChecksumDiffers               460     checksum_differs
    └── Unavailable                   503     unavailable
        ├── Contended                 503     contended
        └── TookTooLong               503     took_too_long

The four of a command line that signs in (400) stand in rules/login_errors.py.

Each error carries what happened (`detail`), how to mend it (`remedy`) and, for input, the fields at fault. Where a
chapter of the guide explains more, `help` names it with its heading.
Interfaces draw it once each: problem+json, a page, a message on a form.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """
    One field and what is wrong with it, in words a person can act on. `field` is the JSON name, dotted for inner
    keys. Of a text that is read like a query, `position` and `length` say which of its characters are at fault, and
    `suggestion` is the whole text put right.
    """

    field: str
    message: str
    position: int | None = None
    length: int | None = None
    suggestion: str | None = None


class RegistryError(Exception):
    """The root of the tree. Raise a leaf, never this."""

    status = 500
    code = "internal_error"
    title = "Something went wrong"
    remedy = "Try again. If it happens again, report it with the request id."
    help: str | None = None

    def __init__(
        self,
        detail: str,
        *,
        remedy: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after_seconds: int | None = None,
        rule: str | None = None,
        way: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        #: Where a page leads on to: the words of a button and the address of a page of this registry.
        self.way = way
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
        self.rule = rule or self.code
        if remedy is not None:
            self.remedy = remedy


class Malformed(RegistryError):
    """The request cannot be read at all."""

    status = 400
    code = "malformed_request"
    title = "The request cannot be read"
    remedy = "Send well-formed JSON in UTF-8, as the API reference shows it."


class NotSignedIn(RegistryError):
    """Nobody is known to be asking."""

    status = 401
    code = "not_signed_in"
    title = "You are not signed in"
    remedy = "Sign in, or send a token as `Authorization: Bearer ...`."
    help = "getting-started#sign-in"


class ConfirmNeeded(RegistryError):
    """The session is signed in for too long to do this: the person shows once more who they are, and goes on."""

    status = 403
    code = "confirm_needed"
    title = "Confirm that it is you"
    remedy = "Confirm it at /confirm, then do this again. Programs use a token with the scope."
    help = "people#confirm-that-it-is-you"


class Refused(RegistryError):
    """An act that was understood and refused. Leaves an event of its own behind."""

    status = 403
    code = "refused"
    title = "This was refused"


class NotPermitted(Refused):
    """The person lacks the role, the relation to the object, or the token's scope."""

    code = "not_permitted"
    title = "You may not do this"
    remedy = "Ask an Admin for the role, or an owner of the model to do it."
    help = "troubleshooting#permission-denied"


class DutiesOverlap(Refused):
    """Who owns or made something decides nothing about it, whatever their roles (separation of duties)."""

    code = "separation_of_duties"
    title = "Somebody else has to decide this"
    remedy = "Ask somebody with the role who never owned the model and touched none of its versions."
    help = "troubleshooting#permission-denied"


class SignInFailed(Refused):
    """Unknown person, wrong passphrase, used or expired one-time link: never says which of the first two."""

    status = 401
    code = "sign_in_failed"
    title = "That did not sign you in"
    remedy = "Check the e-mail address and the passphrase, or ask an Admin for a new link."
    help = "troubleshooting#you-cannot-sign-in"


class TokenRefused(Refused):
    """A token was sent and is not one of ours, has expired, or was revoked."""

    status = 401
    code = "not_signed_in"
    title = "This token does not sign you in"
    remedy = "Create a new token on your profile page, or ask an operator for one."
    help = "troubleshooting#a-token-is-refused"


class ForgedRequest(Refused):
    """A write that a page of another site may have sent (CSRF)."""

    code = "forged_request"
    title = "This request did not come from a page of this registry"
    remedy = "Open the page again and repeat what you did there. Programs send a token instead of a cookie."


class LinkExpired(Refused):
    """A download link past its time."""

    code = "link_expired"
    title = "This link has expired"
    remedy = "Ask for a new link on the version's Artifacts tab."
    help = "artifact-management#download-links"


class LinkRefused(Refused):
    """A download link that no longer opens: its maker lost the right, or the version moved on."""

    code = "link_refused"
    title = "This link does not open any more"
    remedy = "Ask for a new link on the version's Artifacts tab."
    help = "artifact-management#download-links"


class NotFound(RegistryError):
    """Not there, or not visible to this person: the two are one answer on purpose."""

    status = 404
    code = "not_found"
    title = "Not found"
    remedy = "Check the address. What you may not see is not shown either; an owner can let you in."
    help = "roles#restricted-models"


class Conflict(RegistryError):
    """The present state of things does not allow it."""

    status = 409
    code = "conflict"
    title = "This conflicts with what is there"
    remedy = "Look at the present state and try again."


class NameTaken(Conflict):
    """A name or number that must be unique is in use."""

    code = "name_taken"
    title = "That name is taken"
    remedy = "Choose another name."
    help = "troubleshooting#a-name-is-taken"


class StateForbids(Conflict):
    """The version's or model's state does not allow the act."""

    code = "state_forbids"
    title = "The present state does not allow this"
    help = "version-management#version-states"


class OffsetDiffers(Conflict):
    """Bytes of an upload that do not begin where the last ones ended. `offset_bytes` says where that is."""

    offset_bytes = 0
    code = "offset_differs"
    title = "The upload goes on somewhere else"
    remedy = "Ask with HEAD how far it is, and go on from there."
    help = "troubleshooting#version-upload-issues"


class DigestDiffers(Conflict):
    """A decision on other content than the version has."""

    code = "digest_differs"
    title = "The content is not the one that was judged"
    remedy = "Load the review again, look at what changed, and decide on what is there now."
    help = "version-management#promoting-versions"


class IntegrityBroken(Conflict):
    """Stored bytes or rows are not what was recorded. Nothing is served."""

    code = "integrity"
    title = "What is stored is not what was recorded"
    remedy = "The file is quarantined. Tell an Admin or a Security Architect; upload it again in a new version."
    help = "troubleshooting#a-file-is-quarantined"


class Gone(RegistryError):
    """It was there, and its time is over."""

    status = 410
    code = "gone"
    title = "This is not there any more"
    remedy = "Begin anew."


class Stale(RegistryError):
    """Somebody else changed it since it was read. `errors` names what they changed, `revision` is the present one."""

    revision = 0
    status = 412
    code = "stale_edit"
    title = "It was changed in the meantime"
    remedy = "Load it again, look at what changed, and repeat your edit."
    help = "troubleshooting#it-was-changed-in-the-meantime"


class ProtocolDiffers(RegistryError):
    """A resumable upload without the version of its protocol, or with one that is not spoken here (tus 1.0, 2.2)."""

    status = 412
    code = "protocol_differs"
    title = "That version of the protocol is not spoken here"
    remedy = "Send the header `Tus-Resumable: 1.0.0`."


class TooLarge(RegistryError):
    """More bytes than allowed."""

    status = 413
    code = "too_large"
    title = "That is too large"
    remedy = "Send less, or ask an Admin to raise the limit."
    help = "troubleshooting#version-upload-issues"


class QuotaExceeded(TooLarge):
    """The group, or the person, has no room left."""

    code = "quota_exceeded"
    title = "No room left"
    remedy = "Remove files of drafts that nobody needs, or ask an operator to raise the quota."


class NotAccepted(RegistryError):
    """A content type or file format that is not accepted."""

    status = 415
    code = "not_accepted"
    title = "That format is not accepted"
    remedy = "Send `application/json`."
    help = "troubleshooting#version-upload-issues"


class RangeUnsatisfiable(RegistryError):
    """A Range that lies outside the file of `size_bytes`."""

    size_bytes = 0
    status = 416
    code = "range_unsatisfiable"
    title = "That range lies outside the file"
    remedy = "Ask for bytes within the size of the file."


class Invalid(RegistryError):
    """Input that was read and is wrong; `errors` names each field at fault."""

    status = 422
    code = "invalid_input"
    title = "Some of the input needs correcting"
    remedy = "Correct the fields named and send it again. Nothing was saved."

    @classmethod
    def of(cls, errors: Sequence[FieldError]) -> "Invalid":
        """The error for these fields, with a sentence that counts them."""
        what = "One thing to correct" if len(errors) == 1 else f"{len(errors)} things to correct"
        return cls(f"{what}: {', '.join(dict.fromkeys(e.field for e in errors))}.", errors=errors)


class RequirementsUnmet(RegistryError):
    """What a move demands is not there. `errors` names each requirement by its id, with its reason. Nothing changed."""

    status = 422
    code = "requirements_not_met"
    title = "Not everything that this takes is there"
    remedy = "Meet what is named, or ask for an exception; then do it again."
    help = "version-management#requirements"


class TooMany(RegistryError):
    """More requests than allowed in this time."""

    status = 429
    code = "too_many_requests"
    title = "Too many tries"
    remedy = "Wait a little, then try again."
    help = "troubleshooting#too-many-tries"


class ChecksumDiffers(RegistryError):
    """Bytes that do not have the checksum that came with them (tus 1.0, extension checksum). Nothing of them counts."""

    status = 460
    code = "checksum_differs"
    title = "The bytes were changed on their way"
    remedy = "Send them again, from the same offset."
    help = "troubleshooting#version-upload-issues"


class Unavailable(RegistryError):
    """A part the registry needs does not answer. Nothing was changed."""

    status = 503
    code = "unavailable"
    title = "The registry cannot do this right now"
    remedy = "Try again in a moment."
    help = "troubleshooting#the-registry-does-not-answer"


class Contended(Unavailable):
    """Somebody else was changing the same thing at the same moment. Nothing was changed."""

    code = "contended"
    title = "Somebody else was changing the same thing"
    remedy = "Nothing was changed. Try again."


class TookTooLong(Unavailable):
    """A question that the database was made to give up. Nothing was changed."""

    code = "took_too_long"
    title = "That takes too long"
    remedy = "Nothing was changed. Ask for less at once; if it happens again, tell an Admin."
