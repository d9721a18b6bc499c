"""Telling owners of changes, over and over."""

import secrets

from modelkeep_server.rules.permissions import Role
from tests.support.addresses import route_of
from tests.support.clients import Api
from tests.support.make import Make

_TELL = "/api/v1/lineage/tell"


def test_nobody_fills_the_inboxes_of_others_nor_silences_a_warning(make: Make, api: Api) -> None:
    """One person tells of so many things a day, and who tells of something first keeps no other from telling of it."""
    version, data = make.version(), f"many-{secrets.token_hex(4)}"
    owner = api.as_(make.owner_of(version))
    for number in range(21):
        told = {"kind": "DATASET", "name": f"{data}-{number}", "version": "1", "role": "TEST"}
        assert owner.post(f"{route_of(version)}/lineage", json=told).status_code == 201
    teller, warner = api.as_(make.owner()), api.as_(make.person(Role.MRC))

    answers = [
        teller.post(_TELL, json={"node": f"dataset:{data}-{number}@1", "message": "Never mind."}).status_code
        for number in (0, *range(21))
    ]
    warned = warner.post(_TELL, json={"node": f"dataset:{data}-0@1", "message": "Recalled."})

    assert answers == [200, 429, *[200] * 19, 429]
    assert warned.json() == {"told": 1}
    assert 21 == len(owner.get("/api/v1/notices", params={"limit": 100}).json()["items"])
