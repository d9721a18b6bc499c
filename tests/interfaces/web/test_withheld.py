"""Files that wait for somebody's answer: on the dashboard, in the table, and on their page."""

from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.pages import look, words_of

HOSTILE = b"cposix\nsystem\n(S'touch /tmp/canary'\ntR."


def test_a_blocked_file_waits_for_a_security_architect_and_its_owner(make: Make, api: Api) -> None:
    """Both are told on the dashboard until it is released; who owns the model is not asked to judge it."""
    guard = make.person(Role.SECURITY_ARCHITECT)
    both = make.person(Role.SECURITY_ARCHITECT, Role.MODEL_OWNER)
    owner = make.owner()
    version = make.version(make.model(owner, name="withheld", owners=[owner.email, both.email]), owner)
    make.file(version, path="bad/model.bin", content=HOSTILE)
    page = f"/models/{version.model}/versions/1.0.0/artifacts/bad/model.bin"
    waiting = "withheld 1.0.0 1 file blocked bad/model.bin: read what was found"

    seen = look(api, guard)

    assert waiting in words_of(seen)
    assert f'href="{page}"' in seen
    assert waiting in words_of(look(api, owner))
    assert "Files to judge" not in words_of(look(api, owner))
    mine = f'href="{page}"'
    assert look(api, both).count(mine) == look(api, owner).count(mine)
    browser = api.browser(guard)
    sent = browser.post(f"{page}/waivers", data={"csrf_token": browser.csrf, "reason": "We made it.", "days": "3"})
    assert sent.status_code in {200, 303}, sent.text
    assert waiting not in words_of(look(api, guard))
    assert waiting not in words_of(look(api, owner))


def test_a_released_file_can_be_fetched_by_its_page(make: Make, api: Api) -> None:
    """Withheld, its download is greyed and its SHA-256 stands in no list to check; released, both are there."""
    version = make.version()
    owner, guard = make.owner_of(version), make.person(Role.SECURITY_ARCHITECT)
    made = make.file(version, path="model.bin", content=HOSTILE)
    tab = f"/models/{version.model}/versions/1.0.0/artifacts"
    form = f'action="{tab}/model.bin/links"'

    before = [look(api, owner, tab), look(api, owner, f"{tab}/model.bin")]
    api.as_(guard).post(f"/api/v1{tab}/model.bin/waivers", json={"reason": "We made it.", "days": 3})
    after = [look(api, owner, tab), look(api, owner, f"{tab}/model.bin")]

    assert [form in page for page in before + after] == [False, False, True, True]
    assert f"{made.sha256}  model.bin" not in before[0]
    assert f"{made.sha256}  model.bin" in after[0]
