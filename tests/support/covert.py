"""
A version that was made from two models which few may see: one named in its metadata, one beside it, and all that may
tell of them: files, rounds with what was frozen, a policy that repeats what it finds, a published card and a draft,
what is live, what people were told. Its successor comes from a third as well, hidden once its card was drafted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from modelkeep_server.features.versions.views import Version
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.promoting import Life, begin_life

ITEM = {"kind": "DATASET", "name": "covert-events", "version": "1", "role": "TEST"}


@dataclass(frozen=True)
class Covert:
    """The version with its later one, `2.0.0`, a draft; `ids` of what hangs on it by the noun in addresses."""

    life: Life
    bases: tuple[Version, ...]
    secrets: tuple[str, ...]
    ids: dict[str, tuple[str, ...]]

    @property
    def version(self) -> Version:
        """The one that is asked to go on to PRODUCTION."""
        return self.life.version

    def find_in(self, text: str) -> list[str]:
        """What of the hidden models a text tells."""
        return [secret for secret in self.secrets if secret.lower() in text.lower()]


def make_covert(make: Make, api: Api) -> Covert:
    """All of it, by requests as people send them. Whoever made it sees the hidden models, and the control roles do."""
    life = begin_life(make, api)
    cast, version = life.cast, life.version
    bases = tuple(
        make.version(make.model(cast.owner, visibility="RESTRICTED", name=f"covert-{place}")) for place in ("a", "b")
    )
    later = make.version(make.model(cast.owner, name="covert-c"))
    call, where = partial(_call, api), life.base.removeprefix("/api/v1")
    beside = _tell_lineage(api, life, bases)
    policies = api.as_(cast.owner).get("/api/v1/policies").json()["items"]
    exception = call(
        cast.owner, "POST", "/exceptions", policy=policies[0]["id"], version=version.address, justification="Once.",
        risk="Little.", mitigation="Watched.", expiresAt=(datetime.now(UTC) + timedelta(days=9)).isoformat(),
    )  # fmt: skip
    _make_policy(api, life)
    life.reach("SUBMITTED")
    finding = call(cast.mrc, "POST", f"{where}/findings", text="Name the owner of the data.", blocking=False)
    assert life.decide(cast.mrc, "REQUEST_CHANGES").status_code == 201
    call(cast.owner, "PATCH", where, description="Trained once more.")
    assert life.ask().status_code == 201
    life.reach("STAGING")
    environment = call(cast.sre, "POST", "/environments", name=f"covert-{version.id[-12:]}", kind="STAGING")["id"]
    live = [{"version": version.version, "share": 100}]
    deployment = call(cast.sre, "POST", "/deployments", model=version.model, environment=environment, live=live)
    for _ in range(2):
        life.publish_card()
        call(cast.owner, "PUT", f"{where}/card/annotations/metrics", markdown="Measured once.")
    assert life.ask("PRODUCTION").status_code == 201
    call(cast.owner, "POST", f"/models/{version.model}/versions", version="2.0.0", **{"from": version.version})
    draft = f"/models/{version.model}/versions/2.0.0"
    call(cast.owner, "POST", f"{draft}/lineage", kind="BASE_MODEL", model=later.model, version=later.version)
    call(cast.owner, "POST", f"{draft}/card")
    call(cast.owner, "PATCH", f"/models/{later.model}", visibility="RESTRICTED")
    bases = (*bases, later)
    secrets = tuple(
        secret
        for base in bases
        for secret in (base.model, base.model.partition("/")[0], base.id, model_id(api, make, base))
    )
    ids: dict[str, tuple[str, ...]] = {
        "promotions": tuple(one["id"] for one in life.get("/promotions").json()["items"]),
        "evaluations": tuple(one["id"] for one in life.get("/evaluations").json()["items"]),
        "findings": (finding["id"],),
        "exceptions": (exception["id"],),
        "environments": (environment,),
        "deployments": (deployment["id"],),
        "policies": (policies[0]["id"],),
        "items": ("base-model", beside, "training-dataset"),
    }
    return Covert(life, bases, secrets, ids)


def _call(api: Api, person: Person, method: str, path: str, **told: Any) -> Any:
    """What one request answered, which did what was asked."""
    answer = api.as_(person).request(method, f"/api/v1{path}", json=told)
    assert answer.status_code < 300, (path, answer.text)
    return answer.json()


def _tell_lineage(api: Api, life: Life, bases: tuple[Version, ...]) -> str:
    """The first base in the metadata, the other beside it, and what took both in. Gives the id of the other's item."""
    call, where = partial(_call, api, life.cast.owner), life.base.removeprefix("/api/v1")
    first, second = ({"model": base.model, "version": base.version} for base in bases)
    call("PATCH", where, metadata={"baseModel": first})
    beside = call("POST", f"{where}/lineage", kind="BASE_MODEL", **second)["id"]
    for item in (ITEM, {"kind": "CONSUMER", "name": f"desk-of-{life.version.model.replace('/', '-')}"}):
        call("POST", f"{where}/lineage", **item)
    taken = [f"version:{base.model}/{base.version}" for base in bases]
    program = {"kind": "PREPROCESSING", "name": "covert-preparing", "uri": "git:covert"}
    call("POST", f"{where}/lineage", **program, inputs=[*taken, "dataset:covert-events@1"])
    return str(beside)


