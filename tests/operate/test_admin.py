"""Operator commands with the server down, on both databases: what they print, what they do, how they refuse."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from anyio.from_thread import BlockingPortal
from typer.testing import CliRunner, Result

from modelkeep_server.features.audit import service as audit_service
from modelkeep_server.features.audit import verify
from modelkeep_server.kit.merkle import Frontier, leaf_hash
from modelkeep_server.operate import admin, audit, operations, serve
from modelkeep_server.operate.lock import FolderLock
from modelkeep_server.rules.permissions import Role
from modelkeep_server.settings import Settings
from tests.support.clients import Api
from tests.support.make import Make
from tests.support.registries import Registries, Registry, environment_of, opened

TOKEN = re.compile(r"mk_pat_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}_[0-9a-f]{8}\n")


@pytest.fixture
def closed(kind: str, registries: Registries, tmp_path: Path) -> Iterator[Settings]:
    """A registry that nobody has open."""
    with registries.template(kind).closed(tmp_path / "data") as settings:
        yield settings


def run(settings: Settings, app: typer.Typer, *words: str, **more: str) -> Result:
    """Run a command as its operator would."""
    return CliRunner().invoke(app, list(words), env={**environment_of(settings), **more})


def create_token(settings: Settings, user: str, roles: str, *words: str) -> Result:
    """`modelkeep admin create-token`."""
    return run(settings, admin.app, "create-token", "--user", user, "--roles", roles, *words)


def tell(settings: Settings, portal: BlockingPortal, token: str) -> Any:
    """What `/me` says to this token."""
    with opened(settings) as registry:
        return Api(registry, portal).with_token(token.strip()).get("/api/v1/me").json()


def test_create_token_prints_a_token_and_nothing_else(closed: Settings, portal: BlockingPortal) -> None:
    """Alone on standard output, so that a script can take it; a new person has the roles named."""
    result = create_token(closed, "ada@example.com", "MODEL_OWNER,admin")

    assert (result.exit_code, result.stderr) == (0, "")
    assert TOKEN.fullmatch(result.stdout)
    told = tell(closed, portal, result.stdout)
    assert (told["email"], told["roles"]) == ("ada@example.com", ["MODEL_OWNER", "ADMIN"])
    assert {source["source"] for source in told["sources"]} == {"an operator on the server's host"}


def test_for_a_known_person_roles_limit_and_never_add(closed: Settings, portal: BlockingPortal) -> None:
    """An operator's slip gives nobody a role; the earlier token keeps what it had."""
    first = create_token(closed, "ada@example.com", "MODEL_OWNER,MRC").stdout

    second = create_token(closed, "ADA@example.com", "ADMIN,MRC").stdout

    assert tell(closed, portal, second)["roles"] == ["MRC"]
    assert tell(closed, portal, first)["roles"] == ["MODEL_OWNER", "MRC"]


def test_what_an_operator_did_is_in_the_log_by_host(closed: Settings) -> None:
    """Making a person and a token are two events by `operator@host`, without the person's name in the body."""
    create_token(closed, "wanda@example.com", "SRE")

    with opened(closed) as registry:
        events = [event for event in Make(registry).events() if event.actor.id.startswith("operator@")]
        made = [event for event in events if event.request_id == events[0].request_id]

    assert [(event.action, event.auth) for event in made] == [("user.create", "host"), ("token.create", "host")]
    assert "wanda" not in made[0].raw
    assert json.loads(made[0].raw)["actor"]["kind"] == "operator"


@pytest.mark.parametrize(
    "words",
    [
        ("ada", "ADMIN"),
        ("", "ADMIN"),
        ("ada@example.com", "BOSS"),
        ("ada@example.com", ""),
        ("ada@example.com", ","),
        ("ada@example.com", "ADMIN", "--days", "0"),
        ("ada@example.com", "ADMIN", "--days", "91"),
        ("ada@example.com", "ADMIN", "--days", "x"),
    ],
)
def test_a_wrong_command_changes_nothing_and_says_why(closed: Settings, words: tuple[str, ...]) -> None:
    """The sentence is on standard error, standard output stays empty, the exit code is not 0."""
    result = create_token(closed, *words)

    assert result.exit_code in (1, 2)
    assert result.stdout == ""
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr
    with opened(closed) as registry:
        assert registry.look("SELECT 1 FROM people") == []


def test_invite_prints_a_link_that_works(closed: Settings, portal: BlockingPortal) -> None:
    """One line: the registry's address and the secret, good for an account with the roles named."""
    result = run(closed, admin.app, "invite", "grace@example.com", "--roles", "MRC")

    found = re.fullmatch(r"http://127\.0\.0\.1:8000(/invitations/[\w-]{43})\n", result.stdout)
    assert (result.exit_code, found is not None) == (0, True)
    with opened(closed) as registry:
        page = Api(registry, portal).anonymous.get(found[1] if found else "")
    assert page.status_code == 200
    assert "grace@example.com" in page.text


