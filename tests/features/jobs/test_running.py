"""Background jobs: each is done at least once, never twice at a moment, and never without its transaction."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from modelkeep_server.db.queueing import enqueue
from modelkeep_server.features.jobs.running import Runner
from modelkeep_server.features.jobs.views import Handler, JobFailed, Task
from modelkeep_server.kit import clock
from tests.support.registries import Registry

KIND = "test"


def runner(registry: Registry, call: Callable[[Task], None], *, lease_seconds: float = 60.0, **how: Any) -> Runner:
    """A worker whose one kind of job does this."""
    handler = Handler(call, **how)
    return Runner(registry.house.database, registry.house.parts, {KIND: handler}, lease_seconds=lease_seconds)


def put(registry: Registry, *facts: dict[str, Any], key: str | None = None) -> None:
    """Jobs with these facts, one each, committed."""
    with registry.writing() as work:
        for told in facts:
            enqueue(work, KIND, told, key=key)


def rows(registry: Registry) -> list[Any]:
    """Every job as it is stored."""
    return registry.look("SELECT * FROM jobs ORDER BY id")


def make_due(registry: Registry) -> None:
    """Let whatever waits, or is leased, wait no longer."""
    registry.tamper("UPDATE jobs SET due_at = 0")


class Died(BaseException):
    """What a kill is to a worker: nothing after it is done."""


def test_a_job_of_a_rolled_back_transaction_never_was(fresh_registry: Registry) -> None:
    """What was enqueued goes with what asked for it; the bell stays silent."""
    rung = fresh_registry.house.parts.bell.rung

    def fail() -> None:
        with fresh_registry.writing() as work:
            enqueue(work, KIND, {"n": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert rows(fresh_registry) == []
    assert fresh_registry.house.parts.bell.rung == rung


def test_a_job_is_done_once_and_then_emptied(fresh_registry: Registry) -> None:
    """Its facts arrive as they were told, are unreadable in the database, and go once it is done."""
    seen: list[Any] = []
    put(fresh_registry, {"to": "ada@example.com", "numbers": [1, 2]}, key="once")
    put(fresh_registry, {"to": "another"}, key="once")
    stored = rows(fresh_registry)
    worker = runner(fresh_registry, lambda task: seen.append((task.facts, task.attempt)))

    tried = [worker.do_all(), worker.do_all()]

    [job] = rows(fresh_registry)
    assert (tried, seen) == ([1, 0], [({"to": "ada@example.com", "numbers": [1, 2]}, 1)])
    assert len(stored) == 1
    assert b"ada" not in bytes(stored[0].payload)
    assert (job.status, bytes(job.payload), job.leased_by) == ("DONE", b"", None)


def test_what_fails_is_tried_again_later_and_then_given_up(fresh_registry: Registry) -> None:
    """Each wait is longer, within a fifth; after the last try the job has failed and says why, without its secrets."""
    waits = []

    def fail(task: Task) -> None:
        if task.attempt == 2:
            raise ValueError(f"secret {task.facts['link']}")
        raise JobFailed("The mail server does not answer.")

    put(fresh_registry, {"link": "https://example.com/s3cret"})
    worker = runner(fresh_registry, fail, tries=3, first_wait_seconds=100)
    problems = []
    for _ in range(3):
        worker.do_all()
        [job] = rows(fresh_registry)
        waits.append(job.due_at / 1e6 - clock.utc_now().timestamp())
        problems.append(job.problem)
        make_due(fresh_registry)

    assert job.status == "FAILED"
    assert 79 < waits[0] < 120
    assert 239 < waits[1] < 360
    assert problems[0] == problems[2] == "The mail server does not answer."
    assert "ValueError" in problems[1]
    assert "s3cret" not in "".join(problems)
    assert worker.do_all() == 0


def test_the_waits_of_ten_tries_last_about_two_days() -> None:
    """A mail server may be down over a weekend day and the mail still goes out."""
    handler = Handler(lambda task: None)

    total = sum(handler.wait_seconds(attempt) for attempt in range(1, handler.tries))

    assert timedelta(hours=30) < timedelta(seconds=total) < timedelta(hours=60)


def test_a_dead_workers_job_is_taken_again_after_its_lease(fresh_registry: Registry) -> None:
    """Not before, so that nobody does it twice at a time; one that kills every worker is given up in the end."""
    done: list[int] = []

    def die(_: Task) -> None:
        raise Died

    put(fresh_registry, {"n": 1})
    dying, healthy = runner(fresh_registry, die), runner(fresh_registry, lambda task: done.append(task.attempt))
    with pytest.raises(Died):
        dying.do_one()
    early = healthy.do_all()
    make_due(fresh_registry)

    late = healthy.do_all()

    assert (early, late, done) == (0, 1, [2])

    put(fresh_registry, {"n": 2})
    fatal = runner(fresh_registry, die, tries=2)
    for _ in range(2):
        with pytest.raises(Died):
            fatal.do_one()
        make_due(fresh_registry)
    assert fatal.do_one()
    assert rows(fresh_registry)[-1].problem == "The server ended in the middle of it, each time."


def test_a_long_job_keeps_its_lease(fresh_registry: Registry) -> None:
    """It is renewed while the handler runs, so that a second worker finds nothing to do."""
    others: list[int] = []
    second = runner(fresh_registry, lambda task: others.append(task.id), lease_seconds=2)

    def last(_: Task) -> None:
        for _ in range(6):
            time.sleep(0.4)
            second.do_all()

    put(fresh_registry, {"n": 1})
    runner(fresh_registry, last, lease_seconds=2).do_all()

    assert others == []
    assert [job.status for job in rows(fresh_registry)] == ["DONE"]


def test_two_workers_share_two_hundred_jobs(fresh_registry: Registry) -> None:
    """Each job is done, none by two workers at the same moment, and none twice while both live."""
    lock = threading.Lock()
    running: set[int] = set()
    done: Counter[int] = Counter()
    overlaps: list[int] = []

    def work_on(task: Task) -> None:
        number = int(task.facts["n"])
        with lock:
            if number in running:
                overlaps.append(number)
            running.add(number)
        time.sleep(0.001)
        with lock:
            running.discard(number)
            done[number] += 1

    put(fresh_registry, *({"n": number} for number in range(200)))
    workers = [threading.Thread(target=runner(fresh_registry, work_on).do_all) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert done == Counter(range(200))
    assert overlaps == []


def test_a_running_worker_wakes_at_the_commit_and_stops_when_told(fresh_registry: Registry) -> None:
    """It need not wait for its next look, survives a fault, and drops what ended long ago."""
    arrived, stop = threading.Event(), threading.Event()
    put(fresh_registry, {"old": True})
    runner(fresh_registry, lambda task: None).do_all()
    fresh_registry.tamper("UPDATE jobs SET due_at = 0")
    thread = threading.Thread(target=runner(fresh_registry, lambda task: arrived.set()).run, args=(stop,))
    thread.start()
    time.sleep(0.3)

    began = time.monotonic()
    put(fresh_registry, {"n": 1})
    woken = arrived.wait(5)
    took = time.monotonic() - began
    stop.set()
    thread.join(5)

    assert (woken, thread.is_alive()) == (True, False)
    assert took < 1
    assert len(rows(fresh_registry)) == 1


def test_a_payload_that_was_meddled_with_is_not_acted_on(fresh_registry: Registry) -> None:
    """Whoever can write to the database cannot have a mail sent: the job fails for good."""
    acted: list[Task] = []
    put(fresh_registry, {"to": "ada@example.com"})
    [job] = rows(fresh_registry)
    changed = bytearray(job.payload)
    changed[-1] ^= 1
    fresh_registry.tamper("UPDATE jobs SET payload = :payload", payload=bytes(changed))

    runner(fresh_registry, acted.append).do_all()

    [job] = rows(fresh_registry)
    assert (acted, job.status) == ([], "FAILED")
    assert job.problem.startswith("What it was told cannot be read")
