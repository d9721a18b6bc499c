"""Lists of the API that are walked page by page."""

from typing import Any

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api, Client
from tests.support.make import Make


def walk(client: Client, path: str, pages: int, **asked: Any) -> list[dict[str, Any]]:
    """The items of the first pages of a list, two on each."""
    found, query = [], {**asked, "limit": 2}
    for _ in range(pages):
        page = client.get(f"/api/v1{path}", params=query).json()
        found += page["items"]
        query["cursor"] = page["nextCursor"]
    return found


def test_lists_are_walked_in_their_order_and_tell_each_row_once(make: Make, api: Api) -> None:
    """Service accounts by name, invitations and requests for access newest first, over the end of a page."""
    admin, owner, asker = make.person(Role.ADMIN, Role.MODEL_OWNER), make.owner(), make.person()
    word, numbers = make.group(), range(3)
    browser, program, client = api.browser(admin), api.as_(admin), api.as_(asker)
    models = [make.model(owner).address for _ in numbers]
    for number in numbers:
        new = {"name": f"{word}-{number}", "purpose": "Counts.", "scopes": ["read"]}
        assert browser.call("POST", "/api/v1/service-accounts", json=new).status_code == 201
        program.post("/api/v1/invitations", json={"email": f"{word}-{number}@example.com"})
        client.post("/api/v1/access-requests", json={"model": models[number], "purpose": "To look."})

    services = walk(program, "/service-accounts", 2, q=word)
    invited = walk(program, "/invitations", 2)
    asked = walk(client, "/access-requests", 2, mine=True)

    assert [row["name"] for row in services] == [f"{word}-{number}" for number in numbers]
    assert [row["email"] for row in invited][:3] == [f"{word}-{number}@example.com" for number in reversed(numbers)]
    assert [row["model"] for row in asked] == models[::-1]
