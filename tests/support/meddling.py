"""Meddling with a registry's database behind its back, and asking afterwards what verification found."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from anyio.from_thread import BlockingPortal
from sqlalchemy import Boolean, Column, Connection, Integer, LargeBinary, text
from sqlalchemy.exc import IntegrityError

from modelkeep_server.db.tables.base import JsonText, UtcMicros
from modelkeep_server.db.work import Circumstances, Work
from modelkeep_server.features.artifacts import damage, queries
from modelkeep_server.features.artifacts.damage import FoundBy
from modelkeep_server.features.artifacts.judging import scanning
from modelkeep_server.features.audit import service, verify
from modelkeep_server.features.audit.views import Verdict
from modelkeep_server.features.identity.issuers import sso
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.people.views import PeopleFilter
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.versions.views import Version
from modelkeep_server.inspection import report
from modelkeep_server.kit import clock
from modelkeep_server.kit.merkle import Frontier, leaf_hash
from modelkeep_server.ports import Presented
from modelkeep_server.rules.formats import Format
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import fresh_email, make_account
from tests.support.addresses import file_of, route_of
from tests.support.clients import Api
from tests.support.make import Make, Person
from tests.support.promoting import Life, begin_life
from tests.support.registries import Registry
from tests.support.sso import open_issuer


def fill(registry: Registry, portal: BlockingPortal) -> None:
    """A mixed workload that leaves rows in every governed table, and a signed head."""
    make, api = Make(registry), Api(registry, portal)
    account = make_account(registry, Role.MODEL_OWNER)
    owner = make.person(Role.MODEL_OWNER, Role.ADMIN)
    model = make.model(
        owner, risk_rationale="Known.", documentation_url="https://example.com/d", repository_url="https://example.com/r"
    )  # fmt: skip
    version = make.version(
        model, description="First.", commit_sha="abcdef0", training_job_id="job-1", metadata={"framework": "sklearn"}
    )  # fmt: skip
    make.file(version, path="weights/model.safetensors")
    run = {"kind": "TRAINING_RUN", "system": "mlflow", "runId": "r-1"}
    assert api.as_(owner).post(f"{route_of(version)}/lineage", json=run).status_code == 201
    describe(api, owner, version)
    base = f"/api/v1/models/{version.model}/versions/1.0.0/artifacts/weights/model.safetensors/links"
    for client in (api.as_(owner), api.browser(owner)):
        client.headers["x-csrf-token"] = getattr(client, "csrf", "")
        link = client.post(base, json={"purpose": "Retraining."})
        assert api.anonymous.get(link.json()["url"]).status_code == 200
    everything = f"/api/v1/models/{version.model}/versions/1.0.0/bundle-links"
    zipped = api.as_(owner).post(everything, json={"purpose": "Retraining."}).json()["url"]
    assert api.anonymous.get(zipped).status_code == 200
    tell_of_trouble(make, api)
    told = {"fingerprint": registry.house.parts.keys.fingerprint()}
    assert api.browser(owner).call("POST", "/api/v1/keys/escrow", json=told).status_code == 200
    hook = {
        "name": "Chat",
        "url": "https://hooks.example.com/",
        "kinds": ["version.moved"],
        "groups": ["no-such-group"],
    }
    assert api.browser(owner).call("POST", "/api/v1/webhooks", json=hook).status_code == 201
    kept = {"name": "Mine", "query": "is:mine", "alert": True}
    assert api.as_(owner).post("/api/v1/searches", json=kept).status_code == 201
    doubt_files(registry, make, api, version)
    come_by_an_issuer(registry)
    browser = api.browser_of(account.session)
    made = browser.call("POST", "/api/v1/tokens", json={"name": "ci"}).json()
    browser.call("DELETE", f"/api/v1/tokens/{made['id']}")
    browser.submit("/logout")
    api.as_(make.person(Role.AUDITOR)).post("/api/v1/models", json={})
    share(api, make, version)
    gather(make, api, owner, account.email)
    govern(make, api)
    ask_for_a_role(registry, owner, make.person())
    with registry.writing() as work:
        service.sign_head(work)


def doubt_files(registry: Registry, make: Make, api: Api, version: Version) -> None:
    """A format that an Admin listed, a file of it that is accepted for a time, and one that was found damaged."""
    admin, architect = api.as_(make.person(Role.ADMIN)), api.as_(make.person(Role.SECURITY_ARCHITECT))
    name = f"own-{secrets.token_hex(4)}"
    told = {"name": name, "label": "Our own", "types": ["WEIGHTS"], "ending": f".{name}", "magic": "4d4b4d4b"}
    assert admin.post("/api/v1/formats", json=told).status_code == 201
    path = f"a.{name}"
    make.file(version, path=path, content=b"MKMK" + bytes(range(128, 256)))
    assert architect.post(f"{file_of(version, path)}/waivers", json={"reason": "Looked at by hand."}).status_code == 201
    damaged = make.file(version, path="damaged.safetensors", content=make.safetensors(300, seed=9))
    again = make.file(version, path="again.safetensors", content=make.safetensors(300, seed=10))
    with registry.writing() as work:
        damage.note_damage(work, queries.get_stored_file(work, damaged.key).blob_key, FoundBy.CHECK)
        told = report.Report(Format.SAFETENSORS, report.Verdict.CLEAN_DATA)
        scanning.settle_scan(work, queries.get_stored_file(work, again.key).blob_key, told)


def come_by_an_issuer(registry: Registry) -> None:
    """Somebody's first sign-in by an issuer, which is taken at its word here."""
    issuer = open_issuer("https://sso.example.com")
    presented = Presented("subject-1", fresh_email("by-issuer"), email_verified=True, name="By Issuer", claims={})
    with registry.writing() as work:
        sso.sign_in(work, issuer, presented)


