"""Small helpers between forms and handlers: what was typed, what is wrong with it, and where to go next."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from starlette.datastructures import FormData

from modelkeep_server.rules.emails import find_email_fault
from modelkeep_server.rules.errors import FieldError, Invalid

T = TypeVar("T")

FILTER_CHARS_MAX = 400
_ENCODED = {code: quote_plus(chr(code)) for code in range(128)}

#: The notice a page shows after a redirect to `?done=<code>`: fixed sentences, so that an address can inject nothing.
NOTICES: Mapping[str, str] = {
    "claimed": "You are the first Admin. Next: invite people. Whoever has the role Model Owner registers models.",
    "accepted": "Welcome. Your account is ready.",
    "webhook": "Saved. What happens from now on is told there.",
    "webhook-sent": "It is on its way. Load the page again in a moment to see the answer.",
    "webhook-ended": "The webhook is ended. Nothing is sent there any more.",
    "model": "The model is registered. Next: create its first version.",
    "version": "The version is created as a draft. Next: upload its artifacts.",
    "edited": "Saved. What changed, and who changed it, is on record.",
    "shared": "They are in. What they may do ends when you end it, or by itself where you said when.",
    "unshared": "Their access is ended, and so are their download links.",
    "transferred": "The model has its new owners. Who lost and gained it is on record.",
    "retired": "The model is retired, with all its versions. It can still be read.",
    "closed": "The version is closed. It takes no edit, file or move until it is reopened.",
    "reopened": "The version is open again, in the state in which it was closed.",
    "access-asked": "Your request is with the owners. Their answer will stand here and on your dashboard.",
    "access-granted": "They are let in to read and download, until the day you gave.",
    "access-refused": "Your answer stands on their dashboard.",
    "access-withdrawn": "Your request is taken back.",
    "card": "The model card is generated. Read it, annotate what only people know, then publish it.",
    "annotated": "Your annotation stands there, with your name.",
    "annotation-ended": "Your annotation is taken back.",
    "card-discarded": "The draft is discarded. Annotations are kept, and stand in the next one.",
    "card-published": "Published. This revision never changes; its digest is in the audit log.",
    "evaluation": "The evaluation is recorded. What came of each threshold stands below.",
    "evaluation-unjudged": "The evaluation is recorded against no suite: the numbers are kept, nothing judged them.",
    "lineage-dataset": "The dataset is tracked. Next: link the commit that the version was trained from.",
    "lineage-feature-pipeline": "The feature pipeline is in the lineage.",
    "lineage-commit": "The commit is linked. Next: link the run that made the version.",
    "lineage-training-script": "The training script is in the lineage.",
    "lineage-preprocessing": "The preprocessing code is in the lineage.",
    "lineage-base-model": "The base model is linked. Whoever changes it finds this version.",
    "lineage-training-run": "The training run is linked.",
    "lineage-consumer": "The consumer is in the lineage. Whoever changes this version finds it.",
    "lineage-restored": "It is back, as it was told.",
    "owners-told": "The owners are told, with your message.",
    "signed-off": "Signed off, in your name.",
    "suite": "The suite is there. From now on it counts for every model that it is meant for.",
    "released": "The file is released. It can be downloaded until the day you gave.",
    "waived": "The file is accepted, until the day you gave.",
    "waiver-ended": "Ended. From now on the file stands as its verdict says.",
    "rescan": "The file is being looked through again. What is found will stand here.",
    "removed": "The file is taken out of this version.",
    "uploaded": "The files are stored, encrypted, and read back.",
    "search-saved": "The search is saved. Opened again, it finds what you may see by then.",
    "search-changed": "Saved. Whoever is told by it is told by what it asks now.",
    "search-shared": "Shared. Everybody who signs in finds it, and each sees by it what they may see.",
    "search-unshared": "You alone find it from now on. Who followed it is told no more.",
    "search-copied": "It is yours now. Name it as you like.",
    "search-taken-down": "Taken down. Whoever saved it keeps it, and reads why.",
    "search-allowed": "Allowed. Whoever saved it may share it again.",
    "search-restored": "It is back, as it was.",
    "alert-on": "You are told here of models that are registered from now on, match it, and that you may see.",
    "alert-off": "It tells you no more.",
    "notices-read": "Everything is marked as read.",
    "notices-chosen": "Saved. It counts from now on.",
    "token-revoked": "The token is revoked. Whatever used it is refused from now on.",
    "session-revoked": "That browser is signed out.",
    "job-retried": "The job is tried again now.",
    "format-listed": "The format is listed.",
    "format-ended": "The format is off the list.",
    "approvals-added": "Asked for. They count from the next decision on.",
    "approvals-ending": "Noted. They are asked for until an MRC or a Security Architect confirms that.",
    "approvals-ended": "They are asked for no more, from the next decision on.",
    "approvals-stand": "They are asked for as before.",
    "check-began": "Every stored file is read through from now on. This page shows how far that is.",
    "check-runs": "A check of all files is under way already.",
    "keys-confirmed": "Noted: a copy of these keys is kept elsewhere.",
    "sessions-revoked": "Your other browsers are signed out.",
    "passphrase": "Your passphrase is changed, and your other browsers are signed out.",
    "renewed": "Your new passphrase is set. Every other browser of yours is signed out.",
    "granted": "The role is granted, from now on.",
    "asked": "The grant waits for a second Admin, who confirms or declines it.",
    "role-ended": "The role is taken away, from now on.",
    "confirmed": "The role is granted, from now on.",
    "declined": "The grant is declined.",
    "disabled": "The account is disabled. Its sessions, tokens and links ended at once.",
    "enabled": "The account is enabled again.",
    "ended": "Their sessions and tokens ended at once.",
    "link-revoked": "The link is taken back. Whoever has it finds it used.",
    "incident": "The incident is reported. It stands on every page until it is resolved.",
    "incident-updated": "The update is posted.",
    "signed-out": "You are signed out.",
    "connected": "Connected. You can sign in this way from now on.",
    "disconnected": "Disconnected. It signs you in no more.",
    "environment": "The environment is there. Next: record what is live in it.",
    "environment-ended": "The environment is retired. Its history stays.",
    "deployed": "Recorded. This is what is live from now on.",
    "deployed-already": "That is live already, so nothing was recorded. It stands as it did.",
    "rolled-back": "Rolled back. What was live before is live again.",
    "saved": "Saved. What changed, and who changed it, is on record.",
    "team": "The team is there. Name its address among the owners of a model, and its members own it.",
    "member": "They are in the team, and own what it owns from now on.",
    "left": "They are out of the team. What they owned through it ended at once.",
    "team-ended": "The team is ended. Nobody owns anything through its address.",
    "team-revived": "The team is back, with nobody in it. Add its members.",
    "policy": "The policy is written. Where it is on, it is asked from now on.",
    "policy-waits": "Saved as a proposal. Until a second person confirms it, the policy stays as it was.",
    "policy-confirmed": "The change is in force.",
    "policy-declined": "The policy stays as it was.",
    "exception-asked": "Asked for. It lifts nothing until it is granted.",
    "exception-granted": "Your grant stands.",
    "exception-refused": "Refused. Your reason stands here.",
    "exception-withdrawn": "Taken back.",
    "exception-ended": "Ended. The policy stops this version again.",
    "service": "The service account is there. Next: make a token for it.",
    "service-ended": "The service account is ended. Its tokens are refused from now on.",
    "requested": "The promotion is requested. Its content is frozen, and the reviewers see it in their queue.",
    "withdrawn": "The request is taken back.",
    "staged": "The version is in staging.",
    "in-production": "The version is in production.",
    "deprecated": "The version is deprecated: it is marked for replacement.",
    "version-retired": "The version is retired. It can still be read.",
    "held": "The version is on hold. It moves nowhere, and no new download link is made, until that is lifted.",
    "attested": "Noted, with your name, on this content. The next review is counted from today.",
    "lifted": "The hold is lifted.",
    "approved": "Your approval is given, with your name, on this content.",
    "changes": "The owners see what you ask for. The version comes back to you when they ask again.",
    "changes-blocked": "The owners see it. Settle your finding when it is mended; then they can ask again.",
    "commented": "Your comment stands in the discussion.",
    "found": "The finding is raised. Its owner answers for it.",
    "settled": "The finding is settled.",
}


#: Where a notice leads: address and words.
NOTICE_LINKS: Mapping[str, tuple[str, str]] = {"claimed": ("/admin/invitations", "Invite people")}


def find_notice(code: str | None) -> str | None:
    """The sentence for `?done=<code>`, or None where there is none."""
    return NOTICES.get(code or "")


def find_notice_link(code: str | None) -> tuple[str, str] | None:
    """Where the notice for `?done=<code>` leads, and how that is called."""
    return NOTICE_LINKS.get(code or "")


def split_entries(text: str) -> tuple[str, ...]:
    """The entries of an owners or tags field, in order, each once: apart by commas, semicolons or blanks."""
    return tuple(dict.fromkeys(entry for entry in re.split(r"[,;\s]+", text) if entry))


def errors_by_field(errors: Iterable[FieldError]) -> dict[str, str]:
    """The first message of each field, for a form's `errors`."""
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error.field, error.message)
    return messages