def test_a_log_that_holds_is_ok(closed: Settings) -> None:
    """`audit verify` says OK with how much it checked; an event asked for holds too."""
    create_token(closed, "ada@example.com", "MRC")

    result = run(closed, audit.app, "verify", "--event", "1")

    assert result.exit_code == 0
    assert re.search(r"^event 1: holds\nOK: 9 events, 16 rows, root [0-9a-f]{64}$", result.stdout, re.MULTILINE)


def test_an_edited_event_is_named(closed: Settings) -> None:
    """One character changed while the server was down: the very event is named, and the exit code says so."""
    create_token(closed, "ada@example.com", "MRC")
    with opened(closed) as registry:
        registry.tamper("UPDATE audit_events SET body = replace(body, 'MRC', 'SRE') WHERE sequence = 7")

    result = run(closed, audit.app, "verify", "--event", "7")

    assert result.exit_code == 1
    assert "event 7: its text is not the one that was recorded; it was changed\n" in result.stdout
    assert "event 7: does not hold\n" in result.stdout
    assert result.stderr == "FAILED: 1 finding in 9 events.\n"


def test_an_edited_row_is_named(closed: Settings) -> None:
    """A role granted by SQL is found."""
    create_token(closed, "ada@example.com", "MRC")
    with opened(closed) as registry:
        registry.tamper("UPDATE role_grants SET role = 'ADMIN'")

    result = run(closed, audit.app, "verify")

    assert result.exit_code == 1
    assert "role_grants row 1: changed by hand since event 7 wrote it\n" in result.stdout


def test_reindex_check_names_what_differs_and_reindex_mends_it(
    closed: Settings,
) -> None:
    """Nothing is changed by the check, which ends with 1 until the index was written anew."""
    with opened(closed) as registry:
        model = Make(registry).model(name="churn")
    sound = run(closed, admin.app, "reindex", "--check")
    with opened(closed) as registry:
        registry.tamper("UPDATE search_texts SET description = 'nothing'")

    spoilt = run(closed, admin.app, "reindex", "--check")
    again = run(closed, admin.app, "reindex")
    mended = run(closed, admin.app, "reindex", "--check")

    said = "1 models: the search index is as it would be if it were written anew.\n"
    assert (sound.exit_code, sound.stdout) == (mended.exit_code, mended.stdout) == (0, said)
    assert (spoilt.exit_code, spoilt.stdout.splitlines()[0]) == (1, f"differs: {model.address}")
    assert "1 of 1 models differ. Run: modelkeep admin reindex\n" in spoilt.stderr
    assert (again.exit_code, again.stdout) == (0, "1 models and 0 versions indexed.\n")


def test_verifying_never_signs_a_head_that_does_not_hold(fresh_registry: Registry, fresh_make: Make) -> None:
    """A log rewritten together with its head is found by the checkpoint from before, not vouched for anew."""
    fresh_make.model()
    with fresh_registry.writing() as work:
        audit_service.sign_head(work)
    bodies = [row.body for row in fresh_registry.look("SELECT body FROM audit_events ORDER BY sequence")]
    n = next(number for number, body in enumerate(bodies) if '"riskTier":"LOW"' in body)
    bodies[n] = bodies[n].replace('"riskTier":"LOW"', '"riskTier":"MID"')
    bodies.append(bodies[0].replace('"sequence":0', f'"sequence":{len(bodies)}'))
    frontier = Frontier()
    for body in bodies:
        frontier = frontier.append(leaf_hash(body.encode()))
    columns = "at, action, actor, role, object_kind, object_id, outcome, request_id"
    last = {"n": len(bodies) - 1, "body": bodies[-1], "hash": leaf_hash(bodies[-1].encode())}
    fresh_registry.tamper("UPDATE audit_events SET body = :b WHERE sequence = :n", b=bodies[n], n=n)
    fresh_registry.tamper("UPDATE audit_leaves SET hash = :h WHERE sequence = :n", h=leaf_hash(bodies[n].encode()), n=n)
    fresh_registry.tamper(
        f"INSERT INTO audit_events (sequence, body, id, {columns})"
        f" SELECT :n, :body, 'x', {columns} FROM audit_events WHERE sequence = 0",
        n=last["n"], body=last["body"],
    )  # fmt: skip
    fresh_registry.tamper("INSERT INTO audit_leaves VALUES (:n, :hash)", n=last["n"], hash=last["hash"])
    fresh_registry.tamper("UPDATE audit_head SET size = :s, frontier = :f", s=frontier.size, f=frontier.to_bytes())

    told = [operations.verify_audit(fresh_registry.house, {}) for _ in range(2)]

    for answer in told:
        assert [f for f in answer["findings"] if "HISTORY REWRITTEN" in f["message"]]
    with fresh_registry.reading() as work:
        assert not verify.verify_log(work).ok


