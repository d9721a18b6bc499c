"""Examples do not rot: those of the README and of the API reference run against a registry as they are written."""

import json
import re
from pathlib import Path

import httpx2
import pytest

from modelkeep_server.features.help.guide import list_entries
from modelkeep_server.interfaces.reference.reading import Reference, Route, read_reference
from modelkeep_server.interfaces.reference.samples import STORY
from tests.docs.conftest import ROOT, Reader

WRITTEN_FOR = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Blocks that set up a machine; they begin with these words, and are proved by tests of their own or by every run.
SETS_UP = ("git clone", "export MODELKEEP_DATABASE_URL=", "pip install")
#: Routes that the client has no method for: tokens, teams and programs, which people make in the pages, moves, and
#: single pieces of proofs.
WITHOUT_PYTHON = {
    # What the example beside it tells in a word.
    "restore_search", "turn_alert_off",
    "create_token", "list_tokens", "revoke_token", "list_moves", "show_event", "show_body", "show_proof",
    "show_checkpoint", "download_bundle", "show_card_schema",
    "show_team", "create_team", "update_team", "end_team", "revive_team", "show_service_account",
    "create_service_account", "update_service_account", "end_service_account", "list_tokens_of_service",
    "create_token_of_service", "revoke_token_of_service", "list_jobs", "retry_job", "show_keys", "confirm_escrow",
    "show_storage", "check_storage", "list_waivers", "create_waiver", "end_waiver", "rescan_artifact",
    "start_device_login", "fetch_device_token",
    "show_user", "update_user", "grant_role", "end_role", "reset_user", "sign_user_out", "renew_invitation",
    "revoke_invitation", "confirm_role_request", "decline_role_request",
    "add_format", "end_format", "list_formats", "refer_to_image",
    "request_promotion", "show_promotion", "show_round_changes", "withdraw_promotion", "decide", "move_version",
    "hold_version", "lift_hold",
    "list_comments", "add_comment", "raise_finding", "settle_finding", "show_finding",
    "describe_uploads", "create_upload", "list_uploads", "get_upload", "find_offset", "continue_upload", "end_upload",
    "import_evaluation", "show_evaluation", "sign_evaluation", "create_suite", "show_suite", "update_suite",
    "list_suite_revisions",
    "create_environment", "show_environment", "update_environment", "end_environment", "record_deployment",
    "show_deployment", "roll_back",
    "create_policy", "update_policy", "try_policy", "enable_policy", "disable_policy", "confirm_policy",
    "decline_policy", "ask_exception", "show_exception", "grant_exception", "refuse_exception", "withdraw_exception",
    "end_exception",
    "attest_version", "show_lineage_item", "tell_lineage_owners",
    # OpenLineage's own client sends these.
    "receive_event", "receive_events",
}  # fmt: skip
#: Answers between two people: tests/client/test_sharing.py goes through them with both.
TAKES_TWO = {
    "ask_for_access", "show_access_request", "grant_access", "refuse_access", "withdraw_access_request",
}  # fmt: skip
#: Runs programs one after the other, each in a process of its own that has loaded the client already.
RUN_EACH = """
import json, os, runpy, sys
from modelkeep.client import Client
# What a first request loads is loaded once, not by each.
with Client() as registry:
    registry.me()
for number, example in enumerate(json.load(open("examples.json"))):
    child = os.fork()
    if child == 0:
        open(f"example-{number}.py", "w").write(example)
        runpy.run_path(f"example-{number}.py", run_name="__main__")
        sys.exit()
    if os.waitpid(child, 0)[1]:
        sys.exit(f"This example failed:\\n{example}")
"""
#: What ends the story comes after all else, in this order.
ENDS = ("transfer_model", "retire_model")
#: Routes whose example names an object by the story's id; it is found in the list at this address.
_PERSON, _LINK = f"/api/v1/users?q={STORY['email']}", "/api/v1/invitations"
FOUND_AT = {
    "update_incident": "/api/v1/incidents",
    **dict.fromkeys(("show_policy", "list_policy_revisions"), "/api/v1/policies"),
    "show_lineage_item": f"/api/v1/models/{STORY['model']}/versions/{STORY['version']}/lineage/items",
    "remove_lineage": f"/api/v1/models/{STORY['model']}/versions/{STORY['version']}/lineage/items",
    "show_evaluation": f"/api/v1/models/{STORY['model']}/versions/{STORY['version']}/evaluations",
    **dict.fromkeys(("show_team", "update_team", "end_team", "revive_team"), "/api/v1/teams"),
    **dict.fromkeys(("show_service_account", "list_tokens_of_service"), "/api/v1/service-accounts"),
    **dict.fromkeys(("show_user", "update_user", "grant_role", "end_role", "reset_user", "sign_user_out"), _PERSON),
    **dict.fromkeys(
        ("show_webhook", "update_webhook", "rotate_secret", "send_test", "list_deliveries", "end_webhook"),
        "/api/v1/webhooks",
    ),
    **dict.fromkeys(
        ("show_search", "update_search", "copy_search", "turn_alert_on", "delete_search"),
        "/api/v1/searches?whose=mine",
    ),
    **dict.fromkeys(("renew_invitation", "revoke_invitation"), _LINK),
}
#: Examples that succeed only after something else happened: a job failed, a person allowed a code, a second Admin is
#: asked, an upload is under way (tests/interfaces/api/tus/test_resumable_uploads.py goes through them).
IN_ITS_TIME = {
    # One was deleted before or was not, is shared or was taken down (tests/interfaces/api/test_searches.py).
    "restore_search", "turn_alert_off", "take_down_search", "allow_search",
    "retry_job", "fetch_device_token", "redeliver", "confirm_role_request", "decline_role_request",
    "create_upload", "get_upload", "find_offset", "continue_upload", "end_upload",
    # A file is BLOCKED or UNKNOWN, and the caller a Security Architect (tests/interfaces/api/test_waivers.py).
    "create_waiver", "end_waiver", "rescan_artifact",
    # Others asked or decided before (tests/features/promotion/test_life.py).
    "request_promotion", "show_promotion", "show_round_changes", "withdraw_promotion", "decide", "move_version",
    "hold_version", "lift_hold",
    "raise_finding", "settle_finding", "show_finding",
    # Somebody else did something (tests/features/inbox/test_notices.py).
    "mark_read",
    # The caller is a Security Architect or of MRC, or a change waits (tests/features/policies).
    "create_policy", "update_policy", "try_policy", "enable_policy", "disable_policy", "confirm_policy",
    "decline_policy", "ask_exception", "show_exception", "grant_exception", "refuse_exception", "withdraw_exception",
    "end_exception",
    # The caller is an SRE, and there is an environment (tests/interfaces/api/test_deployments.py).
    "create_environment", "show_environment", "update_environment", "end_environment", "record_deployment",
    "show_deployment", "roll_back",
    # Somebody else is asked first, and a version is in PRODUCTION (tests/features/promotion/test_additions.py).
    "end_approval_rule", "confirm_approval_rule_end", "decline_approval_rule_end", "attest_version",
    # There is a second version (the example in Python makes one).
    "compare_versions",
    # The caller is of MRC or a Security Architect (tests/interfaces/api/test_evaluations.py).
    "sign_evaluation", "create_suite", "show_suite", "update_suite", "list_suite_revisions",
    # A version was made from it before (tests/interfaces/api/test_lineage_graph.py).
    "tell_lineage_owners",
}  # fmt: skip
#: What is made of files and versions that were sent before.
COMES_LATER = {"create_bundle_link", "receive_event", "receive_events"}
#: What makes things stands before what reads them, and what takes them away comes last.
RANKS = {"POST": 0, "PUT": 0, "OPTIONS": 1, "GET": 1, "HEAD": 1, "PATCH": 2, "DELETE": 3}

