"""Files on their way in by the browser: dropped, paused, cut off, gone on with after a reload, refused, looked at."""

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from modelkeep.client import Client
from tests.journeys.conftest import Visitor, enter, keep_picture, visit
from tests.support.running import RunningRegistry, running_registry
from tests.support.safetensors import make_safetensors

pytestmark = pytest.mark.browser

BASE = "/models/nlp-models/sentiment-bert/versions/1.0.0"
MB = 1_000_000

#: A valid safetensors file of one tensor, made in the page and dropped onto it, as a person would from their desktop.
DROP = """
([name, size, fill]) => {
  const tensor = {weight: {dtype: "U8", shape: [size], data_offsets: [0, size]}};
  const words = JSON.stringify(tensor);
  const header = new TextEncoder().encode(words.padEnd(Math.ceil(words.length / 8) * 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  const carried = new DataTransfer();
  carried.items.add(new File([length, header, new Uint8Array(size).fill(fill)], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.querySelector("main").dispatchEvent(
      new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: carried}));
}
"""


@pytest.fixture
def address(tmp_path: Path) -> dict[str, str]:
    """A port that the registry keeps when it is started again."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return {"MODELKEEP_PORT": str(one.getsockname()[1])}


def furnish(running: RunningRegistry) -> None:
    """A draft that takes files."""
    with Client(running.url, running.token("wim@company.com", "MODEL_OWNER")) as client:
        client.register_model(
            {
                "name": "sentiment-bert",
                "group": "nlp-models",
                "description": "Says whether a text is kind.",
                "owners": ["wim@company.com"],
                "riskTier": "LOW",
            }
        )
        client.create_version("nlp-models/sentiment-bert:1.0.0")


def open_panel(visitor: Visitor) -> None:
    """The Artifacts tab, once it takes files."""
    visitor.go(f"{BASE}/artifacts")
    expect(visitor.page.locator("[data-drop]")).to_be_visible()


def choose_before_the_script(visitor: Visitor, folder: Path) -> None:
    """Open the tab and choose a folder while its script is still on its way, as on a slow line."""
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    visitor.page.route("**/islands/artifacts.*", hold)
    visitor.page.goto(f"{visitor.url}{BASE}/artifacts", wait_until="commit")
    visitor.page.set_input_files("#folders", folder)
    for one in late:
        one.continue_()
    visitor.page.unroute("**/islands/artifacts.*")


def slow(visitor: Visitor, bytes_per_second: int) -> None:
    """Let the browser send no faster than this; -1 lifts it."""
    line = visitor.page.context.new_cdp_session(visitor.page)
    told = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    line.send("Network.emulateNetworkConditions", told)


def drop(visitor: Visitor, name: str, size_bytes: int, fill: int = 1) -> None:
    """Drop a file onto the page."""
    visitor.page.evaluate(DROP, [name, size_bytes, fill])


class Row:
    """A file in the upload panel."""

    def __init__(self, visitor: Visitor, name: str) -> None:
        self.place = visitor.page.locator("[data-upload-list] > li", has=visitor.page.get_by_text(name, exact=True))

    def press(self, label: str) -> None:
        """Press one of its buttons."""
        self.place.locator("button:visible", has_text=label).or_(
            self.place.locator(f"button[aria-label^='{label}']:visible")
        ).first.click()

    def says(self, words: str) -> None:
        """It comes to say this."""
        expect(self.place).to_contain_text(words, timeout=20_000)

    def has_sent(self, percent: int) -> None:
        """So much of it has left."""
        expect(self.place.locator("progress")).to_have_js_property("max", 100)
        self.place.page.wait_for_function(
            "([row, least]) => row.querySelector('progress').value > least",
            arg=[self.place.element_handle(), percent],
        )


def test_a_file_outlives_a_pause_a_restart_and_a_reload(
    chromium: Browser, tmp_path: Path, address: dict[str, str]
) -> None:
    """Dropped files are paused, wait out a server that restarts, go on after a reload, and agree with the registry."""
    with running_registry(tmp_path, **address) as served:
        furnish(served)
        visitor = visit(enter(chromium, served, "wim@company.com", "MODEL_OWNER"), served.url)
        visitor.page.on("dialog", lambda dialog: dialog.accept())
        open_panel(visitor)
        slow(visitor, 16 * MB)
        drop(visitor, "model.safetensors", 34 * MB)
        row = Row(visitor, "model.safetensors")
        row.has_sent(5)
        row.press("Pause")
        row.says("paused")
        keep_picture(visitor.page, "upload paused")
        row.press("Resume")
        row.has_sent(40)
        keep_picture(visitor.page, "upload under way")
    row.says("waiting for the connection")
    keep_picture(visitor.page, "upload waiting")
    with running_registry(tmp_path, **address):
        row.says("verified")
        drop(visitor, "other.safetensors", 24 * MB, 2)
        Row(visitor, "other.safetensors").has_sent(45)
        visitor.page.reload()
        expect(visitor.page.locator("[data-drop]")).to_be_visible()
        left = Row(visitor, "other.safetensors")
        left.says("Drop the same file here to go on")
        keep_picture(visitor.page, "upload unfinished")
        drop(visitor, "other.safetensors", 24 * MB, 3)
        left.says("This is another file of that name")
        drop(visitor, "other.safetensors", 24 * MB, 2)
        left.says("verified")
        expect(visitor.page.locator("#files-box")).to_contain_text("other.safetensors")
        keep_picture(visitor.page, "upload done")

    # A request that was cut may still be counted while the next one comes: 409, and the panel asks where to go on.
    assert [] == [said for said in visitor.complaints if "ERR_" not in said and "409" not in said]
    visitor.page.context.close()


def fill_from_files(visitor: Visitor) -> None:
    """What the files tell goes into the form, where they disagree by choice, and is kept once the form is saved."""
    page = visitor.page
    visitor.go(f"{BASE}/edit")
    visitor.fill(description="Typed before.")
    visitor.press("Fill all empty fields")
    expect(page.locator("[name='metadata.modelType']")).to_have_value("bert")
    expect(page.locator("[name='metadata.hyperparameters']")).to_have_value("")
    for field, file in (("Hyperparameters", "bert/config.json"), ("Framework", "bert/model.safetensors")):
        page.get_by_role("link", name=f"Use {field} from {file}", exact=True).click()
    expect(page.locator("[data-fill-says]")).to_contain_text("Nothing is kept before you save")
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        keep_picture(page, f"fill from files {scheme} {width}")
    visitor.press("Save")
    expect(page.locator("main .kv-two")).to_contain_text("pytorch")
    expect(page.locator("main")).to_contain_text("Typed before.")
    keep_picture(page, "filled version")


def test_a_folder_is_sent_and_read(chromium: Browser, served: RunningRegistry, tmp_path: Path) -> None:
    """A folder, chosen as the page loads, keeps its paths; a refused file says why; each file has a page of its own."""
    furnish(served)
    folder = tmp_path / "bert"
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "tokenizer" / "vocab.txt").write_text("[PAD]\n[UNK]\nkind\nunkind\n")
    (folder / "__init__.py").touch()
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 4, "transformers_version": "4.57.1"}')
    (folder / "model.safetensors").write_bytes(make_safetensors(30_000, format="pt", license="MIT"))
    (folder / "optimizer.pt").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    visitor = visit(enter(chromium, served, "wim@company.com", "MODEL_OWNER"), served.url)
    choose_before_the_script(visitor, folder)
    for name in ("tokenizer/vocab.txt", "__init__.py", "config.json", "model.safetensors"):
        Row(visitor, f"bert/{name}").says("verified")
    Row(visitor, "bert/optimizer.pt").says("Blocked")
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 8, "transformers_version": "4.57.1"}')
    visitor.page.set_input_files("#files", folder / "config.json")
    Row(visitor, "config.json").says("verified")
    (folder / "config.json").write_text('{"model_type": "bert", "hidden_size": 16, "transformers_version": "4.57.1"}')
    visitor.page.set_input_files("#files", folder / "config.json")
    expect(visitor.page.locator("[data-upload-list] .err:visible").last).to_contain_text("with other content")
    (folder / "labels.dat").write_text('{"0": "kind"}')
    visitor.page.set_input_files("#files", folder / "labels.dat")
    labels = Row(visitor, "labels.dat")
    labels.says("Send it as CONFIG or TOKENIZER.")
    labels.place.get_by_label("Type").select_option("CONFIG")
    labels.press("Retry")
    labels.says("verified")
    visitor.page.get_by_text("Refer to a container image").click()
    visitor.fill(reference="registry.company.com/serving/bert@sha256:" + "ab" * 32)
    visitor.press("Refer to it")
    expect(visitor.page.locator("#files-box")).to_contain_text("bert.image.json")
    keep_picture(visitor.page, "folder sent")
    visitor.page.get_by_role("link", name="model.safetensors").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("bert/model.safetensors")
    expect(visitor.page.locator(".verdict-box")).to_contain_text("Data only")
    visitor.page.locator("#tensors summary").click()
    expect(visitor.page.locator("#tensors")).to_contain_text("weight")
    visitor.press("Make a link")
    expect(visitor.page.locator("[data-line=curl] pre")).to_contain_text("curl -fL -C - -o 'model.safetensors'")
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)):
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.set_viewport_size({"width": width, "height": 900})
        keep_picture(visitor.page, f"artifact page {scheme} {width}")
    fill_from_files(visitor)

    assert [] == [said for said in visitor.complaints if "409" not in said and "415" not in said]
    visitor.page.context.close()