def describe(api: Api, owner: Person, version: Version) -> None:
    """A published model card with an annotation that was changed since, in the draft after it."""
    client, card = api.as_(owner), f"{route_of(version)}/card"
    assert client.put(f"{card}/annotations/factors", json={"markdown": "Seen."}).status_code == 200
    assert client.post(f"{card}/publish").status_code == 200
    assert client.put(f"{card}/annotations/factors", json={"markdown": "Seen again."}).status_code == 200


def tell_of_trouble(make: Make, api: Api) -> None:
    """An incident that was resolved."""
    sre = api.as_(make.person(Role.SRE))
    told = {"title": "Slow", "components": ["DATABASE"], "impact": "DEGRADED", "text": "We look."}
    incident = sre.post("/api/v1/incidents", json=told).json()
    update = {"status": "RESOLVED", "text": "It is over."}
    assert sre.post(f"/api/v1/incidents/{incident['id']}/updates", json=update).status_code == 201


def share(api: Api, make: Make, version: Version) -> None:
    """A collaborator, a request for access that was refused, and a version that was closed and reopened."""
    owner, guest = api.as_(make.owner_of(version)), make.person()
    base = f"/api/v1/models/{version.model}"
    asked = (
        api.as_(guest)
        .post(
            "/api/v1/access-requests", json={"model": version.model, "version": version.version, "purpose": "Scoring."}
        )
        .json()
    )
    owner.post(f"/api/v1/access-requests/{asked['id']}/refuse", json={"reason": "Not yet."})
    assert owner.put("/api/v1/notices/settings", json={"quiet": True}).status_code == 200
    let_in = {"access": "READ", "until": (clock.utc_now() + timedelta(days=30)).isoformat()}
    owner.put(f"{base}/collaborators/{guest.email}", json=let_in)
    owner.delete(f"{base}/collaborators/{guest.email}")
    for act in ("close", "reopen"):
        answer = owner.post(f"{base}/versions/{version.version}/{act}", json={"reason": "Trying."})
        assert answer.status_code == 200, answer.text


