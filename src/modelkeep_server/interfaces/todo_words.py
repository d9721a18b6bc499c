"""What waits for somebody in words: what it is, what to do about it, and the page where that is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote, urlencode

from modelkeep_server.features.artifacts.judging.withheld import FilesOfVersion
from modelkeep_server.features.home.views import BareModel, Kind, OpenDraft, Waiting
from modelkeep_server.features.identity.people.views import RoleRequest
from modelkeep_server.features.identity.views import TokenRow
from modelkeep_server.features.models.views import AccessRequest
from modelkeep_server.rules.approvals import RiskTier
from modelkeep_server.rules.lifecycle import STATES, State
from modelkeep_server.rules.permissions import ROLES, Role

FIELDS_NAMED = 3
QUOTED_CHARS = 160


class Part(StrEnum):
    """The list that a thing stands in: by what it takes. What is UNDER_WAY waits for others."""

    DECIDE = "DECIDE"
    JUDGE = "JUDGE"
    MOVE = "MOVE"
    RETIRE = "RETIRE"
    OWN = "OWN"
    ANSWER = "ANSWER"
    CONFIRM = "CONFIRM"
    YOURS = "YOURS"
    UNDER_WAY = "UNDER_WAY"


PARTS: Mapping[Kind, Part] = {
    Kind.REVIEW: Part.DECIDE,
    Kind.SETTLE: Part.DECIDE,
    Kind.EXCEPTION: Part.DECIDE,
    Kind.POLICY: Part.DECIDE,
    Kind.ROLE: Part.CONFIRM,
    Kind.FILES_TO_JUDGE: Part.JUDGE,
    Kind.MOVE: Part.MOVE,
    Kind.TAKE_OFF: Part.MOVE,
    Kind.RETIRE: Part.RETIRE,
    Kind.CHANGES: Part.OWN,
    Kind.ASK: Part.OWN,
    Kind.DRAFT: Part.OWN,
    Kind.MODEL: Part.OWN,
    Kind.FILES: Part.OWN,
    Kind.EXCEPTION_ENDS: Part.OWN,
    Kind.ACCESS: Part.ANSWER,
    Kind.FINDING: Part.YOURS,
    Kind.SHARED: Part.YOURS,
    Kind.ACCESS_ENDS: Part.YOURS,
    Kind.TOKEN_ENDS: Part.YOURS,
    Kind.HOLD: Part.YOURS,
    Kind.REQUEST: Part.UNDER_WAY,
    Kind.EXCEPTION_ASKED: Part.UNDER_WAY,
}


_CAREFUL = (
    Kind.FILES, Kind.FILES_TO_JUDGE, Kind.EXCEPTION_ENDS, Kind.FINDING, Kind.ACCESS_ENDS, Kind.TOKEN_ENDS, Kind.HOLD,
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """
    One thing that waits. `what` says which, `cure` what to do or where it stands, `button` is the word for going there.

    `model` is `group/name`, None where it is about no model; `title` names what it is about then. `state` is the
    version's. `since` is when it began to wait, `due_at` until when it is to be done, None where there is no such day.
    `href` is the page, without the registry's own address.
    """

    kind: Kind
    icon: str
    what: str
    cure: str
    since: datetime
    href: str
    button: str
    model: str | None = None
    version: str | None = None
    title: str = ""
    state: State | None = None
    tier: RiskTier | None = None
    due_at: datetime | None = None

    @property
    def part(self) -> Part:
        """The list it stands in."""
        return PARTS[self.kind]

    @property
    def tone(self) -> State | None:
        """The state whose colour its mark has: its own, or that of what asks for care."""
        return State.CHANGES_REQUESTED if self.kind in _CAREFUL else self.state

    @property
    def name(self) -> str:
        """The name of its model, without the group, or of what else it is about."""
        return self.model.partition("/")[2] if self.model else self.title

    @property
    def sort_key(self) -> tuple[bool, datetime, datetime]:
        """What is due first stands first; what has no such day comes after it, the oldest first."""
        return self.due_at is None, self.due_at or self.since, self.since


def page_of(model: str, version: str | None = None, below: str = "") -> str:
    """The page of a model or version, or one below it."""
    of_version = f"/versions/{quote(version, safe='')}" if version else ""
    return f"/models/{model}{of_version}{below}"


def of_waiting(one: Waiting) -> Task:
    """What the one statement of features/home/waiting.py tells."""
    icon, what, cure, href, button = _SAYING[one.kind](one)
    return Task(
        one.kind, icon, what, cure.strip(), one.since, href, button,
        model=one.model, version=one.version, title=one.word or "", state=one.state, tier=one.risk_tier,
        due_at=one.due_at,
    )  # fmt: skip


def _quoted(text: str | None) -> str:
    said = " ".join((text or "").split())
    return f"“{said[:QUOTED_CHARS]}{'...' if len(said) > QUOTED_CHARS else ''}”" if said else ""


def _who(email: str | None) -> str:
    return email or "somebody"


def _labels(roles: Sequence[Role], joined: str) -> str:
    return joined.join(ROLES[role].label for role in roles)


def _standing(one: Waiting, done: str) -> str:
    """Who gave what is asked for, and for whom it waits."""
    given = f"{_labels(one.given, ' and ')} {done}. " if one.given else ""
    still = " and ".join(dict.fromkeys(_labels(roles, " or ") for roles in one.still))
    return f"{given}Waits for {still}." if still else given


def _review(one: Waiting) -> tuple[str, str, str, str, str]:
    again = " again after changes" if one.said else ""
    cure = f"Asked{again} by {_who(one.by)}. {_standing(one, 'approved')}"
    return "scan-eye", f"Promotion to {(one.word or '').lower()}", cure, _at(one, "/review"), "Review"


def _request(one: Waiting) -> tuple[str, str, str, str, str]:
    what = f"Promotion to {(one.word or '').lower()}"
    return "scan-eye", what, _standing(one, "approved"), _at(one, "/review"), "Look"


def _exception(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = f"{_who(one.by)} asks to lift “{one.word}”. {_standing(one, 'granted it')}"
    return "shield-alert", "Exception asked", cure, f"/exceptions/{one.ref}", "Decide"


def _exception_asked(one: Waiting) -> tuple[str, str, str, str, str]:
    return (
        "shield-alert",
        f"Exception from “{one.word}”",
        _standing(one, "granted it"),
        f"/exceptions/{one.ref}",
        "Look",
    )


def _exception_ends(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = f"“{one.word}” counts again from then on. Meet it, or ask anew."
    return "hourglass", "Exception ends", cure, f"/exceptions/{one.ref}", "Look"


def _policy(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = f"{_who(one.by)} changed it, and a second person decides. {_quoted(one.said)}"
    return "scroll-text", "Policy to confirm", cure, f"/policies/{one.ref}", "Decide"


def _move(one: Waiting) -> tuple[str, str, str, str, str]:
    aim = (one.word or "").lower()
    return "badge-check", f"Ready for {aim}", f"Approved. Move it to {aim}.", _at(one, "#next"), "Move"


def _settle(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = f"{_quoted(one.said)} Settle it once it is mended: until then nobody can ask again."
    return "triangle-alert", "To settle: blocking finding", cure, f"/findings/{one.ref}", "Settle"


def _take_off(one: Waiting) -> tuple[str, str, str, str, str]:
    where = one.word or ""
    href = f"/deployments/record?{urlencode({'environment': where, 'model': one.model or ''})}"
    cure = f"Take it off {where}: until then no Admin can retire it."
    return "radio", f"Still live in {where} though deprecated", cure, href, "Take off"


def _ask(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = "It is in staging, and nobody asked for more yet. Its page says what production takes."
    return "rocket", "Ready to ask for production?", cure, _at(one, "#next"), "Ask"


def _retire(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = "Live nowhere. Retire it once nobody needs it: there is no way back."
    return "archive", "Deprecated", cure, _at(one, "#next"), "Retire"


def _finding(one: Waiting) -> tuple[str, str, str, str, str]:
    what = "Finding that blocks" if one.word == "BLOCKING" else f"Finding, {(one.word or '').lower()}"
    return "triangle-alert", what, _quoted(one.said), _at(one, "/reviews#findings"), "Open"


def _shared(one: Waiting) -> tuple[str, str, str, str, str]:
    cure = f"{_who(one.by)} let you in as a collaborator. Make a version, or change one and upload its files."
    return "user-check", "You may change it", cure, page_of(one.model or ""), "Begin"


def _access_ends(one: Waiting) -> tuple[str, str, str, str, str]:
    if one.word == "WRITE":
        return (
            "key-round",
            "Your access ends",
            "Ask an owner, if you go on working on it.",
            page_of(one.model or ""),
            "Look",
        )
    href = f"/access-requests/new?{urlencode({'model': one.model or ''})}"
    return "key-round", "Your access ends", "You may download until then. Ask anew if you need it longer.", href, "Ask"


def _hold(one: Waiting) -> tuple[str, str, str, str, str]:
    other = " Its risk is high: somebody else lifts it." if one.risk_tier is RiskTier.HIGH else ""
    return "lock", "On hold by you", f"{_quoted(one.said)}{other}", _at(one), "Look"


def _at(one: Waiting, below: str = "") -> str:
    return page_of(one.model or "", one.version, below)


_SAYING = {
    Kind.REVIEW: _review,
    Kind.SETTLE: _settle,
    Kind.TAKE_OFF: _take_off,
    Kind.ASK: _ask,
    Kind.REQUEST: _request,
    Kind.EXCEPTION: _exception,
    Kind.EXCEPTION_ASKED: _exception_asked,
    Kind.EXCEPTION_ENDS: _exception_ends,
    Kind.POLICY: _policy,
    Kind.MOVE: _move,
    Kind.RETIRE: _retire,
    Kind.FINDING: _finding,
    Kind.SHARED: _shared,
    Kind.ACCESS_ENDS: _access_ends,
    Kind.HOLD: _hold,
}


_AGAIN = "Answer the reviewers and submit it again."
_BLOCKED = (
    "A finding blocks it: mend it and say in the discussion what you did. "
    "Once an MRC or a Security Architect settled it, you can ask again."
)


def of_changes(one: Waiting, draft: OpenDraft | None) -> Task:
    """A version that its reviewers sent back; what else it lacks, where it can change."""
    said = f"{_who(one.by)}: {_quoted(one.said)}" if one.said else ""
    if draft is None and one.ref:
        return replace(_plain(one, "Changes requested"), cure=f"{said} {_BLOCKED}".strip(), href=f"/findings/{one.ref}")
    if draft is None:
        to = "Answer the reviewers, then ask for production again, or close it."
        return replace(_plain(one, "Changes requested"), cure=f"{said} {to}".strip(), href=_at(one, "/review"))
    task = of_draft(draft, finding=one.ref)
    return replace(task, kind=Kind.CHANGES, since=one.since, cure=f"{said} {task.cure}".strip())


def _plain(one: Waiting, what: str) -> Task:
    return Task(
        one.kind, "message-square-warning", what, "", one.since, _at(one), "Open",
        model=one.model, version=one.version, state=one.state, tier=one.risk_tier,
    )  # fmt: skip


def of_draft(draft: OpenDraft, *, finding: str | None = None) -> Task:
    """A version that can change and lacks something; `finding` is the id of one that blocks it."""
    href = page_of(draft.model, draft.version)
    asked = draft.state is State.CHANGES_REQUESTED
    lacking = [f"{len(draft.missing)} {'field' if len(draft.missing) == 1 else 'fields'}"] if draft.missing else []
    if not draft.has_weights:
        lacking.insert(0, "weights")
    what = f"{' and '.join(lacking)} missing".capitalize() if lacking else "Nothing missing"
    only_weights = not draft.missing and not draft.has_weights
    return Task(
        Kind.DRAFT,
        icon="message-square-warning" if asked else "upload" if only_weights else "list",
        what=STATES[State.CHANGES_REQUESTED].label if asked else what,
        cure=f"{f'{_BLOCKED if finding else _AGAIN} ' if asked else ''}{_cure_of(draft)}".strip(),
        since=draft.created_at,
        href=f"{href}/artifacts#upload" if not draft.has_weights else f"{href}/edit" if draft.missing else href,
        button="Upload" if not draft.has_weights else "Complete" if draft.missing else "Open",
        model=draft.model,
        version=draft.version,
        state=draft.state,
        tier=draft.risk_tier,
    )


def _cure_of(draft: OpenDraft) -> str:
    labels = [missing.label for missing in draft.missing]
    more = len(labels) - FIELDS_NAMED
    fields = ", ".join(labels[:FIELDS_NAMED]) + (f" and {more} more" if more > 0 else "")
    upload = "" if draft.has_weights else "Upload its weights. "
    return f"{upload}{f'Fill in {fields}.' if labels else ''}".rstrip()


def of_bare_model(bare: BareModel) -> Task:
    """A model without a version."""
    return Task(
        Kind.MODEL, "git-branch", "No version yet", "Create the first one, then upload its artifacts.",
        bare.created_at, page_of(bare.model, below="/versions/new"), "Create", model=bare.model, tier=bare.risk_tier,
    )  # fmt: skip


def of_token(token: TokenRow) -> Task:
    """A token that ends."""
    return Task(
        Kind.TOKEN_ENDS, "key-round", "Token ends",
        "What uses it stops working then. Create another and put it in its place.",
        token.created_at, "/profile", "Replace", title=token.name, due_at=token.expires_at,
    )  # fmt: skip


def of_access(asked: AccessRequest) -> Task:
    """A request for access."""
    return Task(
        Kind.ACCESS, "key-round", f"{asked.name} asks to download", _quoted(asked.purpose), asked.asked_at,
        f"/access-requests#request-{asked.id}", "Decide", model=asked.model, version=asked.version,
    )  # fmt: skip


def of_role(asked: RoleRequest) -> Task:
    """A role that waits for a second Admin."""
    return Task(
        Kind.ROLE, "user-check", "Role to confirm", f"Asked by {asked.asked_by} for {asked.name}.", asked.asked_at,
        "/admin/people#requests", "Decide", title=ROLES[asked.role].label,
    )  # fmt: skip


def of_files(files: FilesOfVersion, kind: Kind, cure: str, button: str) -> Task:
    """Files that wait, all of one version."""
    counted = (
        (files.blocked, "blocked"),
        (files.unknown, "not judged"),
        (files.damaged, "damaged"),
        (files.unfit, "not of the promised format"),
    )
    told = [f"{many} {'file' if many == 1 else 'files'} {word}" for many, word in counted if many]
    alone = files.count == 1
    below = f"/artifacts/{quote(files.path)}" if alone else "/artifacts#files-box"
    return Task(
        kind,
        icon="shield-x" if files.blocked or files.damaged or files.unfit else "circle-question-mark",
        what=", ".join(told),
        cure=f"{files.path}{'' if alone else f' and {files.count - 1} more'}: {cure}",
        since=files.since,
        href=page_of(files.model, files.version, below),
        button=button,
        model=files.model,
        version=files.version,
        state=files.state,
        tier=files.risk_tier,
    )


def cure_by_owner(files: FilesOfVersion) -> str:
    """What an owner does about files."""
    cures = []
    if files.blocked:
        cures.append("read what was found, then put a file without code in its place or ask Security to release it.")
    if files.damaged:
        cures.append("upload the same bytes again, and the damaged file stands everywhere anew.")
    if files.unfit:
        cures.append("remove what is not of the format that its type or name promises, and send it as what it is.")
    return " ".join(cures[:1] + [cure[0].upper() + cure[1:] for cure in cures[1:]])


def cure_by_security(files: FilesOfVersion) -> str:
    """What a Security Architect does about files."""
    if files.blocked and files.unknown:
        return "read what was found, then release or accept each for a time, or leave it."
    return f"read what was found, then {'release' if files.blocked else 'accept'} it for a time, or leave it."
