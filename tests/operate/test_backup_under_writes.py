"""A backup that is taken while clients write holds all that was acknowledged before it began."""

import threading
import time
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from typer.testing import CliRunner

from modelkeep_server.features.audit import verify
from modelkeep_server.operate import restore
from tests.support.clients import Api
from tests.support.endurance import Figures, sizes
from tests.support.hammering import Acknowledged, Victim, find_missing, furnish, start_writers
from tests.support.registries import make_settings, opened


def await_writes(acknowledged: Acknowledged, models: int, files: int) -> None:
    """Let the writers come so far."""
    deadline = time.monotonic() + 60
    while len(acknowledged.models) < models or len(acknowledged.files) < files:
        assert time.monotonic() < deadline, "The writers do not get on."
        time.sleep(0.05)


@pytest.mark.parametrize("rounds", sizes(small=1, full=12))
def test_a_backup_under_writes_holds_all_that_was_acknowledged(
    rounds: int, tmp_path: Path, portal: BlockingPortal, figures: Figures
) -> None:
    """
    Taken from a running server while clients register and upload, and the server killed after it: all that was
    acknowledged before it began is in the restored registry, files open, and the log verifies.
    """
    victim = Victim(tmp_path)
    wanted, token = Acknowledged(), ""
    lost, said, seconds = [], [], []
    for number in range(rounds):
        target = tmp_path / f"backup-{number}{'.tar' if number % 2 else ''}"
        stopped = threading.Event()
        with victim.served():
            token = token or furnish(victim)
            writers = start_writers(victim, token, stopped, pairs=2)
            await_writes(victim.acknowledged, len(wanted.models) + 10, len(wanted.files) + 5)
            wanted = Acknowledged(list(victim.acknowledged.models), dict(victim.acknowledged.files))
            began = time.monotonic()
            victim.operate("backup", str(target))
            seconds.append(time.monotonic() - began)
        stopped.set()
        for writer in writers:
            writer.join()
        settings = make_settings(tmp_path / f"restored-{number}", None, tmp_path / "key")
        said.append(
            CliRunner()
            .invoke(
                restore.app,
                [str(target)],
                env={
                    "MODELKEEP_DATA_DIR": str(settings.data_dir),
                    "MODELKEEP_KEY_FILE": str(settings.key_file),
                },
            )
            .stdout
        )
        with opened(settings) as registry:
            client = Api(registry, portal).with_token(token)
            lost += find_missing(client, wanted)
            # What was stored of uploads under way is in no backup, so neither are they.
            assert client.get("/api/v1/uploads").json()["items"] == []
            with registry.reading() as work:
                assert verify.verify_log(work).findings == ()

    figures.tell("backups under writes", rounds)
    figures.tell("acknowledged models and files before the last", len(wanted.models) + len(wanted.files))
    figures.tell("acknowledged writes lost by backup and restore", len(lost), at_most=0)
    figures.tell("longest backup", max(seconds), "s")
    assert lost == []
    assert all("log    OK: " in verdict for verdict in said)