def govern(make: Make, api: Api) -> None:
    """A version that was reviewed in two rounds, with a suite it is measured against, a finding and a comment."""
    life = begin_life(make, api, tier="MEDIUM")
    cast = life.cast
    suite = {"name": f"Suite {secrets.token_hex(4)}", "description": "Quality.", "scope": {"groups": ["no-such-group"]},
             "thresholds": [{"metric": "auc", "comparison": ">=", "value": 0.5}]}  # fmt: skip
    assert api.as_(cast.mrc).post("/api/v1/evaluation-suites", json=suite).status_code == 201
    run = life.get("/evaluations").json()["items"][0]
    answers = [
        life.post(f"/evaluations/{run['id']}/sign", cast.mrc, comment="As measured."),
        life.ask(),
        life.post("/comments", cast.mrc, text="Whose data is it?", about="metadata.trainingDataset"),
        life.decide(cast.mrc, "REQUEST_CHANGES"),
        life.ask(),
        life.decide(
            cast.security, checklist={"scan": "YES"}, findings=[{"text": "Name the owner.", "severity": "LOW"}]
        ),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 201, 201, 201, 201], answers[0].text
    finding = life.get("/findings").json()["items"][0]["id"]
    settled = life.post(f"/findings/{finding}/settle", cast.security, status="RESOLVED", answer="The platform team.")
    assert settled.status_code == 200, settled.text
    lift_a_policy(api, life)
    ask_for_an_approval_more(make, api)
    look_again(make, api)
    deploy(make, api)


def ask_for_an_approval_more(make: Make, api: Api) -> None:
    """Approvals that an Admin added, and that are asked for no more."""
    admin, mrc = api.as_(make.person(Role.ADMIN)), api.as_(make.person(Role.MRC))
    rules = "/api/v1/approval-rules"
    told = {"riskTier": "HIGH", "target": "PRODUCTION", "roles": ["MRC"], "reason": "For a quarter."}
    made = admin.post(rules, json=told)
    assert made.status_code == 201, made.text
    assert admin.post(f"{rules}/{made.json()['id']}/end", json={"reason": "It is over."}).status_code == 200
    assert mrc.post(f"{rules}/{made.json()['id']}/confirm", json={}).status_code == 200


def look_again(make: Make, api: Api) -> None:
    """A version in production that an MRC looked at again."""
    life = begin_life(make, api)
    life.reach("PRODUCTION")
    assert life.post("/attestations", life.cast.mrc, comment="It does as before.").status_code == 201


def deploy(make: Make, api: Api) -> None:
    """A version that is live in an environment."""
    life = begin_life(make, api)
    life.reach("APPROVED_STAGING")
    sre = api.as_(life.cast.sre)
    named = f"staging-{secrets.token_hex(4)}"
    made = sre.post("/api/v1/environments", json={"name": named, "kind": "STAGING", "region": "eu"})
    assert made.status_code == 201, made.text
    share = {"version": life.version.version, "share": 100, "endpointUrl": "https://example.com/score"}
    told = {"environment": named, "live": [share], "reason": "First."}
    assert life.move("STAGING", life.cast.sre, deployment=told).status_code == 200


def lift_a_policy(api: Api, life: Life, *, ends: bool = True) -> None:
    """An exception that two people granted, so that no card has to be published, and that was ended."""
    owner, mrc, security = (api.as_(one) for one in (life.cast.owner, life.cast.mrc, life.cast.security))
    policies = owner.get("/api/v1/policies").json()["items"]
    policy = next(one["id"] for one in policies if one["starter"] == "card-published")
    until = (clock.utc_now() + timedelta(days=30)).isoformat()
    told = {"policy": policy, "version": f"{life.version.model}:{life.version.version}", "justification": "Once.",
            "risk": "Little.", "mitigation": "Watched daily.", "expiresAt": until}  # fmt: skip
    asked = owner.post("/api/v1/exceptions", json=told)
    path = f"/api/v1/exceptions/{asked.json().get('id')}"
    answers = [
        asked,
        mrc.post(f"{path}/grant", json={"comment": "For a month."}),
        security.post(f"{path}/grant", json={"comment": "Agreed."}),
        *([mrc.post(f"{path}/end", json={"reason": "Not needed any more."})] if ends else []),
    ]
    assert {answer.status_code for answer in answers} == {200, 201}, [answer.text for answer in answers]


