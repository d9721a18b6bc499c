"""What an operator on the server's host can ask for, as one table: a name, and what it does."""

import socket
from collections.abc import Callable, Mapping
from typing import Any

from modelkeep_server.app import CannotStart, House, open_house
from modelkeep_server.features.activity import queries as activity
from modelkeep_server.features.audit import service as audit
from modelkeep_server.features.audit import verify
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.features.identity.tokens import service as tokens
from modelkeep_server.features.lineage import projection as lineage
from modelkeep_server.features.notify.sending import send_test
from modelkeep_server.features.search.indexing import checking, reindexing
from modelkeep_server.operate import key_operations
from modelkeep_server.operate.backing_up import back_up
from modelkeep_server.operate.progress import Progress, Tell
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.ports import KeyMissing, KeyUnusable, MailFailed
from modelkeep_server.rules.errors import FieldError, Invalid, RegistryError, Unavailable
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings

Operation = Callable[[House, Mapping[str, Any]], dict[str, Any]]
LongOperation = Callable[[House, Mapping[str, Any], Tell], dict[str, Any]]


def create_token(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A token for a person, made here where they are new. `roles` is a list of names."""
    roles = read_roles(asked["roles"])
    with house.writing() as work:
        token = tokens.create_token_by_operator(
            work, host=socket.gethostname(), email=asked["email"], roles=roles, days=asked["days"]
        )
    return {"token": token.secret, "expiresAt": token.row.expires_at.isoformat()}


def invite(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A one-time link for a person."""
    roles = read_roles(asked["roles"]) if asked["roles"] else []
    with house.writing() as work:
        made = invitations.invite_by_operator(work, host=socket.gethostname(), email=asked["email"], roles=roles)
    return {"url": f"{house.address}{made.path}", "expiresAt": made.expires_at.isoformat()}


def verify_audit(house: House, _: Mapping[str, Any]) -> dict[str, Any]:
    """Verify the whole log and every governed row, then sign the head of one that holds."""
    with house.reading() as work:
        verdict = verify.verify_log(work)
    # Signed first, a head that was made up together with its events would vouch for them.
    if verdict.ok:
        with house.writing() as work:
            audit.sign_head(work)
    findings = [{"sequence": f.sequence, "message": f.message} for f in verdict.findings]
    return {"size": verdict.size, "root": verdict.root, "rows": verdict.rows_checked, "findings": findings}


def reindex(house: House, _: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Write the catalogue's index anew a little at a time, then the lineage graph and the activity index at once."""
    count = reindexing.reindex(house.database, house.parts, _step(tell))
    tell("lineage and activity")
    with house.writing() as work:
        activity.rebuild(work)
        work.rebuild_row_writers()
        return {"models": count, "versions": lineage.rebuild(work)}


def check_index(house: House, _: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Whether the catalogue's index is what it would be if it were written anew."""
    found = checking.check(house.database, house.parts, _step(tell))
    return {
        "models": found.models,
        "differing": found.differing,
        "named": list(found.named),
        "faults": list(found.faults),
    }


def _step(tell: Tell) -> Callable[[int, int], None]:
    progress = Progress(tell)
    return lambda done, total: progress(lambda: f"catalogue: {done:,} of {total:,} models")


def test_mail(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Send one mail at once, and say what the server answered."""
    if house.mailer is None:
        raise Unavailable("No mail server is set up: set MODELKEEP_SMTP_URL and MODELKEEP_MAIL_FROM.")
    try:
        registry_id = house.parts.keys.registry_id
        said = send_test(house.mailer, to=asked["to"], address=house.address, registry_id=registry_id)
    except MailFailed as error:
        raise Unavailable(f"{error}\n  the server said: {error.said or 'nothing'}") from error
    return {"answer": said}


OPERATIONS: dict[str, Operation] = {
    "admin.create-token": create_token,
    "admin.invite": invite,
    "admin.test-mail": test_mail,
    "audit.verify": verify_audit,
    "keys.confirm": key_operations.confirm,
    "keys.copy": key_operations.note_copy,
    "keys.retire-old": key_operations.retire_old,
    "keys.show": key_operations.show,
}

#: Those that take long: they tell how far they are, and end where nobody listens any more.
LONG_OPERATIONS: dict[str, LongOperation] = {
    "admin.check-index": check_index,
    "admin.reindex": reindex,
    "backup": back_up,
    "keys.rotate": key_operations.rotate,
}


def read_roles(names: list[str]) -> list[Role]:
    """Roles from their names, in any case. Raises Invalid."""
    unknown = [name for name in names if name.upper() not in list(Role)]
    if unknown or not names:
        raise Invalid.of([FieldError("roles", f"{', '.join(unknown) or 'None'}: choose from {', '.join(Role)}.")])
    return [Role(name.upper()) for name in names]


def perform_here(settings: Settings, name: str, asked: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Do one operation in this process. The caller holds the data folder. Raises OperationRefused."""
    try:
        with open_house(settings) as house:
            if name in LONG_OPERATIONS:
                return LONG_OPERATIONS[name](house, asked, tell)
            return OPERATIONS[name](house, asked)
    except (CannotStart, KeyMissing, KeyUnusable) as error:
        raise OperationRefused(str(error)) from error
    except RegistryError as error:
        raise OperationRefused(say(error)) from error


def say(error: RegistryError) -> str:
    """An error of the registry for a terminal: what happened, and each field at fault on a line of its own."""
    return error.detail + "".join(f"\n  {fault.field}: {fault.message}" for fault in error.errors)
