"""`modelkeep serve`: the registry on its address."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer

from modelkeep_server.app import CannotStart, House, build_app, open_house
from modelkeep_server.features.artifacts.uploading import sweeping
from modelkeep_server.features.audit import queries as audit_queries
from modelkeep_server.features.audit import service as audit
from modelkeep_server.features.identity.joining import first_start
from modelkeep_server.features.keys import queries as key_queries
from modelkeep_server.features.policies import starter
from modelkeep_server.features.search.facets.counting import load_tallying
from modelkeep_server.features.status.board import REFRESH_SECONDS
from modelkeep_server.interfaces.gate import Gate
from modelkeep_server.operate.control import build_control
from modelkeep_server.operate.lock import FolderInUse, FolderLock
from modelkeep_server.operate.logs import configure_logs, configure_web_server_logs
from modelkeep_server.operate.serving import GRACE_SECONDS, bind_address, bind_control, run, serve_all
from modelkeep_server.operate.terminal import fail
from modelkeep_server.operate.workers import WORKERS, Crew
from modelkeep_server.ports import KeyMissing, KeyUnusable, StorageError
from modelkeep_server.rules.errors import IntegrityBroken, Unavailable
from modelkeep_server.settings import Settings
from modelkeep_server.settings.loading import SettingsRefused, find_unknown_variables, load_settings

app = typer.Typer(help="Serve the registry.", add_completion=False)

log = structlog.get_logger()

FIRST_START_NAME = "first-start-link"
CHECKPOINT_SECONDS = 1.0
ALARM_SECONDS = 60.0
LATER_SECONDS = 1.0


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (MODELKEEP_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (MODELKEEP_PORT).")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data folder (MODELKEEP_DATA_DIR).")] = None,
) -> None:
    """Serve the registry until it is stopped with Ctrl-C."""
    configure_logs()
    configure_web_server_logs()
    given = {"host": host, "port": port, "data_dir": data_dir}
    try:
        settings = load_settings(**{name: value for name, value in given.items() if value is not None})
        for sentence in find_unknown_variables():
            log.warning(sentence)
        _demand_safe_address(settings)
        with contextlib.ExitStack() as stack:
            lock = stack.enter_context(FolderLock(settings.data_dir)) if settings.is_sqlite else None
            listener = stack.enter_context(bind_address(settings.host, settings.port))
            house = stack.enter_context(open_house(settings, port=listener.getsockname()[1]))
            _demand_keys(house)
            if lock is None:
                run(_run(house, build_app(house), listener, lambda: _announce(house)))
                return
            control, control_path = bind_control(settings.data_dir)
            stack.callback(control_path.unlink, missing_ok=True)
            if settings.storage_url is None:
                # A store named apart may serve another registry too, whose files are no orphans.
                with house.reading() as work:
                    sweeping.sweep_orphans(work)

            def announce() -> None:
                lock.tell(str(control_path))
                _announce(house)

            run(_run(house, build_app(house), listener, announce, [(build_control(house), control)]))
    except FolderInUse as error:
        fail(f"{error} Stop it first, or name another folder in MODELKEEP_DATA_DIR.")
    except OSError as error:
        fail(f"Cannot listen on {host or 'the address'}: {error.strerror}. Choose another with MODELKEEP_PORT.")
    except (SettingsRefused, CannotStart, KeyMissing, KeyUnusable, StorageError, ValueError) as error:
        fail(str(error))
    except Unavailable as error:
        fail(f"{error.detail} Check MODELKEEP_DATABASE_URL, and that the database is up.")


async def _run(
    house: House,
    gate: Gate,
    listener: socket.socket,
    announce: Callable[[], None],
    others: Sequence[tuple[Any, socket.socket]] = (),
) -> None:
    tasks = [asyncio.create_task(work) for work in (_sign_heads(house), _watch_incidents(gate), _load_later(house))]
    crew = Crew([make(house) for make in WORKERS], house.stopping)
    crew.start()
    doors = [(gate, listener), *others]
    try:
        await serve_all(doors, announce, stopping=house.stopping, drain_seconds=house.settings.drain_seconds)
    finally:
        left = await asyncio.to_thread(crew.stop, GRACE_SECONDS)
        if left:
            log.warning("background workers did not end in time", workers=left)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(Unavailable, IntegrityBroken):
            await asyncio.to_thread(_sign_head, house)


async def _load_later(house: House) -> None:
    """What a start does without and the first searches would wait for."""
    await asyncio.sleep(LATER_SECONDS)
    tallying = await asyncio.to_thread(load_tallying)
    with contextlib.suppress(Unavailable):
        await asyncio.to_thread(tallying.remember_ahead, house.database, house.parts, house.stopping)


async def _watch_incidents(gate: Gate) -> None:
    """Know of incidents that another process wrote, for the banner of the pages."""
    while True:
        await asyncio.to_thread(gate.door.read_board)
        await asyncio.sleep(REFRESH_SECONDS)


async def _sign_heads(house: House) -> None:
    """Sign the log's head within a second of any event, so that what an auditor remembers is recent."""
    while True:
        await asyncio.sleep(CHECKPOINT_SECONDS)
        try:
            await asyncio.to_thread(_sign_head, house)
        except Unavailable:
            continue
        except IntegrityBroken as error:
            log.error("the head of the log is not signed", reason=error.detail, remedy=error.remedy)
            await asyncio.sleep(ALARM_SECONDS)


