"""
What a version was made from is told to nobody who may not see it: every door is tried, and what comes out of each is
opened, also what is packed.

The client and the commands read nothing but the API, so that what it tells is what they do.
"""

import io
import re
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from urllib.parse import quote

import pytest

from modelkeep_server.db.work import Circumstances
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.lineage.impact import telling
from modelkeep_server.features.notify import telling as notifying
from modelkeep_server.features.notify.webhooks.queueing import WEBHOOK
from modelkeep_server.rules.card_sections import SECTION_IDS
from modelkeep_server.rules.permissions import Role
from modelkeep_server.rules.webhooks import TYPES
from tests.support.clients import Api, Client
from tests.support.covert import Covert, list_readers, make_covert, make_program
from tests.support.endurance import sizes
from tests.support.make import Make
from tests.support.pdfs import text_of
from tests.support.receiver import running_receiver
from tests.support.registries import Registry
from tests.support.routes import routes_of

#: What is asked beside the address itself, by what the address ends in.
QUERIES: dict[str, tuple[str, ...]] = {
    "/card": (
        "?revision=1", "?revision=2", "?revision=draft", "?format=html", "?format=md", "?format=pdf", "?format=json",
        "?format=cyclonedx", "?revision=draft&format=json",
    ),
    "/card/compare": ("?before=1&now=2", "?before=1&now=draft"),
    "/compare": ("?with=2.0.0", "?with=1.0.0"),
    "/versions/new": ("?from=1.0.0", "?from=2.0.0"),
    "/trail": ("?format=json", "?format=html", "?format=zip", "?format=md"),
    "/versions/{version}/lineage": ("?direction=UPSTREAM", "?direction=BOTH&depth=all"),
    "/models/{group}/{name}/lineage": ("?direction=UPSTREAM&depth=all",),
    "/lineage/export": tuple(f"?format={one}&direction=BOTH&depth=all" for one in ("svg", "png", "json")),
    "/api/v1/lineage/graph": tuple(
        f"?node={{node}}&direction={way}&depth=all" for way in ("UPSTREAM", "DOWNSTREAM", "BOTH", "BOTH&format=svg")
    ),
    "/api/v1/lineage/impact": ("?node={node}", "?node={dataset}", "?node={dataset}&format=csv", "?node={hidden}"),
    "/api/v1/lineage/nodes": ("?q=covert-", "?q=group-", "?q=version:covert", "?q={half}"),
    "/lineage": ("?node={node}", "?node={dataset}", "?q=covert-", "?node={dataset}&direction=BOTH"),
    "/models": ("?q=covert", "?q={half}"),
    "/api/v1/models": ("?q=covert", "?limit=200"),
    "/api/v1/models/{group}/{name}/versions": ("?limit=200",),
    "/api/v1/activity": ("?limit=200",),
    "/deployments/record": ("?model={model}",),
    "/exceptions/new": ("?version={address}",),
    "/access-requests/new": ("?model={model}",),
}  # fmt: skip
#: The whole of the log is for those who see everything; signing in is nobody's.
_ELSEWHERE = re.compile(r"^/(login|invitations|setup|d/|healthz|readyz|metrics|help|api/v1/docs|device)")


def addresses_of(registry: Registry, covert: Covert) -> Iterator[str]:
    """Everything that can be read, of both versions and all that hangs on them."""
    group, _, name = covert.version.model.partition("/")
    hidden = covert.bases[0]
    asked = {
        "node": quote(f"version:{covert.version.model}/1.0.0"), "dataset": quote("dataset:covert-events@1"),
        "model": covert.version.model, "address": covert.version.address, "half": hidden.model[:12],
        "hidden": quote(f"dataset:nothing-of-{covert.version.id}@1"),
    }  # fmt: skip
    for method, path, _ in routes_of(registry):
        if method != "GET" or _ELSEWHERE.match(path):
            continue
        noun = next(iter(re.findall(r"/([a-z-]+)/\{id\}", path)), "")
        ids = covert.ids.get(noun, ("0",))
        numbers = ("1.0.0", "2.0.0") if "{version}" in path else ("1.0.0",)
        ends = [end for end in QUERIES if path == end or (not end.startswith("/api/") and path.endswith(end))]
        queries = ("", *(query.format(**asked) for end in ends for query in QUERIES[end]))
        for number, key, query in product(numbers, ids, queries):
            values = {
                "group": group, "name": name, "version": number, "id": key, "path:path": "model.safetensors",
                "sha256": "0" * 64, "email": "x@example.com", "section": SECTION_IDS[0], "sequence": "1",
            }  # fmt: skip
            yield re.sub(r"\{([^}]+)\}", lambda found, values=values: values.get(found[1], "x"), path) + query


