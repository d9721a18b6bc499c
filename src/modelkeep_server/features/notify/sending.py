"""Sending letters: the handler of the jobs that `db/queueing.py: enqueue_mail` leaves."""

from datetime import datetime

from modelkeep_server.features.jobs.views import Handler, JobFailed, Task
from modelkeep_server.features.notify import letters
from modelkeep_server.kit import clock
from modelkeep_server.ports import Letter, Mailer, MailFailed, MailRefused


def make_mail_handler(mailer: Mailer, *, address: str, registry_id: str) -> Handler:
    """Sends letters about the registry at this address, ten times tried over about two days."""

    def send(task: Task) -> None:
        _send(mailer, task, address, registry_id)

    return Handler(send)


def send_test(mailer: Mailer, *, to: str, address: str, registry_id: str) -> str:
    """Send one letter at once, and give what the server answered. Raises MailFailed, MailRefused."""
    text = f"Hello,\n\nthis is a test of the mail of Modelkeep at {address}. It arrived.\n"
    name = f"test-{clock.to_us(clock.utc_now())}.{registry_id}"
    return mailer.send(Letter(name, to, "A test of Modelkeep's mail", text))


def _send(mailer: Mailer, task: Task, address: str, registry_id: str) -> None:
    facts = task.facts["facts"]
    until = facts.get("expires_at")
    if until is not None and datetime.fromisoformat(until) <= clock.utc_now():
        raise JobFailed("The link in it expired before it could be sent. Make a new one.", for_good=True)
    try:
        written = letters.write(task.facts["template"], facts, address)
    except (KeyError, ValueError) as error:
        raise JobFailed("The letter cannot be written: a fact it needs is missing or wrong.", for_good=True) from error
    # Ids of jobs can come again once old jobs are dropped; together with their time they cannot.
    name = f"{clock.to_us(task.created_at)}.{task.id}.{registry_id}"
    try:
        mailer.send(Letter(name, task.facts["to"], written.subject, written.text))
    except MailRefused as refused:
        raise JobFailed(str(refused), for_good=True) from refused
    except MailFailed as failed:
        raise JobFailed(str(failed)) from failed
