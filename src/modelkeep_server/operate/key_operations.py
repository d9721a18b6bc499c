"""What operators do with the keys of a registry that is open: show, rotate, confirm a copy, let old ones go."""

import socket
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from modelkeep_server.app import House
from modelkeep_server.features.keys import queries, service
from modelkeep_server.features.keys.service import Wrapped
from modelkeep_server.features.keys.views import Rewrapped
from modelkeep_server.operate.progress import Progress, Tell
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.ports import KeyMissing, KeyUnusable

_rotating = threading.Lock()

#: A pass finds what was wrapped by a server that had not taken up the new key; more than a few never find more.
_MOST_PASSES = 3


def show(house: House, _: Mapping[str, Any]) -> dict[str, Any]:
    """The keys without a secret."""
    house.parts.keys.follow()
    with house.reading() as work:
        found = queries.read_standing(work)
    escrow = None if found.escrow is None else {"at": found.escrow.at.isoformat(), "by": found.escrow.by}
    return {
        "registryId": found.registry_id,
        "fingerprint": found.fingerprint,
        "place": found.place,
        "escrow": escrow,
        "lost": found.lost,
        "waiting": found.waiting,
        "keys": [
            {"id": key.id, "createdAt": key.created_at.isoformat(), "files": key.files, "uploads": key.uploads}
            for key in found.keys
        ],
    }


def confirm(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Note that a copy is kept elsewhere, by its fingerprint."""
    house.parts.keys.follow()
    with house.writing() as work:
        service.confirm_by_operator(work, asked["fingerprint"], host=socket.gethostname())
    return {"fingerprint": house.parts.keys.fingerprint()}


def note_copy(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Note that a copy is about to be made, and say of which keys."""
    house.parts.keys.follow()
    with house.writing() as work:
        service.note_copy(work, host=socket.gethostname(), shares=asked["shares"], needed=asked["needed"])
    keys = house.parts.keys
    place = None if keys.place is None else str(keys.place)
    return {"registryId": keys.registry_id, "fingerprint": keys.fingerprint(), "place": place}


def rotate(house: House, asked: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """
    Make a new key and wrap every file key under it; where a rotation was begun and did not end, end that one instead.

    `resume` makes no new key. The answer has `isFixed` where a new key has to be set by whoever set the others.
    """
    if not _rotating.acquire(blocking=False):
        raise OperationRefused("The keys are being rotated already.")
    try:
        return _rotate(house, bool(asked["resume"]), tell)
    except (KeyMissing, KeyUnusable) as error:
        raise OperationRefused(str(error)) from error
    finally:
        _rotating.release()


def retire_old(house: House, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Let old keys go that wrap nothing."""
    if not house.settings.is_sqlite and not asked["serversAgree"]:
        raise OperationRefused(
            "Other servers may share this database. Make sure that each has the new key (the same key file, or was "
            "restarted with the new text), then add --all-servers-have-the-new-key."
        )
    keys = house.parts.keys
    keys.follow()
    if keys.place is None:
        with house.reading() as work:
            dropped = service.list_retirable(work)
        return {"isFixed": True, "dropped": list(dropped), "registryId": keys.registry_id}
    with house.writing() as work:
        dropped = service.retire_old_keys(work, host=socket.gethostname())
    return {"isFixed": False, "dropped": list(dropped)}


def _rotate(house: House, resume: bool, tell: Tell) -> dict[str, Any]:
    keys = house.parts.keys
    keys.follow()
    with house.reading() as work:
        unfinished = queries.is_unfinished(work)
    told = {"isFixed": False, "isNew": not unfinished, "files": 0, "uploads": 0, "broken": 0}
    if not unfinished and resume:
        return {**told, "isNew": False, "key": keys.key_ids[-1]}
    if not unfinished:
        if keys.place is None:
            return {"isFixed": True, "registryId": keys.registry_id}
        tell("making a new key")
        keys.add_key()
    with house.writing() as work:
        service.note_rotation(work, host=socket.gethostname())
    for _ in range(_MOST_PASSES):
        files = _rewrap(house, Wrapped.FILES, tell)
        uploads = _rewrap(house, Wrapped.UPLOADS, tell)
        told |= {"files": told["files"] + files.done, "uploads": told["uploads"] + uploads.done}
        told["broken"] = files.broken + uploads.broken
        if not files.done + uploads.done:
            break
    return {**told, "key": keys.key_ids[-1]}


def _rewrap(house: House, what: Wrapped, tell: Tell) -> Rewrapped:
    """All batches of one kind, each in a transaction of its own, so that others write in between."""
    progress = Progress(tell)
    done = broken = last_key = 0
    while True:
        with house.writing() as work:
            made = service.rewrap(work, what, host=socket.gethostname(), after_key=last_key)
        done, broken, last_key = done + made.done, broken + made.broken, made.last_key
        if made.is_last:
            return Rewrapped(done, broken, last_key, is_last=True)
        progress(partial(_say, what, done))


def _say(what: Wrapped, done: int) -> str:
    return f"{what.value}: {done:,} wrapped anew"