def _sign_head(house: House) -> None:
    with house.reading() as work:
        current = audit_queries.is_head_signed(work)
    if not current:
        with house.writing() as work:
            audit.sign_head(work)


def _announce(house: House) -> None:
    # A registry of an earlier release has not got them yet. There is nothing to write in any other.
    with house.reading() as work:
        lacks_starters = starter.lacks_starters(work)
    with house.writing() as work:
        if lacks_starters:
            starter.install_starters(work)
        secret = first_start.offer_first_start(work)
    path = house.settings.data_dir / FIRST_START_NAME
    if secret is None:
        path.unlink(missing_ok=True)
    else:
        _write_private(path, f"{house.address}/setup?token={secret}\n")
    told = [
        f"Modelkeep serves {house.address}",
        f"  data  {house.settings.data_dir.absolute()}",
        f"  key   {house.parts.keys.place or 'the setting MODELKEEP_KEY'}: keep a copy of it elsewhere",
    ]
    minutes = house.parts.limits.first_start_seconds // 60
    if secret is not None and house.settings.is_loopback:
        told.append(f"\nNobody has an account yet. Open this link within {minutes} minutes to become the first Admin:")
        told.append(f"\n  {house.address}/setup?token={secret}\n")
    elif secret is not None:
        told.append(f"\nNobody has an account yet. The one-time link for the first Admin is in {path.absolute()}")
        told.append(f"It works for {minutes} minutes; a restart makes a new one.\n")
    print("\n".join(told), flush=True)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w") as file:
        file.write(text)


def _demand_keys(house: House) -> None:
    """Refuse an older copy of the keys: what lies under a key that it lacks could not be read."""
    with house.reading() as work:
        lacking = key_queries.find_foreign_key(work)
    if lacking is not None:
        raise CannotStart(
            f"Stored files are sealed under the key {lacking}, and the keys here, fingerprint "
            f"{house.parts.keys.fingerprint()}, do not hold it: they are an older copy, or that row was changed. Put "
            "the newest key file back (modelkeep keys restore), or see what modelkeep audit verify says."
        )


def _demand_safe_address(settings: Settings) -> None:
    if settings.is_loopback or settings.behind_proxy:
        return
    raise CannotStart(
        f"{settings.host} can be reached from other machines, and this server does not speak TLS itself. Put a TLS "
        "proxy in front and set MODELKEEP_BEHIND_PROXY=true with MODELKEEP_PUBLIC_URL, or listen on 127.0.0.1."
    )
