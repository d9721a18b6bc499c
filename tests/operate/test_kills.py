"""A server that is killed in the middle of its work loses nothing that it acknowledged, and shows nothing half done."""

import random
import threading
import time
from pathlib import Path

import pytest

from tests.support.endurance import Figures, sizes
from tests.support.hammering import Victim, find_losses, find_torn, finish_uploads, furnish, start_writers

#: From the first write that was acknowledged to the kill.
LONGEST_SECONDS = 0.4
#: A machine that is busy with other things takes its time for the first.
PATIENCE_SECONDS = 5


def run_round(victim: Victim, token: str, chance: random.Random) -> None:
    """Serve, let writers work for a moment, and kill the server under them."""
    stopped = threading.Event()
    with victim.served():
        before, until = victim.acknowledged.count, time.monotonic() + PATIENCE_SECONDS
        writers = start_writers(victim, token, stopped)
        while victim.acknowledged.count == before and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
    stopped.set()
    for writer in writers:
        writer.join()


@pytest.mark.parametrize("kills", sizes(small=40, full=200))
def test_kills_lose_nothing_that_was_acknowledged(kills: int, tmp_path: Path, figures: Figures) -> None:
    """However often it is killed under writes and uploads: what was acknowledged is there, and the log verifies."""
    victim = Victim(tmp_path)
    with victim.served():
        token = furnish(victim)
    chance = random.Random(7)

    for _ in range(kills):
        run_round(victim, token, chance)
    finish_uploads(victim, token)
    lost, torn = find_losses(victim, token), find_torn(victim, token)
    verdict = victim.operate("audit", "verify")

    figures.tell("kill -9 under writes and uploads", kills, at_least=200)
    figures.tell("acknowledged models", len(victim.acknowledged.models))
    figures.tell("acknowledged files", len(victim.acknowledged.files))
    figures.tell("uploads gone on with after a kill", victim.resumed, at_least=1)
    figures.tell("uploads that could not be finished", len(victim.begun), at_most=0)
    figures.tell("acknowledged writes lost or wrong", len(lost), at_most=0)
    figures.tell("files visible that are torn", len(torn), at_most=0)
    figures.tell("audit verify finds nothing", int(verdict.startswith("OK: ")), at_least=1)
    assert (lost, torn) == ([], [])
    assert verdict.startswith("OK: ")
    assert victim.acknowledged.models
    assert victim.acknowledged.files
    assert victim.resumed
    assert victim.begun == []
