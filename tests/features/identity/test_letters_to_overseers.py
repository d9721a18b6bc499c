"""What is sent by mail where a mail server is set up: links to whoever is invited, rights to whoever oversees them."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from modelkeep_server.db.queueing import unseal
from modelkeep_server.db.tables import jobs
from modelkeep_server.db.work import Circumstances, Work
from modelkeep_server.features.identity.joining import invitations
from modelkeep_server.features.identity.people import queries as people_queries
from modelkeep_server.features.identity.people.views import PeopleFilter
from modelkeep_server.features.identity.roles import granting
from modelkeep_server.features.models import access_requests
from modelkeep_server.features.notify import letters
from modelkeep_server.rules.permissions import Role
from tests.support.accounts import fresh_email
from tests.support.make import Make
from tests.support.registries import Registry


def letters_of(work: Work, since: int) -> list[dict[str, Any]]:
    """What was enqueued to be sent, after this job."""
    rows = work.all(select(jobs).where(jobs.c.id > since, jobs.c.kind == "mail").order_by(jobs.c.id))
    return [unseal(work, "mail", row.payload) for row in rows]


def test_letters_are_enqueued_with_the_act_and_can_be_written(registry: Registry, make: Make) -> None:
    """The link to whoever is invited or reset; each grant to every Admin and Auditor; none to anybody else."""
    admin, auditor, other = make.person(Role.ADMIN), make.person(Role.AUDITOR), make.person(Role.SRE)
    invited, parts = fresh_email(), replace(registry.house.parts, sends_mail=True)
    with registry.house.database.writing(parts, Circumstances.of_the_house()) as work:
        before = int(work.scalar(select(jobs.c.id).order_by(jobs.c.id.desc()).limit(1)) or 0)
        person = people_queries.list_people(work, admin.actor, PeopleFilter(text=other.email)).items[0]
        made = invitations.invite_all(work, admin.actor, [invited], [Role.MRC, Role.SRE])
        invitations.make_reset(work, admin.actor, person.id)
        granting.grant_role(work, admin.actor, person.id, "MRC")

        sent = letters_of(work, before)

    written = {
        (letter["template"], letter["to"]): letters.write(letter["template"], letter["facts"], "https://models.co")
        for letter in sent
    }
    assert f"/invitations/{made[0].secret}" in written["invitation", invited].text
    assert "MRC and SRE" in written["invitation", invited].text
    assert "Choose a new passphrase" in written["reset", other.email].subject
    assert f"A reset link was made for {other.email}" in written["reset_made", auditor.email].subject
    assert ("reset_made", other.email) not in written
    assert f"{other.email} was given the role MRC" in written["role_granted", auditor.email].subject
    assert ("role_granted", admin.email) in written
    assert ("role_granted", other.email) not in written


def test_owners_are_told_who_asks_for_access_and_whoever_asked_what_was_decided(registry: Registry, make: Make) -> None:
    """The question goes to every owner and to the registrar, the answer to who asked."""
    owner, asker, other = make.owner(), make.person(), fresh_email("team")
    model = make.model(owner, owners=[other])
    parts = replace(registry.house.parts, sends_mail=True)
    with registry.house.database.writing(parts, Circumstances.of_the_house()) as work:
        before = int(work.scalar(select(jobs.c.id).order_by(jobs.c.id.desc()).limit(1)) or 0)
        asked = access_requests.ask_for_access(work, asker.actor, model.group, model.name, purpose="To compare.")
        access_requests.grant_access(work, owner.actor, asked.id, days=7)

        sent = letters_of(work, before)

    assert {(letter["template"], letter["to"]) for letter in sent} == {
        ("access_asked", other), ("access_asked", owner.email), ("access_decided", asker.email),
    }  # fmt: skip
    texts = [letters.write(letter["template"], letter["facts"], "https://models.co").text for letter in sent]
    assert sum(model.address in text for text in texts) == len(texts)
