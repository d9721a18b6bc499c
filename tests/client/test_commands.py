"""What each command promises, against a running registry."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from modelkeep.client import Client
from modelkeep.models import Version
from tests.client.conftest import Cli
from tests.support.safetensors import make_safetensors

GUIDE = {
    "name": "customer-churn-predictor",
    "group": "customer-analytics",
    "description": "XGBoost model to predict customer churn probability based on usage patterns and demographics.",
    "owners": ["data-team@company.com", "product-analytics@company.com"],
    "riskTier": "MEDIUM",
    "tags": ["churn", "xgboost", "customer-analytics", "production"],
}

pytestmark = pytest.mark.usefixtures("as_owner")


def test_the_guides_json_registers_a_model_and_its_sender_goes_on(cli: Cli, tmp_path: Path) -> None:
    """`models create --file` takes the guide's example as it stands; whoever sent it can create a version."""
    file = tmp_path / "model.json"
    file.write_text(json.dumps(GUIDE))

    made = cli("models", "create", "--file", str(file))
    version = cli("versions", "create", "customer-analytics/customer-churn-predictor:1.2.0", "--commit-sha", "7be41c9")

    assert (made.code, made.out) == (0, "customer-analytics/customer-churn-predictor\n")
    assert (version.code, version.out) == (0, "customer-analytics/customer-churn-predictor:1.2.0\n")
    shown = json.loads(cli("models", "show", "customer-analytics/customer-churn-predictor", "--json").out)
    assert {key: shown[key] for key in GUIDE} == GUIDE


def test_a_document_comes_from_standard_input_and_options_go_before_it(cli: Cli) -> None:
    """`--file -` reads standard input; the address and options replace what it says."""
    told = cli("models", "create", "piped/fraud", "--tier", "high", "--file", "-", "--json", stdin=json.dumps(GUIDE))

    made = json.loads(told.out)
    assert (made["group"], made["name"], made["riskTier"]) == ("piped", "fraud", "HIGH")


def test_fields_at_fault_are_named(cli: Cli) -> None:
    """A refused document names each field, what to do, and the request id, and standard output stays empty."""
    told = cli("models", "create", "wrong/thing", "--owner", "nobody", "--tier", "LOW", "--description", "x")

    assert (told.code, told.out) == (1, "")
    assert "owners" in told.err
    assert "to do: " in told.err
    assert "request id: " in told.err


def test_a_taken_name_is_a_refusal(cli: Cli, model: str) -> None:
    """A name that exists is refused with exit code 1."""
    told = cli("models", "create", model, "--owner", "a@company.com", "--tier", "LOW", "--description", "Again.")

    assert told.code == 1
    assert "error: " in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("models", "show", "no-slash"), "is not GROUP/NAME"),
        (("models", "create"), "GROUP/NAME"),
        (("upload", "a/b", "x", "--type", "WEIGHTS"), "is not GROUP/NAME:VERSION"),
        (("upload", "a/b:1.0.0", "x", "--type", "PICTURE"), "PICTURE"),
        (("nonsense",), "No such command"),
        (("models", "show", "a/\udced"), "no text in UTF-8"),
        (("search", "a\udced"), "no text in UTF-8"),
        (("deployments", "record", "a/b", "eu"), "'eu' is not GROUP/NAME:VERSION"),
    ],
)
def test_what_is_not_understood_ends_with_2(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    """Usage errors end with exit code 2 and say what was wrong."""
    told = cli(*arguments)

    assert told.code == 2
    assert words in told.err


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "line 1"), ("[]", "no object"), ("\ud800", "not text in UTF-8")],
    ids=["cut", "list", "bytes"],
)
def test_a_file_that_is_no_document_is_explained(cli: Cli, tmp_path: Path, text: str, words: str) -> None:
    """Broken JSON is refused here, with the place of the fault."""
    file = tmp_path / "model.json"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))

    told = cli("models", "create", "--file", str(file))

    assert told.code == 1
    assert words in told.err


def test_lists_are_tab_separated_in_a_pipe(cli: Cli, version: Version) -> None:
    """In a pipe `models list` prints a line a model without colours, fields between tabs."""
    told = cli("models", "list", "--group", "client-tests", "--limit", "200")

    rows = [line.split("\t") for line in told.out.splitlines()]
    assert [version.model, "LOW", "1.0.0 DRAFT"] == next(row[:3] for row in rows if row[0] == version.model)
    assert "\x1b" not in told.out