def _make_policy(api: Api, life: Life) -> None:
    """One of this group alone, that stops nothing and says by name what a version comes from."""
    names = '["own " + version.metadata.baseModel.model] + lineage.baseModels.map(b, b.model + ":" + b.version)'
    taken = "lineage.preprocessing.map(p, p.inputs[0]) + lineage.preprocessing.map(p, p.inputs[1])"
    failing = "lineage.baseModels.all(b, b.state == 'PRODUCTION')"
    policy = {
        "name": f"Bases of {life.version.model}", "severity": "WARN",
        "scope": {"groups": [life.version.model.partition("/")[0]]},
        "rules": [
            {"expression": failing, "message": "It comes from what is in production.", "detail": names},
            {"expression": failing, "message": "What it took in is.", "detail": taken},
            {"expression": "lineage.baseModels.all(b, int(b.model) > 0)", "message": "Numbers alone."},
        ],
    }  # fmt: skip
    made = api.browser(life.cast.security).call("POST", "/api/v1/policies", json=policy)
    assert made.status_code == 201, made.text


def model_id(api: Api, make: Make, version: Version) -> str:
    """The public id of a version's model."""
    return str(api.as_(make.owner_of(version)).get(f"/api/v1/models/{version.model}").json()["id"])


def list_readers(make: Make, api: Api, covert: Covert) -> Iterator[tuple[str, Person]]:
    """Everybody who stands to the version and may not see what it comes from, by how they stand."""
    cast, model = covert.life.cast, f"/api/v1/models/{covert.version.model}"
    owner, admin = api.as_(cast.owner), api.as_(cast.admin)
    stranger, elsewhere = make.person(name="stranger"), make.owner()
    second, member, writer = make.owner(), make.person(name="member"), make.person(name="writer")
    team = f"team-of-{cast.owner.email}"
    body = {"name": team, "email": team, "members": [member.email]}
    assert admin.post("/api/v1/teams", json=body).status_code == 201
    owners = {"owners": [cast.owner.email, second.email, team], "reason": "More of us."}
    assert admin.post(f"{model}/transfer", json=owners).status_code == 200
    assert owner.put(f"{model}/collaborators/{writer.email}", json={"access": "WRITE"}).status_code == 201
    for base in covert.bases:
        shared = f"/api/v1/models/{base.model}/collaborators/{writer.email}"
        assert owner.put(shared, json={"access": "READ"}).status_code == 201
        assert owner.delete(shared).status_code in (200, 204)
    yield from {
        "an owner of the version": second, "who writes to it and was let in to all of it once": writer,
        "a member of the team that owns it": member, "a stranger": stranger, "an owner of others": elsewhere,
    }.items()  # fmt: skip


def make_program(api: Api, sponsor: Person, covert: Covert) -> str:
    """The secret of a token of a service account that may write to the version."""
    browser, name = api.browser(sponsor), f"program-{covert.version.id[-12:]}"
    told = {"name": name, "purpose": "Trains at night.", "scopes": ["read", "write", "download"]}
    account = browser.call("POST", "/api/v1/service-accounts", json=told)
    assert account.status_code == 201, account.text
    let_in = f"/api/v1/models/{covert.version.model}/collaborators/service:{name}"
    shared = api.as_(covert.life.cast.owner).put(let_in, json={"access": "WRITE"})
    assert shared.status_code == 201, shared.text
    at = f"/api/v1/service-accounts/{account.json()['id']}/tokens"
    return str(browser.call("POST", at, json={"name": "ci"}).json()["token"])