def open_up(content: bytes) -> Iterator[str]:
    """All text that something holds: of an archive, of each of its files; of a PDF, what is printed."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name
                yield from open_up(archive.read(name))
    elif content.startswith(b"%PDF"):
        yield text_of(content)
    else:
        yield content.decode("utf-8", "replace")


def look_around(browser: Client, addresses: list[str], covert: Covert) -> tuple[int, dict[str, list[str]]]:
    """How many addresses answered, and what of the hidden models each told."""
    told, answered = {}, 0
    for address in addresses:
        accept = "application/json" if "/api/" in address else "text/html"
        answer = browser.get(address, headers={"accept": accept})
        assert answer.status_code < 500, (address, answer.text)
        answered += answer.status_code == 200
        found = [secret for text in (*open_up(answer.content), str(answer.headers)) for secret in covert.find_in(text)]
        if found:
            told[address] = found
    return answered, told


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.endurance])]
)
@pytest.mark.parametrize("most", sizes(small=2, full=9))
def test_nothing_that_can_be_read_tells_of_a_hidden_base_model(
    registry: Registry, make: Make, api: Api, most: int
) -> None:
    """No route, page, export, report or archive names it, or has its id, however the reader stands to the version."""
    covert = make_covert(make, api)
    addresses = list(addresses_of(registry, covert))
    _, told_to_owner = look_around(api.browser(covert.life.cast.owner), addresses, covert)
    assert len(told_to_owner) > 40, "whoever sees it finds it"

    readers = list(list_readers(make, api, covert))
    for who, person in readers[:most]:
        answered, told = look_around(api.browser(person), addresses, covert)
        assert told == {}, who
        assert answered > 200, who
    program = api.with_token(make_program(api, readers[0][1], covert))
    answered, told = look_around(program, [one for one in addresses if "/api/" in one], covert)
    assert told == {}
    assert answered > 80


def test_nobody_is_told_of_a_hidden_base_model(
    registry: Registry, make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notices, mails and webhooks about what was made from it, and a warning of its recall, leave out what it is."""
    with running_receiver() as receiver:
        hook = {"name": f"Hook {secrets.token_hex(4)}", "url": receiver.url, "kinds": sorted(TYPES)}
        made = api.browser(make.person(Role.ADMIN)).call("POST", "/api/v1/webhooks", json=hook)
        assert made.status_code == 201, made.text
        covert = make_covert(make, api)
        readers = dict(list_readers(make, api, covert))
        parts, mails = replace(registry.house.parts, sends_mail=True), list[str]()
        monkeypatch.setattr(notifying, "enqueue_mails", lambda _, some: mails.extend(map(str, some)))
        with registry.house.database.writing(parts, Circumstances.of_the_house()) as work:
            for base in covert.bases:
                telling.tell_owners(work, covert.life.cast.owner.actor, f"version:{base.model}/1.0.0", "Recalled.")
        house = registry.house
        Runner(house.database, parts, {WEBHOOK: house.handlers[WEBHOOK]}).do_all()

    notices = {who: api.as_(person).get("/api/v1/notices?limit=200").text for who, person in readers.items()}
    assert sum("Recalled." in text for text in notices.values()) == 2
    assert len(mails) >= 2
    assert len(receiver.taken) > 2
    for text in (*notices.values(), *mails, *(body.decode() for _, body in receiver.taken)):
        assert covert.find_in(text) == []
