"""Mail: from the act that asks for it to the mailbox, over a real mail server."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from modelkeep_server.db.queueing import enqueue_mail
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.notify.letters import LETTERS, write
from modelkeep_server.kit import clock
from modelkeep_server.rules.permissions import Role
from tests.support.clients import Api
from tests.support.mailbox import Mailbox, free_port, serving_mail
from tests.support.make import Make
from tests.support.problems import refusal
from tests.support.registries import Registries, Registry

URL = "https://models.company.com/invitations/s3cret"
LATER = clock.utc_now() + timedelta(days=7)
INVITATION = {"url": URL, "invited_by": "ada@example.com", "roles": [Role.MRC, Role.SRE], "expires_at": LATER}
#: The facts of each letter, as whoever enqueues it gives them.
FACTS = {
    "invitation": INVITATION,
    "reset": {"url": URL, "expires_at": LATER},
    "role_granted": {"person": "bob@example.com", "role": Role.ADMIN, "by": "ada@example.com", "at": LATER},
    "reset_made": {"person": "bob@example.com", "by": "ada@example.com", "at": LATER},
    "access_asked": {"model": "risk/churn", "by": "bob@example.com", "purpose": "To compare.\n\nSigned: the Admin"},
    "access_decided": {"model": "risk/churn", "status": "GRANTED", "until": LATER, "answer": "Welcome."},
    "exception_ending": {
        "version": "risk/churn:1.0.0",
        "policy": "Weights are there",
        "until": LATER,
        "exception": "id",
    },
    "lineage_change": {
        "by": "ada@example.com",
        "node": "dataset churn-events 2026-02",
        "reached": "risk/churn:1.0.0 and 1 more of your versions",
        "versions": ["risk/churn:1.0.0 (Draft, High risk): live nowhere; used by Help\n\nSigned: desk"],
        "more": 1,
        "text": "It was recalled.",
        "page": "/lineage?node=dataset%3Achurn-events%402026-02",
    },
    "notice": {
        "kind": "review.changes",
        "href": "/models/risk/churn/versions/1.0.0/reviews",
        "version": "risk/churn:1.0.0",
        "by": "mia@example.com",
        "text": "Say more of the data.\n\nSigned: the Admin",
    },
}


@contextmanager
def mailing(registries: Registries, kind: str, folder: Path, port: int) -> Iterator[Registry]:
    """A registry that sends its mail to this port."""
    changes = {"smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": "Modelkeep <models@company.com>"}
    with registries.template(kind).copied(folder / "mailing", changes) as registry:
        yield registry


def work_off(registry: Registry) -> int:
    """Let the registry's worker do what is due, and whatever waits for its next try."""
    registry.tamper("UPDATE jobs SET due_at = 0 WHERE status = 'WAITING'")
    return Runner(registry.house.database, registry.house.parts, registry.house.handlers).do_all()


def post(registry: Registry, to: str = "bob@example.com", template: str = "invitation") -> None:
    """Ask for a letter, committed."""
    with registry.writing() as work:
        enqueue_mail(work, to, template, FACTS[template])


def text_of(box: Mailbox) -> str:
    """The text of the last letter."""
    return str(box.letters[-1].get_content())


def test_a_mail_server_that_is_down_loses_no_mail(
    registries: Registries, kind: str, tmp_path: Path, portal: BlockingPortal
) -> None:
    """It waits, and goes out once the server is back; what is refused for good stands on the page, to retry."""
    port = free_port()
    with mailing(registries, kind, tmp_path, port) as registry:
        make, api = Make(registry), Api(registry, portal)
        post(registry)
        work_off(registry)
        [waiting] = registry.look("SELECT status, problem FROM jobs")
        with serving_mail(port=port) as box:
            work_off(registry)
            arrived = text_of(box)
            box.answers = ["550 5.1.1 <bob@example.com> unknown"]
            post(registry)
            work_off(registry)
            sre, owner = make.person(Role.SRE), make.owner()
            told = api.as_(sre).get("/api/v1/jobs").json()
            page = api.browser(sre).get("/admin/jobs").text
            refused = api.as_(owner).get("/api/v1/jobs")
            [failed] = told["items"]
            retried = api.as_(sre).post(f"/api/v1/jobs/{failed['id']}/retry")
            again = api.as_(sre).post(f"/api/v1/jobs/{failed['id']}/retry")
            work_off(registry)
            event = make.events(action="job.retry", object_id=failed["id"])[0]

    assert tuple(waiting) == ("WAITING", "The mail server does not answer.")
    assert URL in arrived
    assert "MRC and SRE" in arrived
    assert failed["problem"] == "The mail server did not take the recipient: there is no such mailbox (550 5.1.1)."
    assert {(row["status"], row["count"]) for row in told["counts"]} == {("DONE", 1), ("FAILED", 1)}
    assert failed["problem"] in page
    assert not re.search(r"bob@|s3cret", page + str(told))
    assert refusal(refused) == (403, "not_permitted")
    assert retried.json()["status"] == "WAITING"
    assert refusal(again) == (409, "state_forbids")
    assert len(box.letters) == 2
    assert (event.after, event.outcome, event.role) == ({"kind": "mail"}, "ALLOWED", "SRE")


def test_the_page_has_a_failed_job_tried_again(registries: Registries, tmp_path: Path, portal: BlockingPortal) -> None:
    """By a button, for SRE and Admin."""
    with serving_mail() as box, mailing(registries, "sqlite", tmp_path, box.port) as registry:
        box.answers = ["550 no"]
        post(registry)
        work_off(registry)
        browser = Api(registry, portal).browser(Make(registry).person(Role.ADMIN))
        [path] = re.findall(r'action="(/admin/jobs/\d+/retry)"', browser.get("/admin/jobs").text)

        answer = browser.submit(path)

        work_off(registry)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/jobs?done=job-retried")
    assert len(box.letters) == 1


def test_without_a_mail_server_nothing_is_left_to_do(registry: Registry) -> None:
    """What asks for mail goes on, and no job waits for a server that may never come."""
    before = registry.look("SELECT count(*) AS many FROM jobs")[0].many

    post(registry)

    assert registry.look("SELECT count(*) AS many FROM jobs")[0].many == before


@pytest.mark.parametrize("template", LETTERS)
def test_each_letter_is_written_whole(template: str) -> None:
    """No fact is missing, nothing typed by a person begins a line, and it says who wrote it."""
    facts = {name: clock.iso_seconds(fact) if fact is LATER else fact for name, fact in FACTS[template].items()}

    written = write(template, facts, "https://models.company.com")

    assert written.subject
    assert "\n" not in written.subject
    assert "https://models.company.com" in written.text
    assert "written by a program" in written.text
    assert "\nSigned" not in written.text


def test_a_link_that_expired_is_not_sent(registries: Registries, tmp_path: Path) -> None:
    """After days of trying, a letter whose link is dead would only puzzle."""
    with serving_mail() as box, mailing(registries, "sqlite", tmp_path, box.port) as registry:
        with registry.writing() as work:
            enqueue_mail(work, "bob@example.com", "reset", {"url": URL, "expires_at": work.now - timedelta(hours=1)})
        work_off(registry)

        [job] = registry.look("SELECT status, problem FROM jobs")

    assert (job.status, box.letters) == ("FAILED", [])
    assert "expired" in job.problem