def test_a_folder_that_is_held_says_by_whom(registries: Registries, tmp_path: Path) -> None:
    """While another process is starting or stopping, the command waits for nothing and changes nothing."""
    with registries.template("sqlite").closed(tmp_path / "data") as settings, FolderLock(settings.data_dir):
        result = create_token(settings, "ada@example.com", "ADMIN")

    assert result.exit_code == 1
    assert re.search(r"in use by process \d+\. It is starting or stopping; try again", result.stderr)


def test_a_second_server_on_the_folder_is_refused(registries: Registries, tmp_path: Path) -> None:
    """Two processes on one SQLite database could corrupt it; the second says what to do."""
    with registries.template("sqlite").closed(tmp_path / "data") as settings, FolderLock(settings.data_dir):
        result = run(settings, serve.app, MODELKEEP_PORT="0")

    assert result.exit_code == 1
    assert re.search(r"in use by process \d+\. Stop it first, or name another folder", result.stderr)


@pytest.mark.parametrize("command", ["serve", "create-token"])
def test_without_its_key_a_registry_with_data_does_not_start(closed: Settings, tmp_path: Path, command: str) -> None:
    """It names the missing file and makes no new key, with which nothing could be read."""
    missing = str(tmp_path / "nowhere" / "key.json")
    words = ["create-token", "--user", "a@b.co", "--roles", "ADMIN"] if command == "create-token" else []

    result = run(closed, admin.app if words else serve.app, *words, MODELKEEP_KEY_FILE=missing, MODELKEEP_PORT="0")

    assert result.exit_code == 1
    assert "Put the key file back" in result.stderr
    assert missing in result.stderr
    assert not Path(missing).exists()


@pytest.mark.parametrize("spoil", ["of another registry", "damaged", "open to others", "inside the data"])
def test_a_key_that_is_not_right_is_refused_in_words(registries: Registries, tmp_path: Path, spoil: str) -> None:
    """Another registry's key, a damaged copy, one that others can read, one that lies beside what it opens."""
    with registries.template("sqlite").closed(tmp_path / "data") as settings:
        key = tmp_path / "key.json"
        text = (settings.key_file or Path()).read_text()
        if spoil == "of another registry":
            text = (registries.template("postgresql").folder.parent / "key.json").read_text()
        if spoil == "damaged":
            text = text.replace('"keys"', '"keyz"')
        if spoil == "inside the data":
            key = settings.data_dir / "key.json"
        key.write_text(text)
        key.chmod(0o644 if spoil == "open to others" else 0o600)

        result = run(settings, serve.app, MODELKEEP_KEY_FILE=str(key), MODELKEEP_PORT="0")

    assert result.exit_code == 1
    assert str(key) in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_an_address_that_others_reach_needs_a_proxy(tmp_path: Path, host: str) -> None:
    """Without TLS or `behind_proxy` the server does not start there, and touches nothing."""
    environment = {"MODELKEEP_HOST": host, "MODELKEEP_PORT": "0", "MODELKEEP_DATA_DIR": str(tmp_path / "data")}

    result = CliRunner().invoke(serve.app, [], env=environment)

    assert result.exit_code == 1
    assert "does not speak TLS itself" in result.stderr
    assert "MODELKEEP_BEHIND_PROXY=true" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODELKEEP_PORT", "x"),
        ("MODELKEEP_PORT", "70000"),
        ("MODELKEEP_PUBLIC_URL", "models.example.com"),
        ("MODELKEEP_CONNECTIONS", "1"),
        ("MODELKEEP_DATABASE_URL", "mysql://a/b"),
        ("MODELKEEP_STORAGE_URL", "gopher://x"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, name: str, value: str) -> None:
    """The sentence says which variable it is and what it may hold."""
    environment = {
        "MODELKEEP_DATA_DIR": str(tmp_path / "data"), "MODELKEEP_KEY_FILE": str(tmp_path / "key"),
        "MODELKEEP_PORT": "0", name: value,
    }  # fmt: skip

    result = CliRunner().invoke(serve.app, [], env=environment)

    assert result.exit_code == 1
    assert name in result.stderr
    assert "Traceback" not in result.stderr


def test_an_operator_of_a_new_folder_makes_the_registry(tmp_path: Path, portal: BlockingPortal) -> None:
    """The first command on an empty machine works: folder, schema, key and person are made."""
    environment = {"MODELKEEP_DATA_DIR": str(tmp_path / "data"), "MODELKEEP_KEY_FILE": str(tmp_path / "keys" / "key")}

    result = CliRunner().invoke(
        admin.app, ["create-token", "--user", "ada@example.com", "--roles", str(Role.ADMIN)], env=environment
    )

    assert TOKEN.fullmatch(result.stdout)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "data", tmp_path / "keys" / "key")}
    assert modes == {"data": "0o700", "key": "0o600"}