GUIDE = ROOT / "docs" / "guide"
OTHERS = [
    path
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if path != ROOT / "README.md" and path.parent != GUIDE
]


def blocks_of(path: Path) -> list[tuple[str, str]]:
    """Language and text of every example on a page that a reader could run."""
    found = BLOCK.findall(path.read_text("utf-8"))
    return [(kind, text) for kind, text in found if kind in ("sh", "python") and not text.startswith(SETS_UP)]


def run_of(kind: str, text: str) -> str:
    """What runs an example in a terminal."""
    return text if kind == "sh" else f"python - <<'END'\n{text}END\n"


def routes_of(reference: Reference) -> list[Route]:
    """The routes so that each finds what it asks for."""
    routes = [route for noun in reference.nouns for route in noun.routes]
    story = [route for route in routes if route.id not in {*TAKES_TWO, *ENDS}]
    told = sorted(story, key=lambda route: (RANKS[route.method], route.id in COMES_LATER, len(route.path)))
    return told + sorted((route for route in routes if route.id in ENDS), key=lambda route: ENDS.index(route.id))


def test_the_readme_runs_from_top_to_bottom(reader: Reader) -> None:
    """Somebody who copies one block after the other, as they stand, succeeds at each."""
    parts = [
        run_of(kind, text.replace(WRITTEN_FOR, reader.running.url)) for kind, text in blocks_of(ROOT / "README.md")
    ]
    assert len(parts) > 6

    reader.run("\n".join(parts))

    fetched = [path.relative_to(reader.folder).as_posix() for path in (reader.folder / "models").rglob("*.safetensors")]
    assert sorted(fetched) == ["models/1.2.0/model.safetensors", "models/model.safetensors"]


