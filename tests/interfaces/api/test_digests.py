"""Finding what a digest belongs to."""

import hashlib
import secrets

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.problems import fields_at_fault


def test_a_digest_leads_to_every_visible_version_with_the_file(make: Make, api: Api) -> None:
    """Newest first, with how each stands; bare, prefixed and in capitals; page by page; on its page and by search."""
    content = make.safetensors(seed=4711)
    digest = hashlib.sha256(content).hexdigest()
    owner = make.owner()
    open_one, restricted = make.model(owner), make.model(owner, visibility="RESTRICTED")
    first, second, hidden = (make.version(model) for model in (open_one, make.model(owner), restricted))
    for version in (first, second, hidden):
        make.file(version, content=content, path="folder/model.safetensors")
    reader = api.as_(make.person())

    seen = [reader.get(f"/api/v1/digests/{form}") for form in (digest, f"sha256:{digest}", digest.upper())]
    everything = api.as_(make.person(Role.SECURITY_ARCHITECT)).get(f"/api/v1/digests/{digest}").json()
    page = reader.get(f"/api/v1/digests/{digest}?limit=1").json()
    following = reader.get(f"/api/v1/digests/{digest}?limit=1&cursor={page['nextCursor']}").json()

    body = seen[0].json()
    assert [answer.json()["items"] for answer in seen] == [body["items"]] * 3
    assert [item["model"] for item in body["items"]] == [second.model, first.model]
    assert body["items"][0] == {
        "model": second.model, "version": "1.0.0", "path": "folder/model.safetensors", "type": "WEIGHTS",
        "state": "DRAFT", "hold": False, "closed": False, "status": "AVAILABLE", "verdict": "CLEAN_DATA",
        "riskTier": "LOW", "uploadedAt": body["items"][0]["uploadedAt"], "isImage": False,
    }  # fmt: skip
    assert (body["total"], len(everything["items"])) == (2, 3)
    assert [page["items"], following["items"]] == [body["items"][:1], body["items"][1:]]
    assert following["nextCursor"] is None
    browser = api.browser(make.person())
    assert browser.get("/models", params={"q": f"sha256:{digest}"}).headers["location"] == f"/digests/{digest}"
    found = browser.get(f"/digests/{digest}")
    assert [second.model in found.text, restricted.address in found.text] == [True, False]


def test_a_digest_that_nobody_may_know_is_answered_as_one_that_nobody_has(make: Make, api: Api) -> None:
    """Unknown and invisible differ in nothing; what is no digest is said to be none."""
    version = make.version(make.model(visibility="RESTRICTED"))
    content = make.safetensors(seed=815)
    make.file(version, content=content)
    reader = api.as_(make.person())

    hidden = reader.get(f"/api/v1/digests/{hashlib.sha256(content).hexdigest()}")
    unknown = reader.get(f"/api/v1/digests/{secrets.token_hex(32)}")
    wrong = reader.get(f"/api/v1/digests/{'0' * 63}g")

    assert (hidden.status_code, hidden.content) == (200, unknown.content)
    assert fields_at_fault(wrong) == {"sha256"}