def gather(make: Make, api: Api, admin: Person, member: str) -> None:
    """A team whose members changed, and a service account that changed hands."""
    team = {"name": "Data Team", "email": "data-team@example.com", "members": [member]}
    made = api.as_(admin).post("/api/v1/teams", json=team)
    heir = make.owner()
    browser = api.browser(admin)
    program = browser.call("POST", "/api/v1/service-accounts", json={"name": "nightly", "purpose": "Uploads."})
    path = f"/api/v1/service-accounts/{program.json()['id']}"
    answers = [
        made, program,
        api.as_(admin).patch(made.headers["location"], json={"name": "Data People", "members": [heir.email]}),
        browser.call("POST", f"{path}/tokens", json={"name": "ci"}),
        browser.call("PATCH", path, json={"sponsor": heir.email}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 201, 200, 201, 200]


def ask_for_a_role(registry: Registry, admin: Person, person: Person) -> None:
    """A grant that waits for a second Admin, as a registry has it that asks for one."""
    parts = replace(registry.house.parts, limits=replace(registry.house.parts.limits, dual_control=True))
    with registry.house.database.writing(parts, Circumstances.of_the_house()) as work:
        asked = PeopleFilter(text=person.email)
        found = people_queries.list_people(work, admin.actor, asked).items[0]
        assert not granting.grant_role(work, admin.actor, found.id, Role.MRC, "Joins the committee.")


def judge_after(registry: Registry, *statements: str, **values: Any) -> Verdict:
    """What verification says once these statements were made by hand; undone afterwards."""
    with _undone(registry) as connection:
        for statement in statements:
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)
        return _judge(registry, connection)


def judge_after_edits(registry: Registry, edits: Mapping[str, tuple[str, Any, int]]) -> tuple[Verdict, set[str]]:
    """
    What verification says once one column a table has another value; undone afterwards.

    Args:
        edits: By the name of the table: the column, its value, and the id of the row.

    Returns:
        The verdict, and the tables whose edit the database itself refused.
    """
    refused = set()
    with _undone(registry) as connection:
        for table, (column, value, key) in edits.items():
            try:
                with connection.begin_nested():
                    statement = f"UPDATE {table} SET {column} = :value WHERE id = :id"
                    connection.execute(text(statement), {"value": value, "id": key})
            except IntegrityError:
                refused.add(table)
        return _judge(registry, connection), refused


def judge_after_rewriting(registry: Registry, bodies: Mapping[int, str]) -> Verdict:
    """What verification says once these events, by their sequence, have other bodies; undone afterwards."""
    statement = text("UPDATE audit_events SET body = :body WHERE sequence = :sequence")
    with _undone(registry) as connection:
        connection.execute(statement, [{"body": body, "sequence": sequence} for sequence, body in bodies.items()])
        return _judge(registry, connection)


@contextlib.contextmanager
def _undone(registry: Registry) -> Iterator[Connection]:
    with registry.house.database.writer.connect() as connection:
        transaction = connection.begin()
        try:
            yield connection
        finally:
            transaction.rollback()


def _judge(registry: Registry, connection: Connection) -> Verdict:
    return verify.verify_log(Work(connection, registry.house.parts, Circumstances.of_the_house(), writes=False))


def rewrite(registry: Registry, sequence: int) -> None:
    """Change one event, and everything that would give it away: its leaf hash and the head of the log."""
    bodies = [row.body for row in registry.look("SELECT body FROM audit_events ORDER BY sequence")]
    bodies[sequence] = bodies[sequence].replace("ALLOWED", "REFUSED")
    frontier = Frontier()
    for body in bodies:
        frontier = frontier.append(leaf_hash(body.encode()))
    registry.tamper(
        "UPDATE audit_events SET body = :body, outcome = 'REFUSED' WHERE sequence = :sequence",
        body=bodies[sequence], sequence=sequence,
    )  # fmt: skip
    registry.tamper(
        "UPDATE audit_leaves SET hash = :hash WHERE sequence = :sequence",
        hash=leaf_hash(bodies[sequence].encode()), sequence=sequence,
    )  # fmt: skip
    registry.tamper("UPDATE audit_head SET frontier = :frontier", frontier=frontier.to_bytes())


def messages(verdict: Verdict) -> list[str]:
    """What was found, in words."""
    return [finding.message for finding in verdict.findings]


def another(column: Column[Any], value: Any) -> Any:
    """A value of the same type that is not this one."""
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, LargeBinary):
        return (value or b"") + b"x"
    if isinstance(column.type, JsonText):
        return '["another"]' if str(value).startswith("[") else '{"another":1}'
    if isinstance(column.type, (Integer, UtcMicros)):
        return (value or 0) + 1
    return f"{value or ''}x"
