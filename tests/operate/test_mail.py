"""Mail by the server as a process: what an operator tries, and what is sent without anybody waiting for it."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from modelkeep_server.app import open_house
from modelkeep_server.db.queueing import enqueue_mail
from modelkeep_server.kit import clock
from modelkeep_server.operate.operations import perform_here
from modelkeep_server.operate.terminal import OperationRefused
from modelkeep_server.settings import Settings
from tests.support.mailbox import Mailbox, serving_mail
from tests.support.running import running_registry


def await_letter(box: Mailbox) -> None:
    """Wait for the first letter, for 20 seconds at most."""
    for _ in range(400):
        if box.letters:
            return
        time.sleep(0.05)
    raise AssertionError("No letter arrived.")


def test_a_server_sends_what_was_left_to_do_and_an_operator_tries_the_mail(tmp_path: Path) -> None:
    """A mail that was enqueued before a start goes out after it; the operator is told what the mail server answered."""
    link = "https://models.company.com/invitations/s3cret"
    with serving_mail() as box:
        mail = {"MODELKEEP_SMTP_URL": box.url, "MODELKEEP_MAIL_FROM": "models@company.com"}
        told = Settings(
            data_dir=tmp_path / "data", key_file=tmp_path / "key", smtp_url=box.url, mail_from="m@company.com"
        )  # fmt: skip
        with open_house(told) as house, house.writing() as work:
            facts = {"url": link, "expires_at": clock.utc_now() + timedelta(days=1)}
            enqueue_mail(work, "ada@company.com", "reset", facts)
        with running_registry(tmp_path, **mail) as running:
            await_letter(box)
            said = running.operate("admin", "test-mail", "bob@company.com")
            box.answers = ["550 5.1.1 <eve@company.com> unknown"]
            with pytest.raises(RuntimeError, match="there is no such mailbox") as refused:
                running.operate("admin", "test-mail", "eve@company.com")
            written = running.output.read_text()

    assert said == "250 2.0.0 kept as 4711\n"
    assert box.recipients == ["ada@company.com", "bob@company.com"]
    assert "the server said: 550 5.1.1 <eve@company.com> unknown" in str(refused.value)
    assert "s3cret" not in written
    assert "@company.com" not in written


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "set MODELKEEP_SMTP_URL and MODELKEEP_MAIL_FROM"),
        ({"smtp_url": "smtp://127.0.0.1:25"}, "mail needs a sender"),
        ({"smtp_url": "mail.company.com", "mail_from": "m@company.com"}, "MODELKEEP_SMTP_URL begins with smtp://"),
        ({"smtp_url": "smtp://127.0.0.1:25", "mail_from": "me"}, "MODELKEEP_MAIL_FROM names an address that"),
    ],
)
def test_settings_of_mail_that_cannot_work_are_told(tmp_path: Path, given: dict[str, str], words: str) -> None:
    """By name and with what is wrong, before anything is sent."""
    settings = Settings(data_dir=tmp_path / "data", key_file=tmp_path / "key", **given)  # type: ignore[arg-type]

    with pytest.raises(OperationRefused, match=words):
        perform_here(settings, "admin.test-mail", {"to": "bob@company.com"}, lambda told: None)
