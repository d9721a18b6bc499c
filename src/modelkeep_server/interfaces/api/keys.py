"""The keys that stored files are under: which there are, and confirming that a copy is kept elsewhere."""

from fastapi import Request

from modelkeep_server.db.work import Work
from modelkeep_server.features.identity.views import Actor
from modelkeep_server.features.keys import queries, service
from modelkeep_server.features.keys.views import KeyStanding
from modelkeep_server.interfaces.api.face import door, make_router
from modelkeep_server.interfaces.api.shapes.keys import EscrowIn, EscrowOut, KeyOut, KeysOut

router = make_router("keys")


@router.get("/keys", response_model=KeysOut)
@door.reads("key.read")
def show_keys(work: Work, actor: Actor) -> KeysOut:
    """Which keys stored files are under, how old they are, and whether a copy of them is kept elsewhere."""
    return _draw(queries.get_standing(work, actor))


@router.post("/keys/escrow", response_model=KeysOut)
@door.writes("key.confirm")
def confirm_escrow(work: Work, actor: Actor, body: EscrowIn, request: Request) -> KeysOut:
    """Confirm that a copy of the present keys is kept away from the data, by its fingerprint."""
    service.confirm_escrow(work, actor, body.fingerprint)
    request.app.state.door.board.doubt()
    return _draw(queries.get_standing(work, actor))


def _draw(found: KeyStanding) -> KeysOut:
    return KeysOut(
        registry_id=found.registry_id,
        fingerprint=found.fingerprint,
        is_in_file=found.is_in_file,
        path=found.place,
        escrow=None if found.escrow is None else EscrowOut(at=found.escrow.at, by=found.escrow.by),
        files_under_missing_keys=found.lost,
        keys=[KeyOut.model_validate(key) for key in found.keys],
    )
