"""
Reaching the registry from an operator's command, with the server up or down.

Where a running server holds the data folder, it is asked through its control socket; otherwise the folder's lock is
taken and the operation done here. Only then is the program itself loaded, which takes a second: hence the one import by
name.
"""

import http.client
import importlib
import json
import socket
from collections.abc import Mapping
from typing import Any

from modelkeep_server.operate.lock import FolderInUse, FolderLock
from modelkeep_server.operate.terminal import OperationRefused, fail, say_aside
from modelkeep_server.settings import Settings
from modelkeep_server.settings.loading import SettingsRefused, load_settings

TIMEOUT_SECONDS = 3600


def run(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Perform an operation, or end the command with the reason on standard error."""
    try:
        return perform(load_settings(), name, asked)
    except (OperationRefused, SettingsRefused) as error:
        fail(str(error))


def load_or_fail(**given: Any) -> Settings:
    """The settings in force, or the end of the command with the reason on standard error."""
    try:
        return load_settings(**given)
    except SettingsRefused as error:
        fail(str(error))


def perform(settings: Settings, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Do one operation of operations.py, through the running server where there is one. Raises OperationRefused."""
    if not settings.is_sqlite:
        return _perform_here(settings, name, asked)
    try:
        with FolderLock(settings.data_dir):
            return _perform_here(settings, name, asked)
    except FolderInUse as held:
        return _ask_server(held, name, asked)


def _perform_here(settings: Settings, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    operations = importlib.import_module("modelkeep_server.operate.operations")
    done: dict[str, Any] = operations.perform_here(settings, name, asked, say_aside)
    return done


class _Control(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("control", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)


def _ask_server(held: FolderInUse, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    if held.socket is None:
        raise OperationRefused(f"{held} It is starting or stopping; try again in a moment.")
    control = _Control(held.socket)
    try:
        control.request("POST", f"/{name}", json.dumps(dict(asked)), {"Content-Type": "application/json"})
        answer = control.getresponse()
        told = _read_answer(answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OperationRefused(f"{held} It does not answer operators: {error}") from error
    finally:
        control.close()
    if answer.status != http.client.OK or "error" in told:
        raise OperationRefused(str(told.get("error", "The running server refused.")))
    return told


def _read_answer(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The last line of an answer, which is its result; those before it tell how far the server is."""
    told: dict[str, Any] = {"error": "The server ended before the operation did."}
    for line in answer:
        told = json.loads(line)
        if "progress" in told:
            say_aside(str(told["progress"]))
            told = {"error": "The server ended before the operation did."}
    return told
