"""Takes the pictures of the README: make pictures

Starts a registry on a fresh folder, fills it with a small company, and photographs its pages in both themes into
docs/images/. Needs Chromium, as the tests do.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from company import SHOWN, furnish
from playwright.sync_api import Browser, CDPSession, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
COMMAND = Path(sys.executable).with_name("modelkeep")
PAGES = {
    "dashboard": "/",
    "catalogue": "/models?q=riskTier:%3E%3DMEDIUM+-tag:bert",
    "version": SHOWN,
    "audit": "/audit",
}
WIDTH, HEIGHT = 1280, 800
#: Pixels of the picture for one of the page.
SCALE = 1.5
QUALITIES = (85, 75, 60, 45)
CAP_BYTES = 150_000


@contextmanager
def serve(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A registry that answers: its address, and the environment in which commands find it."""
    own = {"DATA_DIR": str(folder / "data"), "KEY_FILE": str(folder / "key"), "PORT": "0"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MODELKEEP_")}
    environment = {**inherited, **{f"MODELKEEP_{name}": value for name, value in own.items()}}
    process = subprocess.Popen([COMMAND, "serve"], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if "http" not in line:
            raise RuntimeError(f"The registry did not start: {line}")
        yield line[line.index("http") :].strip(), environment
    finally:
        process.terminate()
        process.communicate()


def photograph(browser: Browser, url: str, session: str, theme: str) -> None:
    """Every page in one theme, as WebP."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.add_cookies([{"name": "mk-session", "value": session, "url": url}])
    page = context.new_page()
    # The first search of a server loads what all later ones find loaded, and the page says how long it took.
    page.goto(url + PAGES["catalogue"])
    for name, path in PAGES.items():
        page.goto(url + path)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        picture = _capture(context.new_cdp_session(page))
        (IMAGES / f"{name}-{theme}.webp").write_bytes(picture)
        print(f"docs/images/{name}-{theme}.webp  {len(picture):,} bytes")
    context.close()


def _capture(session: CDPSession) -> bytes:
    """What is seen, as WebP of the best quality that stays under the cap."""
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": SCALE}
    for quality in QUALITIES:
        taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality, "clip": clip})
        picture = b64decode(taken["data"])
        if len(picture) <= CAP_BYTES:
            return picture
    raise RuntimeError(f"A picture stays over {CAP_BYTES:,} bytes.")


def main() -> None:
    """Take all pictures."""
    chromium = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit("The pictures need Chromium: apt-get install chromium")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="modelkeep-pictures-") as made, serve(Path(made)) as (url, environment):

        def operate(*arguments: str) -> str:
            done = subprocess.run([COMMAND, *arguments], env=environment, check=True, capture_output=True, text=True)
            return done.stdout.strip()

        session = furnish(url, operate)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for theme in ("light", "dark"):
                photograph(browser, url, session, theme)
            browser.close()


if __name__ == "__main__":
    main()