def read_filters(query: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What an address says of these filters, each cut to what a filter may hold."""
    return {name: query.get(name, "").strip()[:FILTER_CHARS_MAX] for name in names}


def ask_what_can_be(values: Mapping[str, str], ask: Callable[[Mapping[str, str]], T]) -> tuple[T, dict[str, str]]:
    """
    What a list answers, and one sentence for each filter at fault: the list stays, and those filter nothing.

    Args:
        ask: Asks by the filters given. Raises Invalid, which is passed on where no filter is to blame.
    """
    errors: dict[str, str] = {}
    while True:
        asked = {name: value for name, value in values.items() if name not in errors}
        try:
            return ask(asked), errors
        except Invalid as error:
            found = errors_by_field(error.errors)
            if not found.keys() & {name for name, value in asked.items() if value}:
                raise
            errors |= found


def href_of(path: str, query: Mapping[str, str]) -> str:
    """An address with its query, percent-encoded."""
    return f"{path}?{'&'.join(f'{name}={_encode(value)}' for name, value in query.items())}" if query else path


def _encode(text: str) -> str:
    # As `quote_plus` has it, which takes five times as long: the catalogue has hundreds of such addresses.
    return text.translate(_ENCODED) if text.isascii() else quote_plus(text)


def model_as_json(values: Mapping[str, Any]) -> str:
    """The create form as the API takes it: the guide's fields always, the others once they are filled."""
    typed = {name: values.get(name, "") for name in ("name", "group", "description")}
    body: dict[str, Any] = {**typed, "owners": split_entries(values.get("owners", ""))}
    body |= {"riskTier": values.get("riskTier", ""), "tags": split_entries(values.get("tags", ""))}
    for name in ("documentationUrl", "repositoryUrl", "riskRationale"):
        body |= {name: values[name]} if values.get(name) else {}
    for name in ("visibility", "origin"):
        body |= {name: values[name]} if values.get(name, "INTERNAL") != "INTERNAL" else {}
    return json.dumps(body, indent=2, ensure_ascii=False)


def text_of(form: FormData | Mapping[str, str], name: str) -> str:
    """What was typed into a control, with line ends as one character; empty where the form has no such control."""
    typed = form.get(name)
    return typed.replace("\r\n", "\n") if isinstance(typed, str) else ""


def href_of_version(model: str, version: str) -> str:
    """The address of a version's page; the `+` of build metadata is escaped."""
    return f"/models/{model}/versions/{quote(version, safe='')}"


def href_of_file(model: str, version: str, path: str) -> str:
    """The address of the page of a file."""
    return f"{href_of_version(model, version)}/artifacts/{quote(path)}"


def person_errors(email: str, name: str) -> dict[str, str]:
    """What is wrong with a new person's e-mail and name, by control."""
    fault = find_email_fault(email.strip())
    errors = {"email": f"This {fault}."} if fault else {}
    return errors if name.strip() else {**errors, "name": "Your name is needed."}


def inside(address: str) -> str:
    """An address of this registry to go on to; anything that leads elsewhere becomes the home page."""
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if safe and "\\" not in address else "/"