def test_the_guides_commands_work_from_first_to_last(reader: Reader) -> None:
    """Whoever follows the guide in a terminal registers its example, adds a version, sends a file, fetches it again."""
    chapters = [GUIDE / f"{slug}.md" for slug, _ in list_entries(GUIDE)]
    examples = BLOCK.findall((GUIDE / "model-registration.md").read_text("utf-8"))
    (reader.folder / "model.json").write_text(next(text for kind, text in examples if kind == "json"), "utf-8")
    commands = [run_of(kind, text) for path in chapters for kind, text in blocks_of(path)]

    reader.run("\n".join(commands))

    assert len(commands) > 5
    assert (reader.folder / "models" / "model.safetensors").is_file()


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_other_pages_have_no_examples_that_nobody_runs(path: Path) -> None:
    """Whoever adds a block of shell or Python to another page sees here that it must be run too."""
    assert blocks_of(path) == []


@pytest.fixture
def reference(reader: Reader) -> Reference:
    """The reference as the running registry shows it."""
    return read_reference(httpx2.get(f"{reader.running.url}/api/v1/openapi.json").json(), reader.running.url)


def test_every_curl_example_of_the_api_reference_works(reader: Reader, reference: Reference) -> None:
    """Pasted into a shell that holds a token, each is answered with success."""
    reader.running.token("sam@company.com", "SRE")
    examples = {route.id: route.curl for route in routes_of(reference) if route.curl and route.id not in IN_ITS_TIME}

    reader.running.token(STORY["email"], "MODEL_OWNER")
    for name, example in examples.items():
        if name in FOUND_AT:
            headers = {"Authorization": f"Bearer {reader.environment['TOKEN']}"}
            found = httpx2.get(reader.running.url + FOUND_AT[name], headers=headers).json()["items"]
            example = example.replace(STORY["id"], found[0]["id"])
        reader.run(example)

    assert len(examples) > 15


def test_every_python_example_of_the_api_reference_works(reader: Reader, reference: Reference) -> None:
    """Each is a whole program that ends well, and none is written for a route that is not there."""
    reader.running.token("sam@company.com", "SRE")
    examples = [route.python for route in routes_of(reference) if route.python]

    (reader.folder / "examples.json").write_text(json.dumps(examples), "utf-8")
    reader.run(f"python - <<'END'\n{RUN_EACH}\nEND\n")

    assert {route.id for route in routes_of(reference) if not route.python} == WITHOUT_PYTHON