def test_no_word_is_cut_in_a_narrow_terminal(cli: Cli, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table would cut addresses and e-mails into pieces, each row stands by itself, its facts named."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)

    narrow = re.sub("\x1b\\[[0-9;]*m", "", cli("versions", "list", version.model).out)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    wide = re.sub("\x1b\\[[0-9;]*m", "", cli("versions", "list", version.model).out)

    assert "by olga@company.com   commit 7be41c9" in narrow
    assert max(map(len, narrow.splitlines())) <= 60
    assert wide.split()[:3] == ["version", "state", "complete"]


def test_a_query_that_cannot_be_read_is_pointed_at(cli: Cli) -> None:
    """`search` says what is wrong with a query, shows where, and what may have been meant."""
    told = cli("search", "模型 riskTier:HIHG x")
    alone = cli("search", "tag:")

    assert (told.code, told.out) == (1, "")
    assert told.err.splitlines()[1:4] == [
        "  模型 riskTier:HIHG x",
        "                ^^^^",
        "  Try: 模型 riskTier:HIGH x",
    ]
    assert alone.err.splitlines()[:4] == [
        "error: `tag:` needs a value, such as `tag:production`.",
        "  tag:",
        "  ^^^^",
        "  Try: tag:production",
    ]


def test_search_finds_by_words_and_filters(cli: Cli, model: str) -> None:
    """`search` gives models that match all words and filters, and an empty array for none."""
    name = model.partition("/")[2]

    found = json.loads(cli("search", name, "--group", "client-tests", "--tier", "low", "--json").out)
    none = cli("search", name, "--tier", "HIGH", "--json")

    assert model in [f"{entry['group']}/{entry['name']}" for entry in found]
    assert (none.code, json.loads(none.out)) == (0, [])


def test_a_version_is_created_from_a_file_and_shown(cli: Cli, model: str, tmp_path: Path) -> None:
    """`versions create --file` carries metadata, and `versions show` and `list` give it back."""
    file = tmp_path / "version.json"
    file.write_text(
        json.dumps({"version": "2.0.0-rc.1", "metadata": {"framework": "xgboost", "intendedUse": "Churn."}})
    )

    made = cli("versions", "create", model, "--file", str(file))
    shown = cli("versions", "show", f"{model}:2.0.0-rc.1")
    listed = json.loads(cli("versions", "list", model, "--json").out)

    assert (0, f"{model}:2.0.0-rc.1\n") == (made.code, made.out)
    assert "framework\txgboost" in shown.out
    assert [entry["version"] for entry in listed] == ["2.0.0-rc.1"]
    assert listed[0]["metadata"]["framework"] == "xgboost"


def test_a_model_is_edited_by_what_is_named(cli: Cli, model: str) -> None:
    """`models edit` changes what its options name; the empty text takes away; the rest stays."""
    cli("models", "edit", model, "--documentation-url", "https://wiki.company.com/churn", "--tag", "old")

    told = cli("models", "edit", model, "--tag", "churn", "--tag", "weekly", "--documentation-url", "")

    shown = json.loads(cli("models", "show", model, "--json").out)
    assert (told.code, told.out) == (0, f"{model}\n")
    assert (shown["tags"], shown["documentationUrl"], shown["revision"]) == (["churn", "weekly"], None, 3)
    assert shown["description"] == "Predicts churn."


def test_an_edit_of_what_somebody_else_edited_is_refused(cli: Cli, model: str) -> None:
    """With --revision a stale edit ends with 1 and names the fields that changed, and by whom."""
    cli("models", "edit", model, "--tag", "first")

    told = cli("models", "edit", model, "--tag", "second", "--revision", "1")

    assert told.code == 1
    assert "tags" in told.err
    assert "olga@company.com" in told.err


def test_a_version_is_edited_and_renumbered(cli: Cli, version: Version, tmp_path: Path) -> None:
    """`versions edit` merges metadata from a file and corrects the number."""
    file = tmp_path / "patch.json"
    file.write_text(json.dumps({"metadata": {"framework": "xgboost"}}))

    told = cli("versions", "edit", version.address, "--number", "1.0.1", "--file", str(file))

    shown = json.loads(cli("versions", "show", f"{version.model}:1.0.1", "--json").out)
    assert (told.code, told.out) == (0, f"{version.model}:1.0.1\n")
    assert shown["metadata"] == {"framework": "xgboost"}
    assert shown["commitSha"] == "7be41c9"


def test_empty_metadata_is_filled_from_files_after_asking(
    cli: Cli, client: Client, version: Version, tmp_path: Path
) -> None:
    """`versions fill` shows what files tell, asks, and fills what is empty; what stands there stays."""
    file = tmp_path / "model.safetensors"
    file.write_bytes(make_safetensors(format="pt", license="MIT", model_type="resnet50"))
    client.update_version(version.address, {"metadata": {"modelType": "resnet18"}})
    client.upload(version.address, file)

    header = client.get_header(f"{version.address}/model.safetensors")
    refused = cli("versions", "fill", version.address, stdin="n\n")
    filled = cli("versions", "fill", version.address, "--yes")
    again = cli("versions", "fill", version.address, "--json")

    assert (header.framework, header.parameters, header.tensors[0].shape) == ("pytorch", 1024, (1024,))
    assert (refused.code, filled.code, again.code) == (1, 0, 0), filled.err
    assert refused.out.splitlines()[:3] == [
        "framework\tpytorch\tmodel.safetensors\t\tfill",
        "modelType\tresnet50\tmodel.safetensors\tresnet18\tchoose",
        "card.license\tMIT\tmodel.safetensors\t\tfill",
    ]
    assert "Fill framework, card.license of" in refused.err
    expected = {"framework": "pytorch", "modelType": "resnet18", "card": {"license": "MIT"}}
    assert json.loads(again.out)["metadata"] == expected
    assert [one.field for one in client.list_suggestions(version.address)] == ["modelType"]


def test_an_edit_of_nothing_is_a_usage_error(cli: Cli, model: str) -> None:
    """Without an option or a file there is nothing to change."""
    told = cli("models", "edit", model)

    assert told.code == 2
    assert "Name what to change" in told.err


def test_a_file_is_removed_after_asking(cli: Cli, version: Version, weights: Path) -> None:
    """`versions remove-artifact` asks first; anything but yes leaves the file."""
    cli("upload", version.address, str(weights), "--type", "weights")
    file = f"{version.address}/model.safetensors"

    refused = cli("versions", "remove-artifact", file, stdin="n\n")
    removed = cli("versions", "remove-artifact", file, "--yes")

    again = cli("versions", "remove-artifact", file, "--yes")
    assert (refused.code, removed.code, again.code) == (1, 0, 1)
    assert "no file" in again.err


def test_a_file_goes_up_and_comes_down_verified(cli: Cli, version: Version, weights: Path, tmp_path: Path) -> None:
    """What `upload` sent, `download` brings back bit by bit; both print what `sha256sum -c` reads."""
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()

    sent = cli("upload", version.address, str(weights), "--type", "weights")
    fetched = cli("download", version.address, "--to", str(tmp_path / "there"))
    again = cli("download", version.address, "--to", str(tmp_path / "there"), "--json")

    assert (0, f"{sha256}  model.safetensors\n") == (sent.code, sent.out)
    assert (0, f"{sha256}  model.safetensors\n") == (fetched.code, fetched.out)
    assert weights.read_bytes() == (tmp_path / "there" / "model.safetensors").read_bytes()
    assert [entry["wasThere"] for entry in json.loads(again.out)["items"]] == [True]


def test_one_file_has_a_path_of_its_own(cli: Cli, version: Version, tmp_path: Path) -> None:
    """With a path in the address, one file goes there and is fetched from there, folders and all."""
    file = tmp_path / "v.json"
    file.write_text('{"a": 1}')

    sent = cli("upload", f"{version.address}/tokenizer/vocab.json", str(file), "--type", "TOKENIZER", "--json")
    fetched = cli("download", f"{version.address}/tokenizer/vocab.json", "--to", str(tmp_path / "there"))

    assert [entry["path"] for entry in json.loads(sent.out)] == ["tokenizer/vocab.json"]
    assert fetched.code == 0
    assert (tmp_path / "there" / "tokenizer" / "vocab.json").read_text() == '{"a": 1}'


def test_files_that_are_not_there_are_explained(cli: Cli, version: Version, tmp_path: Path) -> None:
    """A missing file here, a missing file there, and an empty version each say so."""
    assert "cannot be read" in cli("upload", version.address, str(tmp_path / "none"), "--type", "WEIGHTS").err
    assert "no file to send" in cli("upload", version.address, str(tmp_path), "--type", "WEIGHTS").err
    assert "has no files yet" in cli("download", version.address, "--to", str(tmp_path)).err
    assert "has no file 'x.bin'" in cli("download", f"{version.address}/x.bin", "--to", str(tmp_path)).err


def test_an_auditor_reads_the_events_of_a_version(
    cli: Cli, version: Version, auditor_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`events --object` shows who did what to it, for those who may read the log."""
    refused = cli("events")
    monkeypatch.setenv("MODELKEEP_TOKEN", auditor_token)

    told = json.loads(cli("events", "--object", version.address, "--json").out)
    shown = cli("events", "--object", version.address, "--action", "version.create")

    assert (refused.code, refused.out) == (1, "")
    assert "request id: " in refused.err
    assert "version.create" in [event["action"] for event in told]
    assert "olga@company.com\tversion.create" in shown.out


def test_activity_says_who_did_what(cli: Cli, version: Version, model: str) -> None:
    """`activity` tells of a model and its versions, of one version, or of all; `--json` gives every field."""
    told = cli("activity", model)
    of_version = cli("activity", version.address, "--json")
    of_all = cli("activity", "--limit", "1")

    assert told.code == 0
    assert f"created version\t{version.address}" in told.out
    assert f"registered\t{model}" in told.out
    assert f"created version\t{version.address}" in of_all.out
    (item,) = json.loads(of_version.out)
    assert (item["says"], item["by"], item["object"]["address"]) == (
        "created version",
        "olga@company.com",
        version.address,
    )


def test_an_auditor_takes_events_out_into_a_file(
    cli: Cli, version: Version, auditor_token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`events --export` writes every event that matches: CSV, or JSON Lines by the file's name; a refusal no file."""
    refused = cli("events", "--export", str(tmp_path / "refused.csv"))
    monkeypatch.setenv("MODELKEEP_TOKEN", auditor_token)
    asked = ("events", "--object", version.address, "--action", "version.*")

    as_csv = cli(*asked, "--export", str(tmp_path / "events.csv"))
    as_lines = cli(*asked, "--export", str(tmp_path / "events.jsonl"))
    listed = json.loads(cli(*asked, "--json").out)

    written = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert (refused.code, as_csv.code, as_lines.code) == (1, 0, 0)
    assert written == listed
    assert "version.create" in (tmp_path / "events.csv").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "events.jsonl"]


def test_events_are_found_by_whatever_one_pastes(
    cli: Cli, version: Version, auditor_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`events TEXT` takes an address, a role narrows it, and a wrong one is told."""
    monkeypatch.setenv("MODELKEEP_TOKEN", auditor_token)

    found = cli("events", version.address, "--role", "model_owner")
    wrong = cli("events", "--role", "king")

    assert "version.create" in found.out
    assert (wrong.code, "Choose one of" in wrong.err) == (1, True)


def test_an_export_that_cannot_be_written_says_so(
    cli: Cli, auditor_token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder that is not there is named; `--format` without a file is told what it is for."""
    monkeypatch.setenv("MODELKEEP_TOKEN", auditor_token)

    nowhere = cli("events", "--export", str(tmp_path / "none" / "events.csv"))
    alone = cli("events", "--format", "csv")

    assert (nowhere.code, "cannot be written" in nowhere.err) == (1, True)
    assert (alone.code, "--export" in alone.err) == (2, True)


def test_a_version_begins_from_another_and_both_are_compared(cli: Cli, version: Version, weights: Path) -> None:
    """`versions create --from --take-all` takes metadata and files along; `versions compare` tells what differs."""
    model = version.model
    cli("upload", version.address, str(weights))
    cli("versions", "edit", version.address, "--set", "framework=jax", "--set", "frameworkVersion=1.0")

    made = cli(
        "versions", "create", f"{model}:9.0.0", "--from", version.version, "--take-all", "--set", "framework=flax"
    )
    compared = cli("versions", "compare", version.address, "9.0.0")
    told = json.loads(cli("versions", "compare", version.address, f"{model}:9.0.0", "--json").out)
    wrong = cli("versions", "compare", version.address, "other/model:1.0.0")

    assert (0, f"{model}:9.0.0\n") == (made.code, made.out)
    assert "CHANGED\tframework\tjax\tflax" in compared.out.splitlines()
    assert ["SAME"] == [file["change"] for file in told["artifacts"]]
    assert (2, "") == (wrong.code, wrong.out)
