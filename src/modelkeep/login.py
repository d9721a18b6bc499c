"""
Where the address and the token come from: arguments, then MODELKEEP_URL and MODELKEEP_TOKEN, then the stored login.

The stored login is a file in the user's configuration folder with the address, and the token in the system's keyring,
or in that file, mode 0600, where there is no keyring. A token is stored for one address and sent to no other.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import keyring
from keyring.errors import KeyringError
from platformdirs import user_config_path

from modelkeep.errors import BadFile, NotConfigured

SERVICE = "modelkeep"
URL_VARIABLE = "MODELKEEP_URL"
TOKEN_VARIABLE = "MODELKEEP_TOKEN"  # noqa: S105 - the name of a variable
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Login:
    """A registry's address without a slash at the end, and a token for it."""

    url: str
    token: str


@dataclass(frozen=True)
class Kept:
    """Where a token was put. `in_keyring` False means that `place` is a file only its owner can read."""

    place: str
    in_keyring: bool


def find_login(url: str | None = None, token: str | None = None) -> Login:
    """
    The login in force.

    Raises:
        NotConfigured: Nothing names an address, or nothing holds a token for it.
    """
    stored = _read_file()
    found_url = clean_url(url or os.environ.get(URL_VARIABLE) or stored.url)
    found_token = (token or os.environ.get(TOKEN_VARIABLE) or "").strip() or _find_token(stored, found_url)
    if not found_token:
        raise NotConfigured(f"No token is known for {found_url}.")
    if not found_token.isascii() or not found_token.isprintable() or " " in found_token:
        raise NotConfigured("The token holds characters that no token has.", remedy="Copy it again, whole and alone.")
    return Login(found_url, found_token)


def clean_url(text: str) -> str:
    """The address of a registry as it is compared and stored. Raises NotConfigured."""
    url = text.strip().rstrip("/").removesuffix("/api/v1")
    if not url:
        raise NotConfigured("No address of a registry is known.")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
        usable = usable and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise NotConfigured(
            f"{text[:200]!r} is not an address of a registry.", remedy="Write it like https://models.company.com."
        )
    return url


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    return urlsplit(url).hostname in LOOPBACK


def store_login(login: Login) -> Kept:
    """Keep a login for later commands. Raises BadFile where not even the file can be written."""
    stored = _read_file()
    tokens = {url: token for url, token in stored.tokens.items() if url != login.url}
    try:
        keyring.set_password(SERVICE, login.url, login.token)
        kept = Kept(f"the keyring ({keyring.get_keyring().name})", True)
    except (KeyringError, OSError, RuntimeError):
        tokens[login.url] = login.token
        kept = Kept(str(_path()), False)
    _write_file(_Stored(login.url, tokens))
    return kept


def forget_login(url: str | None = None) -> str | None:
    """Forget the token for an address, by default the stored one. The address, or None where nothing was stored."""
    stored = _read_file()
    if not (url or stored.url):
        return None
    forgotten = clean_url(url or stored.url)
    had_token = bool(_find_token(stored, forgotten))
    try:
        if keyring.get_password(SERVICE, forgotten) is not None:
            keyring.delete_password(SERVICE, forgotten)
    except (KeyringError, OSError, RuntimeError):
        pass  # No keyring holds it then; the file below may.
    tokens = {known: token for known, token in stored.tokens.items() if known != forgotten}
    _write_file(_Stored("" if stored.url == forgotten else stored.url, tokens))
    return forgotten if had_token else None


@dataclass(frozen=True)
class _Stored:
    url: str
    tokens: Mapping[str, str]


def _find_token(stored: _Stored, url: str) -> str | None:
    if url in stored.tokens:
        return stored.tokens[url]
    # A machine that never signed in is not asked to unlock its keyring.
    if url != stored.url:
        return None
    try:
        return keyring.get_password(SERVICE, url)
    except (KeyringError, OSError, RuntimeError):
        return None


def _path() -> Path:
    return user_config_path("modelkeep") / "login.json"


def _read_file() -> _Stored:
    path = _path()
    try:
        document = json.loads(path.read_text("utf-8"))
        return _Stored(str(document.get("url", "")), dict(document.get("tokens", {})))
    except FileNotFoundError:
        return _Stored("", {})
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadFile(
            f"The stored login {path} cannot be read.", remedy="Delete that file and run `modelkeep login` again."
        ) from error


def _write_file(stored: _Stored) -> None:
    path = _path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump({"url": stored.url, "tokens": dict(stored.tokens)}, file, indent=2)
        fresh.replace(path)
    except OSError as error:
        raise BadFile(
            f"The login cannot be stored in {path}: {error.strerror}.",
            remedy="Set MODELKEEP_URL and MODELKEEP_TOKEN instead.",
        ) from error
